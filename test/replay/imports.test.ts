import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { ReplayRequest } from '../../gateway-core/protocol/replay-request.ts'
import { importRequests } from '../../gateway-core/replay/import/import.ts'

const read = (text: string, name = 'pasted') => importRequests(text, { name })
const told = (text: string, name?: string) =>
  read(text, name).problems.map(({ what, line }) => (line === undefined ? what : `${line}: ${what}`))
const headersOf = ({ headers }: ReplayRequest) => headers.map(({ name, value }) => `${name}: ${value}`)
const textOf = ({ body }: ReplayRequest) => (body?.kind === 'text' ? body.text : body)

describe('a .http file', () => {
  it('is read with names, variables, queries over lines and bodies from files', () => {
    const text = `@base = http://h
@id=7

### First one
# a comment
// @no-log
GET {{base}}/books/{{id}}
  ?page=1
  &size=2
Accept: */*

###
# @name second
# @timeout 5
POST /books HTTP/1.1
Content-Type: application/json
# X-Off: 1

{
  "a": 1
}

### third

< ./cover.png
`
    const { requests, variables, problems } = read(text, 'a.http')
    expect(problems.map(({ line, what }) => `${line}: ${what}`)).toEqual([
      '25: the script before the request is not taken',
    ])
    expect([...variables]).toEqual([
      ['base', 'http://h'],
      ['id', '7'],
    ])
    expect(requests.map(({ name, request: { method, url } }) => [name, method, url])).toEqual([
      ['First one', 'GET', '{{base}}/books/{{id}}?page=1&size=2'],
      ['second', 'POST', '/books'],
    ])
    expect(requests[1]!.request).toMatchObject({
      headers: [
        { name: 'Content-Type', value: 'application/json' },
        { name: 'X-Off', value: '1', off: true },
      ],
      body: { kind: 'text', text: '{\n  "a": 1\n}' },
      settings: { timeoutMs: 5000 },
    })
  })

  it('names scripts, lines that are none, and directives that nobody knows', () => {
    const text = 'GET /a b c\n###\n# @magic\n< {%\n x\n%}\nGET /\nnonsense\n\n> {%\n client.test()\n%}\n'
    expect(told(text, 'a.http')).toEqual([
      '1: this is no request line',
      '3: @magic is not known, and not taken',
      '4: the script before the request is not taken',
      '8: this is no header line',
      '10: the script after the request is not taken',
    ])
  })

  it('is nothing without a request', () => {
    expect(told('', 'a.http')).toEqual(['it holds no request'])
  })
})

describe('a Postman collection', () => {
  const collection = {
    info: { name: 'Shop', schema: 'https://schema.getpostman.com/json/collection/v2.1.0/collection.json' },
    variable: [{ key: 'base', value: 'http://h' }],
    auth: { type: 'bearer', bearer: [{ key: 'token', value: '{{token}}' }] },
    event: [{ listen: 'prerequest', script: { exec: ['pm.environment.set("x", 1)'] } }],
    item: [
      {
        name: 'Books',
        item: [
          {
            name: 'one',
            event: [
              { listen: 'test', script: { exec: ['pm.test("ok")'] } },
              { listen: 'test', script: { exec: [''] } },
            ],
            request: {
              method: 'GET',
              header: [
                { key: 'A', value: 'b' },
                { key: 'Off', value: '1', disabled: true },
              ],
              url: { raw: '{{base}}/books/:id?x=1', variable: [{ key: 'id', value: '3' }] },
            },
          },
          {
            name: 'form',
            request: {
              auth: {
                type: 'apikey',
                apikey: [
                  { key: 'key', value: 'X-Key' },
                  { key: 'value', value: 'k' },
                ],
              },
              method: 'POST',
              url: 'http://h/form',
              body: {
                mode: 'urlencoded',
                urlencoded: [
                  { key: 'a b', value: '{{v}}&' },
                  { key: 'no', value: '', disabled: true },
                ],
              },
            },
          },
        ],
      },
      {
        name: 'raw',
        request: {
          auth: { type: 'noauth' },
          method: 'put',
          url: { host: ['h'], path: ['a', 'b'], protocol: 'https' },
          body: { mode: 'raw', raw: '{}', options: { raw: { language: 'json' } } },
        },
      },
      { name: 'strange', request: { url: 'http://h', auth: { type: 'ntlm', ntlm: [] }, body: { mode: 'smoke' } } },
      { name: 'nothing' },
    ],
  }

  it('is read with folders, variables, authorization and bodies', () => {
    const { requests, variables, kind } = read(JSON.stringify(collection))
    expect(kind).toBe('postman')
    expect([...variables]).toEqual([
      ['base', 'http://h'],
      ['id', '3'],
    ])
    expect(
      requests.map(({ name, request }) => [name, request.method, request.url, headersOf(request), textOf(request)]),
    ).toEqual([
      ['Books / one', 'GET', '{{base}}/books/{{id}}?x=1', ['Authorization: Bearer {{token}}', 'A: b', 'Off: 1'], null],
      [
        'Books / form',
        'POST',
        'http://h/form',
        ['X-Key: k', 'Content-Type: application/x-www-form-urlencoded'],
        'a%20b={{v}}%26',
      ],
      ['raw', 'PUT', 'https://h/a/b', ['Content-Type: application/json'], '{}'],
      ['strange', 'GET', 'http://h', [], null],
    ])
  })

  it('names what is not taken', () => {
    expect(told(JSON.stringify(collection))).toEqual([
      'the pre-request script of "the collection" is not taken',
      'the test script of "Books / one" is not taken',
      'the body of "strange" has the mode "smoke", which is not taken',
      'the authorization "ntlm" of "strange" is not taken',
      '"nothing" has no request, and is left out',
    ])
  })
})

describe('other texts', () => {
  it('a HAR is read, and entries that are none are named', () => {
    const entries = [
      {
        request: {
          method: 'POST',
          url: 'https://h/a?b',
          headers: [
            { name: 'A', value: 'b' },
            { name: ':path', value: '/' },
          ],
          postData: { text: 'x=1' },
        },
      },
      { request: { method: 'GET', url: 'ftp://h' } },
      null,
    ]
    const { requests, problems } = read(JSON.stringify({ log: { entries } }))
    expect(requests.map(({ request }) => [request.method, request.url, headersOf(request), textOf(request)])).toEqual([
      ['POST', 'https://h/a?b', ['Host: h', 'A: b'], 'x=1'],
    ])
    expect(problems.map(({ what }) => what)).toEqual([
      expect.stringMatching(/^entry 2 is left out/),
      expect.stringMatching(/^entry 3 is left out/),
    ])
  })

  it('of an OpenAPI document each operation is filled', () => {
    const file = join(import.meta.dirname, '../../samples/bookshop/openapi/books.yaml')
    const { requests, kind, problems } = importRequests(readFileSync(file, 'utf8'), { name: 'books.yaml' })
    expect([kind, problems]).toEqual(['openapi', []])
    expect(requests.length).toBeGreaterThan(10)
    for (const { request } of requests) {
      expect(request.url).not.toMatch(/[{}]/)
      if (request.body?.kind === 'text' && headersOf(request).some((line) => line.includes('json')))
        JSON.parse(request.body.text)
    }
  })

  it.each([
    ['{"log": [}', '1: this is no JSON'],
    ['{"a":\n1,,}', '2: this is no JSON'],
    ['{"a": 1}', 'nobody knows what this JSON is'],
    ['{"log": {}}', 'it has no list log.entries'],
  ])('%s is named: %s', (text, expected) => {
    expect(told(text)[0]).toContain(expected)
  })

  it('never break, whatever is pasted', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string({ unit: 'binary', maxLength: 200 }),
          fc.string({ maxLength: 100 }).map((text) => `curl ${text}`),
          fc.jsonValue().map((value) => JSON.stringify({ item: value, log: value })),
          fc.jsonValue().map((value) => JSON.stringify({ item: [{ request: value, event: value, auth: value }] })),
        ),
        fc.constantFrom('pasted', 'a.http', 'a.sh', 'a.yaml'),
        (text, name) => {
          expect(read(text, name).problems).toBeInstanceOf(Array)
        },
      ),
      { numRuns: 1500 },
    )
  })
})

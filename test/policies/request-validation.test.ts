import { readFileSync } from 'node:fs'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { loadOpenApi } from '../../gateway-core/openapi/load.ts'
import { requestValidation } from '../../gateway-core/policies/request-validation/request-validation.ts'
import { judgeWith, loadPolicies, type Given } from './harness.ts'

const text = `
openapi: 3.1.0
info: { title: Books, version: '1' }
servers: [{ url: 'https://api.example/v1' }]
components:
  securitySchemes: { key: { type: apiKey, in: query, name: api_key } }
  parameters:
    Limit: { name: limit, in: query, schema: { type: integer, minimum: 1, maximum: 100 } }
  schemas:
    Base: { type: object, required: [id, title], properties: { id: { type: integer, readOnly: true }, title: { type: string, minLength: 1 } } }
    Book:
      allOf:
        - { $ref: '#/components/schemas/Base' }
        - type: object
          properties:
            price: { type: number, minimum: 0 }
            tags: { type: array, items: { type: string }, uniqueItems: true }
            meta: { type: object, additionalProperties: { type: string } }
            author: { $ref: '#/components/schemas/Author' }
            password: { type: string, minLength: 20 }
    Author: { type: object, properties: { name: { type: string }, mentor: { $ref: '#/components/schemas/Author' } } }
    Cat: { type: object, required: [kind], properties: { kind: { type: string }, lives: { type: integer } } }
    Dog: { type: object, required: [kind], properties: { kind: { type: string }, barks: { type: boolean } } }
paths:
  /books:
    get:
      parameters:
        - $ref: '#/components/parameters/Limit'
        - { name: tag, in: query, schema: { type: array, items: { type: string, enum: [new, old] } } }
        - { name: ids, in: query, style: form, explode: false, schema: { type: array, items: { type: integer } } }
        - { name: price, in: query, style: deepObject, schema: { type: object, properties: { min: { type: integer }, max: { type: integer } } } }
        - { name: filter, in: query, content: { application/json: { schema: { type: object, properties: { a: { type: integer } } } } } }
        - { name: X-Trace, in: header, schema: { type: string, format: uuid } }
        - { name: theme, in: cookie, schema: { enum: [dark, light] } }
    post:
      requestBody: { required: true, content: { application/json: { schema: { $ref: '#/components/schemas/Book' } } } }
  /books/{id}:
    get: { parameters: [{ name: id, in: path, required: true, schema: { type: integer, minimum: 1 } }], deprecated: true }
    put:
      parameters: [{ name: id, in: path, required: true, schema: { type: integer } }]
      requestBody: { content: { 'application/json; v=2': { schema: { type: object } }, 'text/*': {}, application/xml: {} } }
  /books/latest: { get: {} }
  /colors/{color}: { get: { parameters: [{ name: color, in: path, required: true, style: matrix, schema: { type: array, items: { type: string } } }] } }
  /pets:
    post:
      requestBody:
        content:
          application/json:
            schema: { oneOf: [{ $ref: '#/components/schemas/Cat' }, { $ref: '#/components/schemas/Dog' }], discriminator: { propertyName: kind, mapping: { cat: '#/components/schemas/Cat', dog: '#/components/schemas/Dog' } } }
  /forms:
    post:
      requestBody:
        required: true
        content:
          application/x-www-form-urlencoded: { schema: { type: object, required: [age], properties: { age: { type: integer }, tags: { type: array, items: { type: string } } } } }
          multipart/form-data:
            schema: { type: object, required: [age], properties: { age: { type: integer }, photo: { type: string, format: binary }, more: { type: object, properties: { a: { type: integer } } } } }
            encoding: { photo: { contentType: 'image/png, image/jpeg' } }
`
const reading = loadOpenApi(text, 'books.yaml', () => undefined)
const openapi = reading.document as Record<string, unknown>

const get = (url: string, headers: Record<string, string> = {}): Given => ({ openapi, request: { url, headers } })
const send = (method: string, url: string, body: string | object, type = 'application/json'): Given => ({
  openapi,
  request: {
    method,
    url,
    headers: { 'content-type': type },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  },
})

async function judge(given: Given, config: object = {}) {
  const result = await judgeWith({ 'request-validation': config }, given)
  const errors = result.trace.filter((entry) => entry.verdict === 'error')
  expect(errors).toEqual([])
  return result
}

describe('the document', () => {
  test('loads without problems', () => expect(reading.problems).toEqual([]))
})

describe('what the document describes passes', () => {
  const cases: [string, Given][] = [
    ['a query', get('/books?limit=5&tag=new&tag=old&ids=1,2,3')],
    ['the base path of the server', get('/v1/books?limit=5')],
    ['an empty query', get('/books')],
    ['deep objects', get('/books?price[min]=1&price[max]=2')],
    ['JSON in a parameter', get(`/books?filter=${encodeURIComponent('{"a":1}')}`)],
    ['the key of a security scheme', get('/books?api_key=abc')],
    [
      'headers and cookies',
      get('/books', { 'x-trace': '123e4567-e89b-42d3-a456-426614174000', cookie: 'a=b; theme=dark' }),
    ],
    ['a concrete path before a templated one', get('/books/latest')],
    ['a matrix parameter', get('/colors/;color=red,blue')],
    ['HEAD where GET is', { openapi, request: { method: 'HEAD', url: '/books' } }],
    [
      'a body with parts from allOf',
      send('POST', '/books', {
        title: 'x',
        price: 1,
        tags: ['a'],
        meta: { any: 'thing' },
        author: { name: 'n', mentor: { name: 'm' } },
      }),
    ],
    ['an alternative', send('POST', '/pets', { kind: 'cat', lives: 9 })],
    ['a free-form body', send('PUT', '/books/1', { anything: { goes: 1 } }, 'application/json; v=2')],
    ['a media range', send('PUT', '/books/1', 'hello', 'text/plain; charset=utf-8')],
    ['XML as it is', send('PUT', '/books/1', '<a>', 'application/xml')],
    ['a form', send('POST', '/forms', 'age=5&tags=a&tags=b', 'application/x-www-form-urlencoded')],
    [
      'a multipart form',
      send(
        'POST',
        '/forms',
        multipart([
          ['age', '5'],
          ['photo', 'PNG', 'image/png'],
          ['more', '{"a":1}', 'application/json'],
        ]),
        'multipart/form-data; boundary=XX',
      ),
    ],
    [
      'a preflight',
      {
        openapi,
        request: {
          method: 'OPTIONS',
          url: '/books',
          headers: { origin: 'https://a', 'access-control-request-method': 'POST' },
        },
      },
    ],
  ]
  test.each(cases)('%s', async (_name, given) => {
    const { verdict, evidence } = await judge(given)
    expect({ verdict, evidence }).toEqual({ verdict: 'pass', evidence: [] })
  })
})

describe('what it does not describe is denied, saying where, what was seen and what was wanted', () => {
  const cases: [string, Given, string, object][] = [
    ['no such path', get('/nope'), 'OPERATION_UNDOCUMENTED', { observed: 'GET /nope' }],
    [
      'no such method',
      { openapi, request: { method: 'DELETE', url: '/books' } },
      'METHOD_UNDOCUMENTED',
      { expected: 'GET or POST or HEAD at /books' },
    ],
    [
      'a number out of range',
      get('/books?limit=500'),
      'PARAMETER_INVALID',
      {
        at: { in: 'query', name: 'limit' },
        observed: '500',
        expected: 'integer ≥ 1 and ≤ 100 (schema /components/parameters/Limit/schema)',
      },
    ],
    ['no number', get('/books?limit=1e1'), 'PARAMETER_INVALID', { observed: '1e1' }],
    ['one value twice', get('/books?limit=1&limit=2'), 'PARAMETER_INVALID', { observed: '1 and 2' }],
    [
      'an item not in the list',
      get('/books?tag=new&tag=odd'),
      'PARAMETER_INVALID',
      { at: { in: 'query', name: 'tag' } },
    ],
    [
      'an undocumented query',
      get('/books?debug=1'),
      'PARAMETER_UNKNOWN',
      { at: { in: 'query', name: 'debug' }, observed: '1' },
    ],
    ['an unknown part of a deep object', get('/books?price[mid]=1'), 'PARAMETER_INVALID', {}],
    ['bad JSON in a parameter', get('/books?filter={'), 'PARAMETER_INVALID', { expected: 'JSON' }],
    [
      'a header that is no uuid',
      get('/books', { 'x-trace': 'nope' }),
      'PARAMETER_INVALID',
      { at: { in: 'header', name: 'x-trace' } },
    ],
    [
      'a cookie',
      get('/books', { cookie: 'theme=blue' }),
      'PARAMETER_INVALID',
      { at: { in: 'cookie', name: 'theme' }, observed: 'blue' },
    ],
    ['a path parameter', get('/books/0'), 'PARAMETER_INVALID', { at: { in: 'path', name: 'id' } }],
    ['no body', { openapi, request: { method: 'POST', url: '/books' } }, 'BODY_MISSING', {}],
    [
      'a body that nobody asked for',
      { openapi, request: { method: 'GET', url: '/books', body: 'x' } },
      'CONTENT_TYPE_NOT_ALLOWED',
      {},
    ],
    [
      'the wrong content type',
      send('POST', '/books', 'x', 'text/plain'),
      'CONTENT_TYPE_NOT_ALLOWED',
      { observed: 'text/plain', expected: 'application/json' },
    ],
    [
      'another charset',
      send('POST', '/books', '{}', 'application/json; charset=utf-16'),
      'CONTENT_TYPE_NOT_ALLOWED',
      {},
    ],
    ['not JSON', send('POST', '/books', '{"a"'), 'BODY_MALFORMED', { observed: 'not JSON at character 4' }],
    [
      'a name twice',
      send('POST', '/books', '{"title":"a","title":"b"}'),
      'BODY_MALFORMED',
      { observed: 'name "title" twice in one object' },
    ],
    [
      'deep nesting',
      send('PUT', '/books/1', '['.repeat(5000) + ']'.repeat(5000), 'application/json; v=2'),
      'BODY_MALFORMED',
      {},
    ],
    [
      'a missing property',
      send('POST', '/books', {}),
      'BODY_INVALID',
      { at: { in: 'body', pointer: '/title' }, observed: 'nothing' },
    ],
    [
      'a negative price',
      send('POST', '/books', { title: 'x', price: -1 }),
      'BODY_INVALID',
      {
        at: { in: 'body', pointer: '/price' },
        observed: -1,
        expected: 'number ≥ 0 (schema /components/schemas/Book/allOf/1/properties/price)',
      },
    ],
    [
      'equal items',
      send('POST', '/books', { title: 'x', tags: ['a', 'a'] }),
      'BODY_INVALID',
      { expected: 'items that all differ (schema /components/schemas/Book/allOf/1/properties/tags)' },
    ],
    [
      'an unknown property',
      send('POST', '/books', { title: 'x', isAdmin: true }),
      'BODY_UNKNOWN_PROPERTY',
      { at: { in: 'body', pointer: '/isAdmin' }, observed: true },
    ],
    [
      'an unknown property deep inside',
      send('POST', '/books', { title: 'x', author: { mentor: { role: 'a' } } }),
      'BODY_UNKNOWN_PROPERTY',
      { at: { in: 'body', pointer: '/author/mentor/role' } },
    ],
    [
      'a property of another alternative',
      send('POST', '/pets', { kind: 'cat', barks: true }),
      'BODY_UNKNOWN_PROPERTY',
      {},
    ],
    [
      'no alternative',
      send('POST', '/pets', { kind: 'cow' }),
      'BODY_INVALID',
      { at: { in: 'body', pointer: '/kind' } },
    ],
    [
      'a read-only property',
      send('POST', '/books', { title: 'x', id: 5 }),
      'BODY_READ_ONLY_PROPERTY',
      { at: { in: 'body', pointer: '/id' }, observed: 5 },
    ],
    ['a secret value', send('POST', '/books', { title: 'x', password: 'hunter2' }), 'BODY_INVALID', { secret: true }],
    [
      'a form field',
      send('POST', '/forms', 'age=old', 'application/x-www-form-urlencoded'),
      'BODY_INVALID',
      { at: { in: 'body', pointer: '/age' }, observed: 'old' },
    ],
    [
      'a part of the wrong type',
      send(
        'POST',
        '/forms',
        multipart([
          ['age', '5'],
          ['photo', 'x', 'text/html'],
        ]),
        'multipart/form-data; boundary=XX',
      ),
      'BODY_INVALID',
      { observed: 'text/html' },
    ],
    [
      'a torn multipart',
      send('POST', '/forms', '--XX\r\nbroken', 'multipart/form-data; boundary=XX'),
      'BODY_MALFORMED',
      {},
    ],
  ]
  test.each(cases)('%s', async (_name, given, code, first) => {
    const result = await judge(given)
    expect({ code: result.code, evidence: result.evidence[0] }).toMatchObject({ code, evidence: first })
    expect(JSON.stringify(result.evidence)).not.toContain('hunter2')
  })

  test('405 names the methods there are', async () => {
    const { response } = await judge({ openapi, request: { method: 'DELETE', url: '/books/latest' } })
    expect(response.headers.get('allow')).toBe('GET, HEAD')
  })

  test('several faults at once, up to maxErrors', async () => {
    const given = send('POST', '/books', { price: -1, tags: 'x', a: 1, b: 2 })
    expect((await judge(given)).evidence).toHaveLength(5)
    expect((await judge(given, { maxErrors: 2 })).evidence).toHaveLength(2)
  })
})

describe('options', () => {
  test('unknown properties can be noted only', async () => {
    const { verdict, trace } = await judge(send('POST', '/books', { title: 'x', isAdmin: true }), {
      unknownProperties: 'warn',
    })
    expect(verdict).toBe('pass')
    expect(trace.find((entry) => entry.phase === 'requestBody')?.evidence).toMatchObject([
      { at: { pointer: '/isAdmin' } },
    ])
  })

  test.each([
    [{ unknownProperties: 'allow' }, send('POST', '/books', { title: 'x', isAdmin: true })],
    [{ readOnlyProperties: 'allow' }, send('POST', '/books', { title: 'x', id: 5 })],
    [{ unknownQuery: 'warn' }, get('/books?debug=1')],
    [{ allowQuery: ['debug'] }, get('/books?debug=1')],
    [{ unknownOperations: 'warn' }, get('/nope')],
  ])('%j', async (config, given) => expect((await judge(given, config)).verdict).toBe('pass'))

  test('a deprecated operation is noted', async () => {
    const { verdict, trace } = await judge(get('/books/7'))
    expect(verdict).toBe('pass')
    expect(trace[0]?.evidence).toMatchObject([
      { observed: 'GET /books/{id}', expected: 'an operation that is not deprecated' },
    ])
  })

  test('a schema of its own, without a document', async () => {
    const config = { schema: { type: 'object', required: ['a'], properties: { a: { type: 'integer' } } } }
    const post = (body: string) => ({
      request: { method: 'POST', url: '/x', headers: { 'content-type': 'application/json' }, body },
    })
    expect((await judge(post('{"a":1}'), config)).verdict).toBe('pass')
    expect((await judge(post('{"a":"1"}'), config)).evidence).toMatchObject([
      { at: { pointer: '/a' }, observed: '1', expected: 'integer' },
    ])
    expect((await judge({ request: { url: '/x' } }, config)).verdict).toBe('pass')
  })

  test('nothing to validate by is a problem of the configuration', () => {
    const { problems } = loadPolicies({ 'request-validation': {} }, {})
    expect(problems).toMatchObject([{ pointer: '', code: 'MISSING_KEY' }])
  })

  test('the example of the documentation loads', () => {
    expect(loadPolicies(requestValidation.docs.example, { openapi }).problems).toEqual([])
  })
})

test('hostile bodies, queries and cookies never make it throw', async () => {
  const bodies = fc.oneof(fc.json(), fc.string({ unit: 'binary' }), fc.constant('{"__proto__":{"x":1},"title":"x"}'))
  const property = fc.asyncProperty(
    bodies,
    fc.string({ unit: 'binary' }),
    fc.constantFrom('/books', '/pets', '/forms'),
    async (body, noise, path) => {
      const type = path === '/forms' ? 'application/x-www-form-urlencoded' : 'application/json'
      await judge({
        openapi,
        request: {
          method: 'POST',
          url: `${path}?${encodeURI(noise.toWellFormed())}&${noise}`,
          headers: { 'content-type': type, cookie: noise },
          body,
        },
      })
    },
  )
  await fc.assert(property, { numRuns: 300 })
})

test('the bookshop document loads without problems', () => {
  const file = new URL('../../samples/bookshop/openapi/', import.meta.url)
  const books = loadOpenApi(readFileSync(new URL('books.yaml', file), 'utf8'), 'books.yaml', (path) =>
    readFileSync(new URL(path, file), 'utf8'),
  )
  expect(books.problems).toEqual([])
})

function multipart(parts: readonly (readonly [name: string, value: string, type?: string])[]): string {
  const lines = parts.map(([name, value, type]) => {
    const file = type?.startsWith('image') || type === 'text/html' ? '; filename="a"' : ''
    return `--XX\r\nContent-Disposition: form-data; name="${name}"${file}\r\n${type ? `Content-Type: ${type}\r\n` : ''}\r\n${value}\r\n`
  })
  return `${lines.join('')}--XX--\r\n`
}

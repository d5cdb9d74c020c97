import { describe, expect, test } from 'vitest'
import { loadOpenApi } from '../../gateway-core/openapi/load.ts'
import { operationsOf } from '../../gateway-core/openapi/operations.ts'

const load = (text: string, files: Record<string, string> = {}) =>
  loadOpenApi(text, 'openapi/api.yaml', (path) => files[path])
const head = `openapi: 3.0.3\ninfo: { title: t, version: '1' }\n`

describe('documents', () => {
  test('2.0 and 3.0 become 3.1', () => {
    const two = load(
      `swagger: '2.0'\ninfo: { title: t, version: '1' }\nbasePath: /v2\ndefinitions: { A: { type: string } }\npaths: { /a: { post: { parameters: [{ name: b, in: body, schema: { $ref: '#/definitions/A' } }], responses: {} } } }`,
    )
    expect(two.problems).toEqual([])
    expect(two.document).toMatchObject({
      openapi: '3.1.1',
      components: { schemas: { A: { type: 'string' } } },
      servers: [{ url: '/v2' }],
    })
    expect(operationsOf(two.document!).match('POST', '/v2/a')).toMatchObject({
      operation: { requestBody: { content: [{ type: 'application/json' }] } },
    })
    const three = load(`${head}paths: {}\ncomponents: { schemas: { A: { type: string, nullable: true } } }`)
    expect(three.document).toMatchObject({ components: { schemas: { A: { type: ['string', 'null'] } } } })
  })

  test('files that it refers to are taken in, also when they refer to each other and back', () => {
    const files = {
      'openapi/schemas/book.yaml': `Book: { type: object, properties: { author: { $ref: 'person.yaml#/Person' }, shop: { $ref: '../api.yaml#/components/schemas/Shop' } } }`,
      'openapi/schemas/person.yaml': `Person: { type: object, properties: { books: { type: array, items: { $ref: './book.yaml#/Book' } } } }`,
    }
    const {
      document,
      problems,
      files: read,
    } = load(
      `${head}paths: {}\ncomponents: { schemas: { Shop: { type: string }, Book: { $ref: 'schemas/book.yaml#/Book' } } }`,
      files,
    )
    expect(problems).toEqual([])
    expect([...read].sort()).toEqual(Object.keys(files))
    expect(document).toMatchObject({
      components: { schemas: { Book: { $ref: '#/x-files/openapi~1schemas~1book.yaml/Book' } } },
    })
    expect(JSON.stringify(document)).toContain('"#/components/schemas/Shop"')
  })

  test.each([
    ['', 'the file is empty', 1],
    ['openapi: 3.1.0\npaths: [', 'Flow sequence', 2],
    ['title: x', 'neither `openapi` nor `swagger`', 1],
    ['openapi: 4.0.0\npaths: {}', 'version 4.0.0 is not understood', 1],
    [
      `${head}paths: { /a: { get: { responses: { '200': { $ref: '#/components/responses/Okay' } } } } }\ncomponents: { responses: { Okey: {} } }`,
      'leads nowhere',
      3,
    ],
    [`${head}paths:\n  /a:\n    get:\n      parameters: [{ $ref: 'https://example.com/p.yaml' }]`, 'is not fetched', 6],
    [
      `${head}paths:\n  /a:\n    get:\n      parameters: [{ $ref: 'gone.yaml#/A' }]`,
      'openapi/gone.yaml cannot be read',
      6,
    ],
    [`${head}paths:\n  a/{id}: { get: {} }`, 'does not begin with a slash', 4],
    [`${head}paths:\n  /a/{id}: { get: {} }`, '{id} in "/a/{id}" is no parameter of GET', 4],
  ])('%j: says what is wrong and where', (text, message, line) => {
    const { problems } = load(text)
    expect(problems.map((problem) => problem.message).join('\n')).toContain(message)
    expect(problems[0]).toMatchObject({ path: 'openapi/api.yaml', line })
    expect(problems[0]?.column).toBeGreaterThan(0)
  })

  test('a near miss is named', () => {
    const { problems } = load(
      `${head}paths: {}\ncomponents: { schemas: { A: { $ref: '#/components/schemas/Books' }, Book: {} } }`,
    )
    expect(problems[0]?.suggestion).toBe('did you mean "#/components/schemas/Book"?')
  })

  test.each([
    '[]',
    'null',
    '"x"',
    '{"openapi":"3.1.0","paths":[]}',
    '{"openapi":"3.1.0","paths":{"/a":null,"/b":{"get":5,"parameters":{}}}}',
    '{"swagger":"2.0","paths":{"/a":{"get":{"parameters":[null,{}]}}}}',
    `{"openapi":"3.0.0","paths":{},"x":${'['.repeat(3000)}${']'.repeat(3000)}}`,
    'a: &a [*a]\nopenapi: 3.0.0\npaths: {}',
  ])('strange text never makes it throw: %.60s', (text) => expect(() => load(text)).not.toThrow())
})

describe('operations', () => {
  const { document } =
    load(`${head}servers: [{ url: 'https://x/{v}', variables: { v: { default: v1, enum: [v1, v2] } } }]
paths:
  /books: { get: {}, post: {} }
  /books/{id}: { get: {} }
  /books/latest: { put: {} }
  /books/{id}/pages/{page}.html: { get: {} }
  /books/{id}/pages/{page}: { get: {} }
  /books/{id}:archive: { post: {} }
  /på/{x}: { get: {} }
`)
  const match = (method: string, path: string) => {
    const found = operationsOf(document!).match(method, path)
    return found.found === 'operation' ? [found.operation.template, found.parameters] : found.found
  }
  test.each([
    ['GET', '/books', ['/books', {}]],
    ['GET', '/v1/books', ['/books', {}]],
    ['GET', '/v2/books/7', ['/books/{id}', { id: '7' }]],
    ['HEAD', '/books', ['/books', {}]],
    ['PUT', '/books/latest', ['/books/latest', {}]],
    ['GET', '/books/latest', 'path'],
    ['GET', '/books/7/pages/3', ['/books/{id}/pages/{page}', { id: '7', page: '3' }]],
    ['GET', '/books/7/pages/3.html', ['/books/{id}/pages/{page}.html', { id: '7', page: '3' }]],
    ['POST', '/books/7:archive', ['/books/{id}:archive', { id: '7' }]],
    ['GET', '/p%C3%A5/a%2Fb', ['/på/{x}', { x: 'a%2Fb' }]],
    ['GET', '/books/', 'nothing'],
    ['GET', '/v3/books', 'nothing'],
    ['DELETE', '/books', 'path'],
  ])('%s %s', (method, path, expected) => expect(match(method, path)).toEqual(expected))
})

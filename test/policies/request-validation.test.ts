import { describe, expect, test } from 'vitest'
import { type Given } from './harness.ts'
import { get, judge, multipart, openapi, reading, send } from './books-document.ts'

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

import { readFileSync } from 'node:fs'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { loadOpenApi } from '../../gateway-core/openapi/load.ts'
import { requestValidation } from '../../gateway-core/policies/request-validation/request-validation.ts'
import { loadPolicies } from './harness.ts'
import { get, judge, openapi, send } from './books-document.ts'

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
}, 60_000)

test('the bookshop document loads without problems', () => {
  const file = new URL('../../samples/bookshop/openapi/', import.meta.url)
  const books = loadOpenApi(readFileSync(new URL('books.yaml', file), 'utf8'), 'books.yaml', (path) =>
    readFileSync(new URL(path, file), 'utf8'),
  )
  expect(books.problems).toEqual([])
})

import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Exchange, Place } from '../../gateway-core/exchange.ts'
import { HeaderList } from '../../gateway-core/headers.ts'
import { JudgedExchange } from '../../gateway-core/pipeline/judged-exchange.ts'
import { claimAt, claimTexts, cookieValues, queryValues, readPlace } from '../../gateway-core/pipeline/place.ts'

describe('query values', () => {
  it.each<[string, string, readonly string[]]>([
    ['', 'a', []],
    ['a=1', 'a', ['1']],
    ['a=1&b=2&a=3', 'a', ['1', '3']],
    ['a', 'a', ['']],
    ['a=', 'a', ['']],
    ['a=b=c', 'a', ['b=c']],
    ['%61=x%26y', 'a', ['x&y']],
    ['a+b=c+d', 'a b', ['c d']],
    ['a=%zz', 'a', ['%zz']],
    ['a=%ff', 'a', ['%ff']],
    ['A=1', 'a', []],
    ['&&a=1&', 'a', ['1']],
    ['=x', '', ['x']],
    ['aa=1', 'a', []],
  ])('of %j by the name %j', (query, name, values) => {
    expect(queryValues(query, name)).toEqual(values)
  })

  it('are those of URLSearchParams', () => {
    const text = fc.string({ unit: 'binary' }).map((value) => value.toWellFormed())
    fc.assert(
      fc.property(fc.array(fc.tuple(text, text), { maxLength: 6 }), (pairs) => {
        const query = new URLSearchParams(pairs).toString()
        for (const [name] of pairs) expect(queryValues(query, name)).toEqual(new URLSearchParams(query).getAll(name))
      }),
    )
  })
})

it.each<[string[], string, readonly string[]]>([
  [[], 'a', []],
  [['a=1; b=2'], 'b', ['2']],
  [['a=1;b=2', 'a=3'], 'a', ['1', '3']],
  [['a="q q"'], 'a', ['"q q"']],
  [['A=1'], 'a', []],
  [['a=b=c; x'], 'a', ['b=c']],
  [['x; a'], 'a', []],
])('cookies %j by the name %s', (fields, name, values) => {
  expect(cookieValues(fields, name)).toEqual(values)
})

describe('claims', () => {
  const claims = {
    sub: 'ada',
    'a.b': 1,
    a: { b: 2, c: { d: ['x', 3, null, { y: 1 }] } },
    toString: undefined,
    none: null,
  }
  it.each<[string, unknown, readonly string[]]>([
    ['sub', 'ada', ['ada']],
    ['a.b', 1, ['1']],
    ['a.c.d', claims.a.c.d, ['x', '3', '{"y":1}']],
    ['a.c.d.0', undefined, []],
    ['a.x', undefined, []],
    ['none', null, []],
    ['constructor', undefined, []],
    ['a.constructor', undefined, []],
    ['__proto__.x', undefined, []],
  ])('%s', (name, value, texts) => {
    expect(claimAt(claims, name)).toEqual(value)
    expect(claimTexts(value)).toEqual(texts)
  })
})

describe('a place', () => {
  const headers = HeaderList.of([
    ['X-A', '1'],
    ['x-a', '2'],
    ['Cookie', 'c=3'],
  ])
  const body = {
    bytes: new Uint8Array(),
    text: '{"a":[{"b/c":"deep"}]}',
    json: { ok: true, value: { a: [{ 'b/c': 'deep' }] } },
  } as const
  const request = {
    method: 'PUT',
    scheme: 'http',
    authority: 'api.example',
    target: '/x?q=1',
    path: '/x',
    query: 'q=1',
    headers,
    hasBody: true,
    body,
  } as const
  const exchange: Exchange = Object.assign(new JudgedExchange('e', 0, { address: '192.0.2.1', port: 1 }, request), {
    clientAddress: '192.0.2.9',
    claims: { roles: ['a', 'b'] },
    consumer: { name: 'ada', groups: [] },
    route: { id: 'r', api: 'a', template: '/{id}', parameters: { id: 'x' }, upstreamPath: '/x' },
    response: { status: 201, reason: '', headers: HeaderList.of({ etag: '"1"' }), from: 'upstream' as const },
  })
  it.each<[Place, readonly string[]]>([
    [{ in: 'header', name: 'X-A' }, ['1', '2']],
    [{ in: 'header', name: 'ETag', of: 'response' }, ['"1"']],
    [{ in: 'query', name: 'q' }, ['1']],
    [{ in: 'cookie', name: 'c' }, ['3']],
    [{ in: 'path' }, ['/x']],
    [{ in: 'path', name: 'id' }, ['x']],
    [{ in: 'path', name: 'constructor' }, []],
    [{ in: 'claim', name: 'roles' }, ['a', 'b']],
    [{ in: 'body' }, [body.text]],
    [{ in: 'body', pointer: '/a/0/b~1c' }, ['deep']],
    [{ in: 'body', pointer: '/a/9' }, []],
    [{ in: 'body', of: 'response' }, []],
    [{ in: 'method' }, ['PUT']],
    [{ in: 'host' }, ['api.example']],
    [{ in: 'peer' }, ['192.0.2.1']],
    [{ in: 'client' }, ['192.0.2.9']],
    [{ in: 'consumer' }, ['ada']],
    [{ in: 'status' }, ['201']],
    [{ in: 'certificate' }, []],
    [{ in: 'time' }, []],
  ])('%j', (place, values) => {
    expect(readPlace(exchange, place)).toEqual(values)
  })
})

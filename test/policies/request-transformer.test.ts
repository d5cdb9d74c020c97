import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { requestTransformer } from '../../gateway-core/policies/request-transformer.ts'
import { type Given, judgeWith, loadPolicies } from './harness.ts'

const alice: Given = {
  consumer: { name: 'alice', groups: ['a', 'b'] },
  claims: { sub: 'u1', org: { id: 7 }, roles: ['x', 'y'], nested: { deep: true } },
  route: { template: '/books/{id}', parameters: { id: '42' }, api: 'books' },
}
const json = { 'Content-Type': 'application/json' }

async function request(config: object, given: Given = {}) {
  const result = await judgeWith({ 'request-transformer': config }, { ...alice, ...given })
  return { ...result, raw: result.request.headers.raw, text: result.request.body?.text }
}

describe('the request transformer', () => {
  it('has an example that loads', () => {
    expect(loadPolicies(requestTransformer.docs.example).problems).toEqual([])
  })

  const headers: [what: string, config: object, before: [string, string][], after: string[]][] = [
    [
      'remove',
      { remove: ['x-a'] },
      [
        ['X-A', '1'],
        ['B', '2'],
        ['x-a', '3'],
      ],
      ['B', '2'],
    ],
    [
      'rename',
      { rename: { 'X-A': 'X-B' } },
      [
        ['x-b', '0'],
        ['X-A', '1'],
        ['X-A', '2'],
      ],
      ['X-B', '1', 'X-B', '2'],
    ],
    ['rename to another case', { rename: { 'x-a': 'X-A' } }, [['x-a', '1']], ['X-A', '1']],
    ['rename what is absent', { rename: { 'X-A': 'X-B' } }, [['X-B', '0']], ['X-B', '0']],
    [
      'set',
      { set: { 'X-User': '{consumer.name}' } },
      [
        ['x-user', 'admin'],
        ['X-USER', 'root'],
      ],
      ['x-user', 'alice'],
    ],
    ['add', { add: { Via: 'a {claims.org.id}' } }, [['Via', 'b']], ['Via', 'b', 'Via', 'a 7']],
    [
      'lists and JSON',
      { set: { A: '{consumer.groups}', B: '{claims.roles}', C: '{claims.nested}' } },
      [],
      ['A', 'a,b', 'B', 'x,y', 'C', '{"deep":true}'],
    ],
    ['braces', { set: { A: '{{{path.id}}}' } }, [], ['A', '{42}']],
    [
      'places',
      { set: { A: '{method} {path} {header.x-in} {query.q} {client.address} {route.api}' } },
      [['X-In', 'in']],
      ['X-In', 'in', 'A', 'GET /books/42 in a b 127.0.0.1 books'],
    ],
    [
      'what is missing',
      { set: { A: '{claims.none}', B: '{path.constructor}' }, add: { C: '{query.none}' } },
      [
        ['A', 'forged'],
        ['B', 'forged'],
      ],
      [],
    ],
  ]
  it.each(headers)('%s', async (_what, config, before, after) => {
    const result = await request({ headers: config }, { request: { url: '/books/42?q=a+b', headers: before } })
    expect(result.raw).toEqual(after)
    expect(result.verdict).toBe('pass')
  })

  it('what the sender wrote never stands in for a value that is missing, and the trace says so', async () => {
    const result = await request(
      { headers: { set: { 'X-User': '{consumer.name}' } } },
      { consumer: undefined, request: { headers: { 'X-User': 'admin' } } },
    )
    expect(result.raw).toEqual([])
    expect(result.trace[0]).toMatchObject({ verdict: 'modify', evidence: [{ at: { in: 'consumer' }, observed: null }] })
  })

  it.each(['a\r\nX-Admin: 1', 'a\nb', 'a\u0000b', '\u007f', '\u001b[2J'])(
    'refuses to write %j into a header',
    async (value) => {
      for (const kind of ['set', 'add']) {
        const result = await request({ headers: { [kind]: { 'X-User': '{claims.sub}' } } }, { claims: { sub: value } })
        expect(result).toMatchObject({ verdict: 'deny', status: 400, code: 'TRANSFORM_VALUE_UNSAFE' })
        expect(result.evidence[0]).toMatchObject({ at: { in: 'header', name: 'X-User' } })
      }
    },
  )

  it('no value ever breaks out of its header', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'binary' }), async (sub) => {
        const result = await request({ headers: { set: { 'X-User': 'u {claims.sub}' } } }, { claims: { sub } })
        const value = result.request.headers.get('x-user')
        // oxlint-disable-next-line no-control-regex -- what must not be there
        if (result.verdict === 'pass') expect(value).toMatch(/^u[\t -~\u0080-\u00ff]*$/)
        else expect(result.code).toBe('TRANSFORM_VALUE_UNSAFE')
      }),
      { numRuns: 60 },
    )
  })

  it('letters beyond ASCII go as UTF-8', async () => {
    const result = await request({ headers: { set: { A: '{claims.sub}' } } }, { claims: { sub: ' Žižek ' } })
    expect(Buffer.from(result.request.headers.get('a')!, 'latin1').toString('utf8')).toBe('Žižek')
  })

  const queries: [config: object, before: string, after: string][] = [
    [{ remove: ['debug'] }, 'a=1&debug=1&%64ebug=2&b=%zz', 'a=1&b=%zz'],
    [{ rename: { q: 'search text' } }, 'search+text=0&q=a%20b&q=c', 'search%20text=a%20b&search%20text=c'],
    [{ set: { user: '{consumer.name}' } }, 'a=1&user=admin&b&user=root', 'a=1&user=alice&b'],
    [{ set: { user: '{claims.none}' } }, 'user=admin&a=1&user=root', 'a=1'],
    [{ add: { t: '{claims.sub}&x=é #' } }, '', 't=u1%26x%3D%C3%A9%20%23'],
    [{ set: { t: '\ud800' } }, '', 't=%EF%BF%BD'],
    [{ remove: ['x'] }, 'a=1&&b', 'a=1&&b'],
  ]
  it.each(queries)('query %j turns %j into %j', async (config, before, after) => {
    const result = await request({ query: config }, { request: { url: before === '' ? '/' : `/?${before}` } })
    expect(result.request.query).toBe(after)
  })

  const paths: [path: string, given: Given, after: string][] = [
    ['/v2{path}', { request: { url: '/books/42?a=1' } }, '/v2/books/42'],
    ['/items/{path.id}/by/{consumer.name}', {}, '/items/42/by/alice'],
    ['/items/{claims.sub}', { claims: { sub: 'a b?#é%2f' } }, '/items/a%20b%3F%23%C3%A9%252f'],
    ['/{path.id}.json', {}, '/42.json'],
  ]
  it.each(paths)('path %s', async (path, given, after) => {
    expect((await request({ path }, given)).request.path).toBe(after)
  })

  it.each(['..', '.', '', 'a/b', 'a\\b', '\u0000', '../../admin', 'a\r\nb'])(
    'refuses to make a path of %j',
    async (sub) => {
      const result = await request({ path: '/users/{claims.sub}/orders' }, { claims: { sub } })
      expect(result).toMatchObject({ status: 400, code: 'TRANSFORM_VALUE_UNSAFE' })
    },
  )

  it('dots that only meet in the path are seen too, and a missing value denies', async () => {
    expect(await request({ path: '/a/.{claims.sub}/b' }, { claims: { sub: '.' } })).toMatchObject({
      code: 'TRANSFORM_VALUE_UNSAFE',
    })
    expect(await request({ path: '/a/{claims.sub}' }, { claims: {} })).toMatchObject({
      status: 403,
      code: 'TRANSFORM_VALUE_MISSING',
    })
  })

  const bodies: [config: object, before: string, after: string][] = [
    [
      { remove: ['/isAdmin', '/items/*/price'] },
      '{"isAdmin":true,"big":12345678901234567890,"items":[{"price":1,"n":2}]}',
      '{"big":12345678901234567890,"items":[{"n":2}]}',
    ],
    [
      { set: { '/by': '{claims.sub}', '/roles': '{claims.roles}', '/org': '{claims.org.id}' } },
      '{"by":"admin"}',
      '{"by":"u1","roles":["x","y"],"org":7}',
    ],
    [
      { set: { '/meta': { by: 'user {claims.sub}', n: [1, null, '{claims.org.id}'] } } },
      '{}',
      '{"meta":{"by":"user u1","n":[1,null,7]}}',
    ],
    [{ set: { '/by': '{claims.none}' } }, '{"by":"admin","a":1}', '{"a":1}'],
    [{ set: { '/by': '{claims.sub}' } }, '{"by":1,"by":2}', '{"by":"u1"}'],
    [{ rename: { '/a~1b': 'c' }, move: { '/x/id': '/id' } }, '{"a/b":1,"x":{"id":2}}', '{"c":1,"x":{},"id":2}'],
    [{ set: { '/q': '"\n{claims.sub}' } }, '{}', '{"q":"\\"\\nu1"}'],
    [{ remove: ['/a'] }, ' {"b": 1} ', ' {"b": 1} '],
  ]
  it.each(bodies)('body %j turns %s into %s', async (config, before, after) => {
    const result = await request({ body: config }, { request: { method: 'POST', headers: json, body: before } })
    expect(result.text).toBe(after)
  })

  it('bodies that are not JSON stay, JSON that does not parse is refused', async () => {
    const config = { body: { remove: ['/a'] } }
    const send = (headers: Record<string, string>, body: string) =>
      request(config, { request: { method: 'POST', headers, body } })
    expect((await send({ 'Content-Type': 'text/plain' }, '{"a":1}')).text).toBe('{"a":1}')
    expect((await send({ 'Content-Type': 'text/plain' }, '')).verdict).toBe('pass')
    expect((await send(json, '')).verdict).toBe('pass')
    expect(await send(json, '{"a":1')).toMatchObject({
      status: 400,
      code: 'BODY_MALFORMED',
      evidence: [{ observed: 'the text ends, but a comma or the end was expected (at byte 6)' }],
    })
    expect((await send({ 'Content-Type': 'application/merge-patch+json; charset=utf-8' }, '{"a":1}')).text).toBe('{}')
  })

  it.each([
    [{}, 'MISSING_KEY'],
    [{ headers: { set: { 'Content-Length': '1' } } }, 'BAD_VALUE'],
    [{ headers: { remove: ['transfer-encoding'] } }, 'BAD_VALUE'],
    [{ headers: { add: { Host: 'x' } } }, 'BAD_VALUE'],
    [{ headers: { set: { A: 'b\r\nC: d' } } }, 'BAD_VALUE'],
    [{ headers: { set: { A: '{consumer.nmae}' } } }, 'UNKNOWN_REFERENCE'],
    [{ headers: { set: { A: '{claims.}' } } }, 'UNKNOWN_REFERENCE'],
    [{ headers: { set: { A: '{constructor}' } } }, 'UNKNOWN_REFERENCE'],
    [{ headers: { set: { A: '{path.id' } } }, 'BAD_VALUE'],
    [{ headers: { set: { A: '{header.Authorization}' } } }, 'UNSAFE'],
    [{ path: '/a?b=1' }, 'BAD_VALUE'],
    [{ path: '/a b' }, 'BAD_VALUE'],
    [{ body: { move: { '/a/*': '/b' } } }, 'BAD_VALUE'],
    [{ body: { move: { '/a': '/a/b' } } }, 'BAD_VALUE'],
    [{ body: { set: { '/a': ['{nope}'] } } }, 'UNKNOWN_REFERENCE'],
    [{ query: { add: { a: '{nope}' } } }, 'UNKNOWN_REFERENCE'],
  ])('%j is a problem: %s', async (config, code) => {
    const { problems } = loadPolicies({ 'request-transformer': config })
    expect(problems.map((problem) => problem.code)).toEqual([code])
    expect((await request(config, { request: { method: 'POST', headers: json, body: '{"a":{}}' } })).verdict).not.toBe(
      'error',
    )
  })

  it.each([
    { headers: { set: { 'a b': '1' } } },
    { headers: { set: { '': '1' } } },
    { headers: { remove: ['a:b'] } },
    { path: 'a' },
    { body: { set: { a: 1 } } },
    { headers: { sett: {} } },
  ])('its schema refuses %j', (config) => {
    expect(() => loadPolicies({ 'request-transformer': config })).toThrow()
  })
})

import http from 'node:http'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { ask, gateway, upstream } from '../proxy/asking.ts'
import { judgeWith } from './harness.ts'

type Fields = readonly (readonly [string, string])[]

async function fieldsAfter(headers: object, sent: Fields) {
  const result = await judgeWith({ 'request-transformer': { headers } }, { request: { headers: sent } })
  expect(result.problems).toEqual([])
  return [...result.request.headers.entries()].map(([name, value]) => `${name}: ${value}`)
}

describe('spellings with underscores, which servers behind CGI or WSGI read as those with dashes', () => {
  it.each<[what: string, headers: object, sent: Fields, after: string[]]>([
    ['set', { set: { 'X-User': 'bob' } }, [['X_User', 'eve']], ['X-User: bob']],
    ['set, mixed', { set: { 'X-User-Id': 'bob' } }, [['x-user_ID', 'eve']], ['X-User-Id: bob']],
    ['set, written with one', { set: { X_User: 'bob' } }, [['X-User', 'eve']], ['X_User: bob']],
    ['set, a value missing', { set: { 'X-User': '{consumer.name}' } }, [['X_User', 'eve']], []],
    ['remove', { remove: ['X-Debug'] }, [['X_DEBUG', '1']], []],
    ['remove, written with one', { remove: ['X_Debug'] }, [['X-Debug', '1']], ['X-Debug: 1']],
    ['rename from', { rename: { 'X-A': 'X-B' } }, [['X_A', '1']], []],
    [
      'rename to',
      { rename: { 'X-A': 'X-B' } },
      [
        ['X_B', 'eve'],
        ['X-A', '1'],
      ],
      ['X-B: 1'],
    ],
    ['both on purpose', { remove: ['X-User'], set: { X_User: 'bob' } }, [['X_User', 'eve']], ['X_User: bob']],
    ['other names', { set: { 'X-User': 'bob' } }, [['X_Username', 'eve']], ['X_Username: eve', 'X-User: bob']],
  ])('%s', async (_what, headers, sent, after) => {
    expect(await fieldsAfter(headers, sent)).toEqual(after)
  })

  it('are nobody’s business in a response', async () => {
    const given = { response: { headers: { X_Request_Id: '7' } } }
    const { response } = await judgeWith({ 'response-transformer': { headers: { remove: ['X-Request-Id'] } } }, given)
    expect(response.headers.get('x_request_id')).toBe('7')
  })

  it('never leave a second reading of a name that is set', async () => {
    const letters = fc.constantFrom('X-User', 'x-user', 'X_User', 'X_USER', 'x_user', 'X-Us_er', 'X-User-', 'X--User')
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(letters, fc.constant('eve')), { maxLength: 6 }), async (sent) => {
        const after = await fieldsAfter({ set: { 'X-User': 'bob' } }, sent)
        const read = after.filter((field) => field.toLowerCase().replaceAll('_', '-').startsWith('x-user:'))
        expect(read).toHaveLength(1)
        expect(read[0]).toMatch(/: bob$/)
      }),
    )
  })
})

describe('removing all names that begin alike', () => {
  it.each<[headers: object, sent: Fields, after: string[]]>([
    [
      { remove: ['X-Internal-*'] },
      [
        ['x-internal-a', '1'],
        ['X-INTERNAL-', '2'],
        ['X_Internal_B', '3'],
        ['X-Internal', '4'],
      ],
      ['X-Internal: 4'],
    ],
    [{ remove: ['X-*'], set: { 'X-User': 'bob' }, add: { 'X-A': '1' } }, [['X-A', 'eve']], ['X-User: bob', 'X-A: 1']],
    [
      { remove: ['C*'] },
      [
        ['Connection', 'close'],
        ['Content-Length', '0'],
        ['Cookie', 'a=b'],
      ],
      ['Connection: close', 'Content-Length: 0'],
    ],
  ])('%o', async (headers, sent, after) => {
    expect(await fieldsAfter(headers, sent)).toEqual(after)
  })

  it('works for responses', async () => {
    const given = { response: { headers: { 'X-Backend-Node': 'a', 'x-backend-time': '3', 'X-Back': 'c' } } }
    const { response } = await judgeWith({ 'response-transformer': { headers: { remove: ['X-Backend-*'] } } }, given)
    expect(response.headers.raw).toEqual(['X-Back', 'c'])
  })

  it.each(['set', 'add', 'rename'])('is not understood by %s, and does not pass as a name there', async (key) => {
    const policy = { 'request-transformer': { headers: { [key]: { 'X-*': 'Y' } } } }
    await expect(judgeWith(policy)).rejects.toThrow('pattern')
  })
})

it('a field of the framing is none in the spelling with underscores either', async () => {
  const { problems } = await judgeWith({
    'request-transformer': { headers: { set: { Content_Length: '5', Transfer_Encoding: 'chunked' } } },
  })
  expect(problems.map(({ pointer, code }) => [pointer, code])).toEqual([
    ['/headers/set/Content_Length', 'BAD_VALUE'],
    ['/headers/set/Transfer_Encoding', 'BAD_VALUE'],
  ])
})

it('says that a field that speaks for the client mostly gets lost where it is only added', async () => {
  const policy = { headers: { add: { 'X-Real-IP': '{client.address}', 'X-Caller': '{client.address}' } } }
  expect((await judgeWith({ 'request-transformer': policy })).problems).toEqual([
    {
      pointer: '/headers/add/X-Real-IP',
      code: 'UNUSED',
      message:
        'X-Real-IP speaks for the client, and goes on only for peers in `trustedProxies`: this value mostly gets lost',
      suggestion: 'use `set`, which takes the place of what a client says',
    },
  ])
  expect((await judgeWith({ 'response-transformer': policy })).problems).toEqual([])
})

it('what a policy sets for the client goes on, and nothing that a client says for itself', async () => {
  const server = await upstream()
  const set =
    '{ X-Real-IP: "{client.address}", X-Forwarded-Proto: https, X-Forwarded-Prefix: /shop, X-Forwarded-For: 192.0.2.1 }'
  const { url } = await gateway(
    `
upstreams: { app: UPSTREAM }
apis:
  - name: app
    upstream: app
    policies: [request-transformer: { headers: { set: ${set} } }]
`,
    server,
  )
  const lies = ['X-Real-IP', 'X_Real_IP', 'x-real_ip', 'X-Forwarded-Prefix', 'X_Forwarded_Prefix', 'X-Forwarded-Uri']
  const more = ['X-Original-URL', 'X-Rewrite-URL', 'X_Original_Url', 'Forwarded', 'X-Forwarded-Ssl', 'X-Forwarded-Host']
  await ask(url, { headers: ['Host', 'a', ...[...lies, ...more].flatMap((name) => [name, '/admin'])] })
  const { headers } = server.seen[0]!
  const sent = headers.flatMap((name, at) => (at % 2 === 0 ? [`${name.toLowerCase()}: ${headers[at + 1]}`] : []))
  expect(sent.filter((field) => /forward|real|orig|rewrite/.test(field)).sort()).toEqual([
    'x-forwarded-for: 192.0.2.1, 127.0.0.1',
    'x-forwarded-host: a',
    'x-forwarded-prefix: /shop',
    'x-forwarded-proto: https',
    'x-real-ip: 127.0.0.1',
  ])
})

it('what is removed is not there to be renamed, and that is told', async () => {
  const headers = { remove: ['x-a'], rename: { 'X-A': 'X-B' } }
  const sent = { request: { headers: { 'X-A': '1' } } }
  const result = await judgeWith({ 'request-transformer': { headers } }, sent)
  expect(result.request.headers.raw).toEqual([])
  expect(result.problems).toMatchObject([{ pointer: '/headers/rename/X-A', code: 'UNUSED' }])
})

describe('a JSON body whose type is hidden', () => {
  const policy = { 'request-transformer': { body: { remove: ['/isAdmin'], set: { '/by': 'alice' } } } }
  const sent = '{"isAdmin":true,"by":"eve"}'
  it.each<[what: string, headers: Fields, body: string, after: string]>([
    ['no type', [], sent, '{"by":"alice"}'],
    ['an empty type', [['Content-Type', '']], sent, '{"by":"alice"}'],
    [
      'two types',
      [
        ['Content-Type', 'text/plain'],
        ['content-type', 'application/json'],
      ],
      sent,
      '{"by":"alice"}',
    ],
    ['a list', [['Content-Type', 'text/plain, application/json']], sent, '{"by":"alice"}'],
    ['no type, no JSON', [], 'isAdmin=true', 'isAdmin=true'],
    ['a type that is another', [['Content-Type', 'text/plain']], sent, sent],
    [
      'a comma inside a parameter',
      [['Content-Type', 'application/json; profile="a, b"']],
      '{"isAdmin":1}',
      '{"by":"alice"}',
    ],
    [
      'a name that is escaped, and one that stands twice',
      [['Content-Type', 'application/json']],
      '{"is\\u0041dmin":1,"isAdmin":2,"by":"eve","by":"eve"}',
      '{"by":"alice"}',
    ],
  ])('%s', async (_what, headers, body, after) => {
    const result = await judgeWith(policy, { request: { method: 'POST', headers, body } })
    expect(result.verdict).toBe('pass')
    expect(JSON.parse(result.request.body!.text.startsWith('{') ? result.request.body!.text : '""')).toEqual(
      after.startsWith('{') ? JSON.parse(after) : '',
    )
  })

  it('is refused where one of its types says JSON and it is none', async () => {
    const headers: Fields = [
      ['Content-Type', 'text/plain'],
      ['Content-Type', 'application/json'],
    ]
    const result = await judgeWith(policy, { request: { method: 'POST', headers, body: 'isAdmin=true' } })
    expect(result.code).toBe('BODY_MALFORMED')
  })
})

describe('a client that names in Connection what a policy writes', () => {
  const yaml = `
upstreams: { app: UPSTREAM }
apis:
  - name: app
    upstream: app
    policies:
      - request-transformer: { headers: { set: { X-User: bob }, add: { X-Role: reader } } }
`

  it.each([
    ['X-User'],
    ['close, X-User'],
    ['x-user , X-ROLE'],
    ['keep-alive,x-user,x-own'],
    ['X-User', 'close, X-Role'],
  ])('%j cannot make it stay behind: the upstream would take the caller for nobody', async (...options) => {
    const server = await upstream()
    const { url } = await gateway(yaml, server)
    const connection = options.flatMap((option) => ['Connection', option])
    const { status } = await ask(url, { headers: ['Host', 'a', 'X-Own', '1', ...connection] })
    expect(status).toBe(200)
    const { headers } = server.seen[0]!
    expect(headers[headers.indexOf('X-User') + 1]).toBe('bob')
    expect(headers[headers.indexOf('X-Role') + 1]).toBe('reader')
    expect(headers.includes('X-Own')).toBe(!options.join().includes('x-own'))
  })
})

it('behind the body, no client says again what a policy wrote in the head: some servers merge the two', async () => {
  const server = await upstream()
  const { url } = await gateway(
    `
upstreams: { app: UPSTREAM }
apis:
  - name: app
    upstream: app
    policies:
      - request-transformer: { headers: { set: { X-User: bob } } }
`,
    server,
  )
  const headers = { Trailer: 'X-User', 'Transfer-Encoding': 'chunked' }
  const request = http.request(url, { agent: false, method: 'POST', headers })
  request.write('hello')
  request.addTrailers([
    ['X-User', 'eve'],
    ['X_User', 'eve'],
    ['X-Sum', '1'],
  ])
  request.end()
  await new Promise((resolve) => request.once('response', (response) => response.resume().once('end', resolve)))
  expect(server.seen[0]!.headers.filter((text) => text === 'bob')).toHaveLength(1)
  expect(server.seen[0]!.trailers).toEqual(['X-Sum', '1'])
})

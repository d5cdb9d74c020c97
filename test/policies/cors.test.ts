import { describe, expect, it } from 'vitest'
import { cors } from '../../gateway-core/policies/cors/cors.ts'
import { type Given, judgeWith, loadPolicies } from './harness.ts'

type Headers = readonly (readonly [string, string])[]
const shop = 'https://shop.example.com'
const config = {
  origins: [shop, 'https://*.partner.example', { matches: 'https://pr-[0-9]+\\.preview\\.example' }],
  methods: ['GET', 'PATCH'],
  headers: ['Authorization', 'X-Trace'],
  exposed: ['X-Total'],
  credentials: true,
}

const call = (origin: string | undefined, own: object = config, given: Given = {}) =>
  judgeWith(
    { cors: own },
    { ...given, request: { ...given.request, headers: origin === undefined ? {} : { Origin: origin } } },
  )

const preflight = (headers: Headers, own: object = config) =>
  judgeWith({ cors: own }, { request: { method: 'OPTIONS', headers } })

const asks = (origin: string, method: string, names?: string): Headers => [
  ['Origin', origin],
  ['Access-Control-Request-Method', method],
  ...(names === undefined ? [] : [['Access-Control-Request-Headers', names] as const]),
]

describe('cors', () => {
  it('has an example that loads', () => {
    expect(loadPolicies(cors.docs.example).problems).toEqual([])
  })

  it.each([shop, 'https://a.partner.example', 'https://a.b.partner.example', 'https://pr-12.preview.example'])(
    'lets pages of %s read the response',
    async (origin) => {
      const result = await call(origin)
      expect(result.verdict).toBe('pass')
      expect(Object.fromEntries(result.response.headers.entries())).toEqual({
        'Access-Control-Allow-Origin': origin,
        'Access-Control-Allow-Credentials': 'true',
        'Access-Control-Expose-Headers': 'X-Total',
        Vary: 'Origin',
      })
    },
  )

  const strangers = [
    'https://evil.example',
    'null',
    '',
    'http://shop.example.com',
    'https://shop.example.com:8443',
    'https://shop.example.com.evil.example',
    'https://SHOP.example.com',
    'https://shop.example.com/',
    'https://shop.example.com, https://evil.example',
    'https://partner.example',
    'https://.partner.example',
    'https://evilpartner.example',
    'https://a.partner.example.evil.example',
    'https://evil.example/.partner.example',
    'https://evil.example#.partner.example',
    'https://user@x.partner.example',
    'https://a..partner.example',
    'https://pr-1.preview.example.evil.example',
    'https://evil.example/https://pr-1.preview.example',
    'https://prx1.previewxexample',
    'shop.example.com',
    '*',
    '\u0000',
  ]
  it.each(strangers)('refuses %j', async (origin) => {
    const result = await call(origin)
    expect(result).toMatchObject({ verdict: 'deny', status: 403, code: 'ORIGIN_NOT_ALLOWED' })
    expect(result.evidence[0]).toMatchObject({ at: { in: 'header', name: 'origin' }, observed: origin })
    expect(result.response.headers.has('access-control-allow-origin')).toBe(false)
    expect(result.response.headers.get('vary')).toBe('Origin')
  })

  it('several Origin headers are none', async () => {
    const headers = [
      ['Origin', shop],
      ['Origin', shop],
    ] as const
    expect(await judgeWith({ cors: config }, { request: { headers } })).toMatchObject({ code: 'ORIGIN_NOT_ALLOWED' })
  })

  it('requests without Origin pass, and their responses vary by it all the same', async () => {
    const result = await call(undefined)
    expect(result.verdict).toBe('pass')
    expect(result.response.headers.raw).toEqual(['Vary', 'Origin'])
  })

  it('pages of the gateway itself need no permission', async () => {
    expect(await call('http://gateway.test')).toMatchObject({ verdict: 'pass' })
    const headers = { Origin: 'null', 'Sec-Fetch-Site': 'same-origin' }
    expect(await judgeWith({ cors: config }, { request: { method: 'POST', headers } })).toMatchObject({
      verdict: 'pass',
    })
  })

  it.each([
    ['http://gateway.test', 'https://gateway.test/', 'ORIGIN_NOT_ALLOWED'],
    ['https://gateway.test', 'https://gateway.test/', undefined],
    ['https://gateway.test', 'http://gateway.test/', undefined],
    ['http://gateway.test', 'http://gateway.test/', undefined],
    ['https://gateway.test:444', 'https://gateway.test/', 'ORIGIN_NOT_ALLOWED'],
  ])('a page of %s that calls %s: %s', async (origin, url, code) => {
    expect((await call(origin, config, { request: { url } })).code).toBe(code)
  })

  it('with no-headers, a call from elsewhere passes and tells the browser nothing', async () => {
    const result = await call('https://evil.example', { ...config, disallowed: 'no-headers' })
    expect(result.verdict).toBe('pass')
    expect(result.response.headers.raw).toEqual(['Vary', 'Origin'])
  })

  it('takes what the upstream says about origins out of the response', async () => {
    const headers = { 'access-control-allow-origin': '*', 'Access-Control-Allow-Credentials': 'true', vary: 'Accept' }
    const own = { ...config, disallowed: 'no-headers', credentials: false, exposed: [] }
    const stranger = await call('https://evil.example', own, { response: { headers } })
    expect(stranger.response.headers.raw).toEqual(['vary', 'Accept, Origin'])
    const friend = await call(shop, own, { response: { headers } })
    expect(Object.fromEntries(friend.response.headers.entries())).toEqual({
      vary: 'Accept, Origin',
      'Access-Control-Allow-Origin': shop,
    })
  })

  it.each([
    ['Origin', 'Origin'],
    ['accept, ORIGIN', 'accept, ORIGIN'],
    ['*', '*'],
    ['', 'Origin'],
  ])('Vary: %j becomes %j', async (before, after) => {
    const result = await call(shop, config, { response: { headers: { Vary: before } } })
    expect(result.response.headers.list('vary')).toBe(after)
  })

  it('a page may read why a later policy refused it', async () => {
    const result = await judgeWith([{ cors: config }, { 'ip-restriction': { allow: ['10.0.0.0/8'] } }], {
      request: { headers: { Origin: shop } },
    })
    expect(result.code).toBe('IP_NOT_ALLOWED')
    expect(result.response.headers.get('access-control-allow-origin')).toBe(shop)
  })

  it('`*` without credentials names everyone, and does not vary', async () => {
    const result = await call('https://anyone.example', { origins: ['*'] })
    expect(result.response.headers.raw).toEqual(['Access-Control-Allow-Origin', '*'])
    expect((await call('not an origin', { origins: ['*'] })).code).toBe('ORIGIN_NOT_ALLOWED')
  })

  it('`null` has to be named', async () => {
    expect((await call('null', { origins: [shop, 'null'] })).verdict).toBe('pass')
  })
})

describe('preflights', () => {
  it('are answered, with what the page may do', async () => {
    const result = await preflight(asks(shop, 'PATCH', 'authorization, x-trace'))
    expect(result).toMatchObject({ verdict: 'respond', status: 204 })
    expect(Object.fromEntries(result.response.headers.entries())).toEqual({
      'Access-Control-Allow-Origin': shop,
      'Access-Control-Allow-Credentials': 'true',
      'Access-Control-Allow-Methods': 'GET, PATCH',
      'Access-Control-Allow-Headers': 'Authorization, X-Trace',
      'Access-Control-Max-Age': '600',
      Vary: 'Origin, Access-Control-Request-Method, Access-Control-Request-Headers',
    })
  })

  const refused: [string, Headers, code: string, observed: string][] = [
    ['another origin', asks('https://evil.example', 'GET'), 'ORIGIN_NOT_ALLOWED', 'https://evil.example'],
    ['a method that is not allowed', asks(shop, 'DELETE'), 'PREFLIGHT_NOT_ALLOWED', 'DELETE'],
    ['a method in the wrong case', asks(shop, 'patch'), 'PREFLIGHT_NOT_ALLOWED', 'patch'],
    ['an empty method', asks(shop, ''), 'PREFLIGHT_NOT_ALLOWED', ''],
    [
      'two methods',
      [...asks(shop, 'GET'), ['Access-Control-Request-Method', 'PATCH']],
      'PREFLIGHT_NOT_ALLOWED',
      'GET, PATCH',
    ],
    ['a header that is not allowed', asks(shop, 'GET', 'authorization,x-admin'), 'PREFLIGHT_NOT_ALLOWED', 'x-admin'],
    [
      'a header over two fields',
      [...asks(shop, 'GET', 'x-trace'), ['Access-Control-Request-Headers', 'x-b']],
      'PREFLIGHT_NOT_ALLOWED',
      'x-b',
    ],
    [
      'a private network',
      [...asks(shop, 'GET'), ['Access-Control-Request-Private-Network', 'true']],
      'PREFLIGHT_NOT_ALLOWED',
      'true',
    ],
  ]
  it.each(refused)('are refused for %s', async (_what, headers, code, observed) => {
    const result = await preflight(headers)
    expect(result).toMatchObject({ verdict: 'deny', status: 403, code })
    expect(result.evidence[0]).toMatchObject({ observed })
    const lenient = await preflight(headers, { ...config, disallowed: 'no-headers' })
    expect(lenient).toMatchObject({ verdict: 'respond', status: 204 })
    expect(lenient.response.headers.has('access-control-allow-methods')).toBe(false)
  })

  it('allow methods as browsers write them, however they are written here', async () => {
    const result = await preflight(asks(shop, 'PUT'), { origins: [shop], methods: ['put', 'Patch'] })
    expect(result.response.headers.get('access-control-allow-methods')).toBe('PUT, PATCH')
    expect((await preflight(asks(shop, 'put'), { origins: [shop], methods: ['put'] })).code).toBe(
      'PREFLIGHT_NOT_ALLOWED',
    )
  })

  it('empty names and spaces in the list of headers are nothing', async () => {
    expect(await preflight(asks(shop, 'GET', ' , x-trace ,,'))).toMatchObject({ verdict: 'respond' })
  })

  it('`*` for methods and headers gives back what was asked for, if it is a name', async () => {
    const all = { ...config, methods: ['*'], headers: ['*'] }
    const result = await preflight(asks(shop, 'PURGE', 'authorization,x-any'), all)
    expect(result.response.headers.get('access-control-allow-methods')).toBe('PURGE')
    expect(result.response.headers.get('access-control-allow-headers')).toBe('authorization, x-any')
    expect(await preflight(asks(shop, 'GET', 'x a'), all)).toMatchObject({ code: 'PREFLIGHT_NOT_ALLOWED' })
    expect(await preflight(asks(shop, 'GET\r\nX: y'), all)).toMatchObject({ code: 'PREFLIGHT_NOT_ALLOWED' })
  })

  it('a private network may be allowed', async () => {
    const headers = [...asks(shop, 'GET'), ['Access-Control-Request-Private-Network', 'true']] as const
    const result = await preflight(headers, { ...config, privateNetwork: true })
    expect(result.response.headers.get('access-control-allow-private-network')).toBe('true')
  })

  it('an OPTIONS request that asks for no method is a call like any other', async () => {
    const result = await preflight([['Origin', shop]])
    expect(result.verdict).toBe('pass')
    expect(result.response.headers.get('access-control-allow-origin')).toBe(shop)
  })

  it('come before authentication', async () => {
    const items = [{ cors: config }, { 'ip-restriction': { allow: ['10.0.0.0/8'] } }]
    expect(await judgeWith(items, { request: { method: 'OPTIONS', headers: asks(shop, 'GET') } })).toMatchObject({
      verdict: 'respond',
    })
  })
})

describe('the configuration of cors', () => {
  it.each([
    [{ origins: ['*'], credentials: true }, 'BAD_VALUE'],
    [{ origins: ['null'], credentials: true }, 'UNSAFE'],
    [{ origins: ['http://shop.example.com'], credentials: true }, 'UNSAFE'],
    [{ origins: [{ matches: 'https://.*' }], credentials: true }, 'UNSAFE'],
    [{ origins: [{ matches: 'https://.*example\\.com' }] }, 'UNSAFE'],
    [{ origins: [{ matches: 'https?://.*example\\.com' }] }, 'UNSAFE'],
    [{ origins: [{ matches: 'https://shop.example.com' }] }, 'UNSAFE'],
    [{ origins: [{ matches: 'https://(shop|www)\\.example\\.com.*' }] }, 'UNSAFE'],
    [{ origins: [shop], credentials: true, exposed: ['X-Total', '*'] }, 'UNUSED'],
    [{ origins: ['https://Shop.example.com'] }, 'BAD_ADDRESS'],
    [{ origins: ['https://shop.example.com/'] }, 'BAD_ADDRESS'],
    [{ origins: ['https://shop.example.com:443'] }, 'BAD_ADDRESS'],
    [{ origins: ['https://shop.example.com/path'] }, 'BAD_ADDRESS'],
    [{ origins: ['shop.example.com'] }, 'BAD_ADDRESS'],
    [{ origins: ['https://*'] }, 'BAD_ADDRESS'],
    [{ origins: ['https://*.com'] }, 'BAD_ADDRESS'],
    [{ origins: ['https://a*.example.com'] }, 'BAD_ADDRESS'],
    [{ origins: ['https://*.*.example.com'] }, 'BAD_ADDRESS'],
    [{ origins: [{ matches: '(' }] }, 'BAD_EXPRESSION'],
    [{ origins: [{ matches: '(?=x)' }] }, 'BAD_EXPRESSION'],
  ])('%j is a problem: %s', async (own, code) => {
    expect(loadPolicies({ cors: own }).problems).toEqual([expect.objectContaining({ code })])
    const result = await call('https://evil.example', own)
    expect(result.response.headers.get('access-control-allow-credentials')).not.toBe(
      (own.origins as unknown[]).includes('*') ? 'true' : 'x',
    )
  })

  it.each([
    [{ origins: ['http://localhost:3000', 'app://gatehouse', 'chrome-extension://abcdef'] }],
    [{ origins: [shop], credentials: true }],
    [{ origins: [{ matches: 'https://[a-z]+\\.example\\.com' }], credentials: true }],
    [{ origins: [{ matches: 'https://(.*\\.)?example\\.com(:[0-9]+)?' }], credentials: true }],
    [{ origins: [{ matches: 'https://(shop|www)\\.example\\.com' }] }],
    [{ origins: [{ matches: 'https://example.com' }] }],
    [{ origins: [shop], exposed: ['*'] }],
  ])('%j is fine', (own) => {
    expect(loadPolicies({ cors: own }).problems).toEqual([])
  })

  it.each([
    {},
    { origins: [] },
    { origins: [1] },
    { origins: ['*'], methods: ['G T'] },
    { origins: ['*'], headers: ['a:b'] },
  ])('the schema refuses %j', (own) => {
    expect(() => loadPolicies({ cors: own })).toThrow()
  })
})

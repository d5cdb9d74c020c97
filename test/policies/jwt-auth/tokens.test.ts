import { describe, expect, it } from 'vitest'
import { makeSharedToken, makeToken } from '../../facts/token-maker.ts'
import { call, goodClaims, goodToken, key, second, useIssuers, world } from './fixture.ts'

useIssuers()
const secret = 'a secret that is long enough for HS256, surely'

describe('a good token', () => {
  it('passes, and says who calls and how long the token lasts', async () => {
    const result = await call(makeToken(key, { ...goodClaims(), roles: ['editor'] }), { groupsClaim: 'roles' })
    expect(result).toMatchObject({ verdict: 'pass', problems: [] })
    expect(result.learned.consumer).toEqual({ name: 'ada', groups: ['editor'] })
    expect(result.learned.claims).toMatchObject({ sub: 'ada' })
    expect(result.trace[0]!.evidence).toEqual([
      {
        at: { in: 'claim', name: 'iss' },
        observed: world.issuer.url,
        detail: { algorithm: 'RS256', kid: 'a1', minutesLeft: 10 },
      },
    ])
  })

  it('is a consumer of the workspace when a claim is one of its subjects', async () => {
    const consumers = [{ name: 'mobile-app', groups: ['apps'], subjects: ['client-7'] }]
    const headers = { authorization: `bearer ${makeToken(key, { ...goodClaims(), azp: 'client-7' })}` }
    const named = await call(undefined, {}, { headers }, { consumers })
    expect(named.learned.consumer).toEqual({ name: 'mobile-app', groups: ['apps'] })
  })

  it('does not become a consumer by being called like one', async () => {
    const consumers = [{ name: 'ada', groups: ['owners'], subjects: [] }]
    const headers = { authorization: `Bearer ${makeToken(key, goodClaims())}` }
    const result = await call(undefined, {}, { headers }, { consumers })
    expect(result.learned.consumer).toEqual({ name: 'token:ada', groups: [] })
  })

  it('is judged without waiting from the second time on', async () => {
    const token = makeToken(key, goodClaims())
    await call(token)
    const before = world.issuer.requests.length
    expect((await call(token)).verdict).toBe('pass')
    expect(world.issuer.requests.length).toBe(before)
  })

  it('is recorded without its signature', async () => {
    const token = makeToken(key, goodClaims())
    const { facts: recorded } = await call(token)
    expect(recorded.map((fact) => fact.key)).toEqual([
      'token|header:authorization|Bearer',
      `signature|header:authorization|Bearer|issuer:${world.issuer.url}|RS256`,
    ])
    const text = JSON.stringify(recorded)
    for (const part of token.split('.')) expect(text).not.toContain(part)
  })
})

const severalIssuers = () => ({
  issuer: undefined,
  issuers: [
    { issuer: world.issuer.url, audience: 'books' },
    { issuer: world.other.url, jwks: world.other.jwksUrl, audience: 'mail', algorithms: ['ES256'] },
    { issuer: 'https://inline.example', keys: second.pem },
    { issuer: 'batch', secret },
  ],
})

describe('several issuers', () => {
  it.each([
    ['by discovery', () => makeToken(key, goodClaims()), 'pass'],
    ['by key set', () => makeToken(second, { ...goodClaims(), iss: world.other.url, aud: 'mail' }), 'pass'],
    [
      'by a key in the file',
      () => makeToken(second, { ...goodClaims(), iss: 'https://inline.example' }, { kid: undefined }),
      'pass',
    ],
    [
      'by a key in the file, which has no name as the token says',
      () => makeToken(second, { ...goodClaims(), iss: 'https://inline.example' }),
      'pass',
    ],
    ['by shared secret', () => makeSharedToken(secret, { ...goodClaims(), iss: 'batch' }), 'pass'],
    [
      'with the audience of the other',
      () => makeToken(second, { ...goodClaims(), iss: world.other.url }),
      'AUDIENCE_NOT_ALLOWED',
    ],
    ['with the keys of the other', () => makeToken(second, goodClaims()), 'ALGORITHM_OR_SIGNATURE'],
    ['with a shared secret where keys count', () => makeSharedToken(secret, goodClaims()), 'ALGORITHM_NOT_ALLOWED'],
  ])('a token %s', async (_name, token, wanted) => {
    const result = await call(token(), severalIssuers())
    if (wanted === 'pass') expect(result).toMatchObject({ verdict: 'pass', problems: [] })
    else if (wanted === 'ALGORITHM_OR_SIGNATURE') expect(result.code).toBe('SIGNATURE_INVALID')
    else expect(result.code).toBe(wanted)
  })
})

describe('where the token is', () => {
  it.each([
    ['another header', { in: { header: 'X-Token' } }, () => ({ headers: { 'x-token': goodToken() } })],
    [
      'a header with a scheme',
      { in: { header: 'X-Token', scheme: 'JWT' } },
      () => ({ headers: { 'x-token': `jwt ${goodToken()}` } }),
    ],
    ['a cookie', { in: { cookie: 'session' } }, () => ({ headers: { cookie: `a=1; session=${goodToken()}` } })],
    ['the query', { in: { query: 'access_token' } }, () => ({ url: `/books?x=1&access_token=${goodToken()}` })],
  ])('%s', async (_name, config, request) => {
    expect((await call(undefined, config, request())).verdict).toBe('pass')
  })

  it('warns of tokens in the URL', async () => {
    const { problems } = await call(undefined, { in: { query: 'access_token' } })
    expect(problems).toMatchObject([{ pointer: '/in/query', code: 'UNSAFE' }])
  })

  it('is taken out of the forwarded request when hidden', async () => {
    const request = { url: `/books?x=1&access_token=${goodToken()}&y=%20` }
    const result = await call(undefined, { in: { query: 'access_token' }, hide: true }, request)
    expect(result.request.query).toBe('x=1&y=%20')
  })
})

describe('claims for the upstream', () => {
  it('replace what the client sent, in every spelling', async () => {
    const headers = {
      authorization: `Bearer ${makeToken(key, { ...goodClaims(), name: 'Ada\r\nX-Admin: 1', roles: ['a', 'b'] })}`,
      'X-User': 'root',
      x_user: 'root',
      'x-tenant': 'root',
    }
    const forward = { 'X-User': 'sub', 'X-Name': 'name', 'X-Roles': 'roles', 'X-Tenant': 'tenant' }
    const { request } = await call(undefined, { forward }, { headers })
    expect(request.headers.all('x-user')).toEqual(['ada'])
    expect(request.headers.has('x_user')).toBe(false)
    expect(request.headers.has('x-tenant')).toBe(false)
    expect(request.headers.get('x-name')).toBe('Ada%0D%0AX-Admin%3A%201')
    expect(request.headers.get('x-roles')).toBe('a,b')
  })
})

describe('configurations that cannot work', () => {
  it.each<[string, object, object]>([
    ['nobody to trust', { issuer: undefined }, { pointer: '', code: 'MISSING_KEY' }],
    ['an issuer that is no address', { issuer: 'me' }, { pointer: '/issuer', code: 'BAD_ADDRESS' }],
    ['a secret with keys', { secret, keys: second.pem }, { pointer: '/secret', code: 'BAD_VALUE' }],
    ['HS256 with public keys', { algorithms: ['RS256', 'HS256'] }, { pointer: '/algorithms', code: 'BAD_VALUE' }],
    ['RS256 with a secret', { secret, algorithms: ['RS256'] }, { pointer: '/algorithms', code: 'BAD_VALUE' }],
    ['a short secret', { secret: 'hunter2' }, { pointer: '/secret', code: 'BAD_VALUE' }],
    [
      'a private key',
      { keys: '-----BEGIN PRIVATE KEY-----\nMIGH\n-----END PRIVATE KEY-----' },
      { pointer: '/keys', code: 'BAD_VALUE' },
    ],
    ['no key at all', { keys: ['hello'] }, { pointer: '/keys', code: 'BAD_VALUE' }],
    [
      'an expression that does not compile',
      { claims: { email: { matches: '(?<=a)' } } },
      { pointer: '/claims/email/matches', code: 'BAD_EXPRESSION' },
    ],
    ['keys over http', { jwks: 'http://keys.example/jwks', allowHttp: true }, { pointer: '/jwks', code: 'UNSAFE' }],
    ['a claim in Host', { forward: { Host: 'sub' } }, { pointer: '/forward/Host', code: 'BAD_VALUE' }],
  ])('%s', async (_name, config, problem) => {
    const { problems } = await call(undefined, config)
    expect(problems[0]).toMatchObject(problem)
    expect(JSON.stringify(problems)).not.toContain('hunter2')
  })
})

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createLiveFacts, type LiveFacts } from '../../gateway-core/facts/live.ts'
import { type IssuerServer, startIssuer } from '../facts/issuer-server.ts'
import { makeKey, makeSharedToken, makeToken } from '../facts/token-maker.ts'
import { type Given, judgeWith } from './harness.ts'

const now = Date.UTC(2026, 0, 15, 12)
const seconds = now / 1000
const keyring = { tag: (value: string) => `tag:${value.length}`, random: () => 0.5 }
const key = makeKey('a1', 'RS256')
const second = makeKey('b1', 'ES256')
const secret = 'a secret that is long enough for HS256, surely'

let issuer: IssuerServer
let other: IssuerServer
let facts: LiveFacts

beforeAll(async () => {
  issuer = await startIssuer([key])
  other = await startIssuer([second])
  facts = createLiveFacts({ key: keyring, now: () => now })
})
afterAll(() => Promise.all([issuer.stop(), other.stop()]))

const token = () => makeToken(key, goodClaims())
const goodClaims = () => ({ iss: issuer.url, aud: 'books', sub: 'ada', exp: seconds + 600, iat: seconds - 60 })

function call(token: string | undefined, config: object = {}, given: Given = {}) {
  const headers: [string, string][] = token === undefined ? [] : [['Authorization', `Bearer ${token}`]]
  return judgeWith({ 'jwt-auth': { issuer: issuer.url, ...config } }, { facts, now, request: { headers }, ...given })
}

function challengeOf(result: Awaited<ReturnType<typeof call>>): string | undefined {
  return result.response.headers.get('www-authenticate')
}

describe('a good token', () => {
  it('passes, and says who calls and how long the token lasts', async () => {
    const result = await call(makeToken(key, { ...goodClaims(), roles: ['editor'] }), { groupsClaim: 'roles' })
    expect(result).toMatchObject({ verdict: 'pass', problems: [] })
    expect(result.learned.consumer).toEqual({ name: 'ada', groups: ['editor'] })
    expect(result.learned.claims).toMatchObject({ sub: 'ada' })
    expect(result.trace[0]!.evidence).toEqual([
      {
        at: { in: 'claim', name: 'iss' },
        observed: issuer.url,
        detail: { algorithm: 'RS256', kid: 'a1', minutesLeft: 10 },
      },
    ])
  })

  it('is a consumer of the workspace when a claim is one of its subjects', async () => {
    const consumers = [{ name: 'mobile-app', groups: ['apps'], subjects: ['client-7'] }]
    const named = await call(
      makeToken(key, { ...goodClaims(), sub: undefined, azp: 'client-7' }),
      {},
      {
        facts,
        now,
        consumers,
        request: { headers: { authorization: `bearer ${makeToken(key, { ...goodClaims(), azp: 'client-7' })}` } },
      },
    )
    expect(named.learned.consumer).toEqual({ name: 'mobile-app', groups: ['apps'] })
  })

  it('does not become a consumer by being called like one', async () => {
    const consumers = [{ name: 'ada', groups: ['owners'], subjects: [] }]
    const headers = { authorization: `Bearer ${makeToken(key, goodClaims())}` }
    const result = await call(undefined, {}, { facts, now, consumers, request: { headers } })
    expect(result.learned.consumer).toEqual({ name: 'token:ada', groups: [] })
  })

  it('is judged without waiting from the second time on', async () => {
    const token = makeToken(key, goodClaims())
    await call(token)
    const before = issuer.requests.length
    expect((await call(token)).verdict).toBe('pass')
    expect(issuer.requests.length).toBe(before)
  })

  it('is recorded without its signature', async () => {
    const token = makeToken(key, goodClaims())
    const { facts: recorded } = await call(token)
    expect(recorded.map((fact) => fact.key)).toEqual([
      'token|header:authorization|Bearer',
      `signature|header:authorization|Bearer|issuer:${issuer.url}|RS256`,
    ])
    const text = JSON.stringify(recorded)
    for (const part of token.split('.')) expect(text).not.toContain(part)
  })
})

describe('what is denied, and how it is explained', () => {
  const cases: [name: string, token: () => string | undefined, config: object, code: string, evidence: object][] = [
    ['no token', () => undefined, {}, 'TOKEN_MISSING', { observed: null, expected: 'Bearer and a token (JWT)' }],
    ['not a token', () => 'abc', {}, 'TOKEN_MALFORMED', { observed: 'it does not have three parts' }],
    [
      'expired',
      () => makeToken(key, { ...goodClaims(), exp: seconds - 720 }),
      {},
      'TOKEN_EXPIRED',
      {
        at: { in: 'claim', name: 'exp' },
        observed: 'expired 12 min ago at 2026-01-15T11:48:00Z',
        expected: 'a time after 2026-01-15T12:00:00Z (clocks may differ by 30 s)',
      },
    ],
    [
      'not yet valid',
      () => makeToken(key, { ...goodClaims(), nbf: seconds + 3600 }),
      {},
      'TOKEN_NOT_YET_VALID',
      { at: { in: 'claim', name: 'nbf' }, observed: 'becomes valid 1 h from now at 2026-01-15T13:00:00Z' },
    ],
    [
      'issued in the future',
      () => makeToken(key, { ...goodClaims(), iat: seconds + 31 }),
      {},
      'TOKEN_NOT_YET_VALID',
      { at: { in: 'claim', name: 'iat' } },
    ],
    [
      'without expiry',
      () => makeToken(key, { ...goodClaims(), exp: undefined }),
      {},
      'EXPIRY_MISSING',
      { observed: null },
    ],
    [
      'expiry that is a text',
      () => makeToken(key, { ...goodClaims(), exp: '9999999999' }),
      {},
      'TOKEN_MALFORMED',
      { at: { in: 'claim', name: 'exp' }, observed: 'a string' },
    ],
    [
      'expiry beyond time',
      () => makeToken(key, { ...goodClaims(), exp: 1e300 }),
      {},
      'TOKEN_MALFORMED',
      { at: { in: 'claim', name: 'exp' } },
    ],
    [
      'too old',
      () => makeToken(key, { ...goodClaims(), iat: seconds - 7200 }),
      { maxAge: '1h' },
      'TOKEN_TOO_OLD',
      { observed: 'issued 2 h ago at 2026-01-15T10:00:00Z', expected: 'at most 1 h ago (clocks may differ by 30 s)' },
    ],
    [
      'age unknown',
      () => makeToken(key, { ...goodClaims(), iat: undefined }),
      { maxAge: '1h' },
      'CLAIM_MISSING',
      { at: { in: 'claim', name: 'iat' } },
    ],
    [
      'another audience',
      () => makeToken(key, goodClaims()),
      { audience: ['billing', 'mail'] },
      'AUDIENCE_NOT_ALLOWED',
      { observed: 'books', expected: 'billing or mail' },
    ],
    [
      'no audience',
      () => makeToken(key, { ...goodClaims(), aud: undefined }),
      { audience: 'books' },
      'AUDIENCE_NOT_ALLOWED',
      { observed: null },
    ],
    [
      'another issuer',
      () => makeToken(key, { ...goodClaims(), iss: 'https://evil.example' }),
      {},
      'ISSUER_NOT_ALLOWED',
      { observed: 'https://evil.example' },
    ],
    [
      'a slash too many',
      () => makeToken(key, { ...goodClaims(), iss: `${issuer.url}/` }),
      {},
      'ISSUER_NOT_ALLOWED',
      { expected: expect.stringContaining('differ in the slash') as unknown },
    ],
    [
      'an algorithm not listed',
      () => makeToken(key, goodClaims()),
      { algorithms: ['ES256', 'EdDSA'] },
      'ALGORITHM_NOT_ALLOWED',
      { observed: 'RS256', expected: 'alg ES256 or EdDSA' },
    ],
    [
      'a type made for something else',
      () => makeToken(key, goodClaims(), { typ: 'logout+jwt' }),
      {},
      'TYPE_NOT_ALLOWED',
      { observed: 'logout+jwt' },
    ],
    ['no type where one is required', () => makeToken(key, goodClaims()), { typ: 'at+jwt' }, 'TYPE_NOT_ALLOWED', {}],
    [
      'a critical header',
      () => makeToken(key, goodClaims(), { crit: ['exp'] }),
      {},
      'CRITICAL_HEADER_UNKNOWN',
      { observed: ['exp'] },
    ],
    [
      'a scope missing',
      () => makeToken(key, { ...goodClaims(), scope: 'books:read mail' }),
      { scopes: ['books:read', 'books:write'] },
      'SCOPE_MISSING',
      { observed: 'books:read mail', expected: 'also books:write' },
    ],
    [
      'none of several scopes',
      () => makeToken(key, { ...goodClaims(), scp: ['mail'] }),
      { anyScope: ['books:read', 'books:write'] },
      'SCOPE_MISSING',
      { at: { in: 'claim', name: 'scp' }, expected: 'one of books:read, books:write' },
    ],
    [
      'a claim missing',
      () => makeToken(key, goodClaims()),
      { claims: { tenant: 'acme' } },
      'CLAIM_MISSING',
      { at: { in: 'claim', name: 'tenant' }, expected: '"acme"' },
    ],
    [
      'a claim of another type',
      () => makeToken(key, { ...goodClaims(), level: '3' }),
      { claims: { level: 3 } },
      'CLAIM_NOT_ALLOWED',
      { observed: '3', expected: '3' },
    ],
    [
      'an e-mail elsewhere',
      () => makeToken(key, { ...goodClaims(), email: 'ada@example.com.evil.example' }),
      { claims: { email: { matches: '.*@example\\.com' } } },
      'CLAIM_NOT_ALLOWED',
      {},
    ],
    [
      'a nested list without the role',
      () => makeToken(key, { ...goodClaims(), realm_access: { roles: ['reader'] } }),
      { claims: { 'realm_access.roles': { contains: 'editor' } } },
      'CLAIM_NOT_ALLOWED',
      { observed: ['reader'], expected: 'a list with "editor"' },
    ],
    [
      'a claim that must not be there',
      () => makeToken(key, { ...goodClaims(), act: { sub: 'x' } }),
      { claims: { act: { present: false } } },
      'CLAIM_NOT_ALLOWED',
      {},
    ],
  ]

  it.each(cases)('%s', async (_name, token, config, code, evidence) => {
    const made = token()
    const result = await call(made, config)
    expect(result).toMatchObject({ verdict: 'deny', code, problems: [] })
    expect(result.evidence[0]).toMatchObject(evidence)
    const text = JSON.stringify([result.trace, result.response.headers.raw])
    for (const part of made?.split('.') ?? []) if (part.length > 8) expect(text).not.toContain(part)
  })

  it('answers 401 and 403 with the challenge of RFC 6750', async () => {
    const config = { scopes: ['books:read'], realm: 'books' }
    expect(challengeOf(await call(undefined, config))).toBe('Bearer realm="books", scope="books:read"')
    expect(challengeOf(await call(makeToken(key, { ...goodClaims(), exp: 1 }), config))).toBe(
      'Bearer realm="books", error="invalid_token", error_description="Token expired"',
    )
    const scope = await call(makeToken(key, goodClaims()), config)
    expect(scope.status).toBe(403)
    expect(challengeOf(scope)).toBe(
      'Bearer realm="books", error="insufficient_scope", error_description="Scope missing", scope="books:read"',
    )
  })

  it('says that another scheme stands there, or several tokens', async () => {
    const basic = await call(undefined, {}, { facts, now, request: { headers: { authorization: 'Basic YTpi' } } })
    expect(basic.evidence[0]).toMatchObject({ observed: 'the scheme Basic' })
    const twice: [string, string][] = [
      ['authorization', `Bearer ${makeToken(key, goodClaims())}`],
      ['Authorization', `Bearer ${makeToken(key, goodClaims())}`],
    ]
    const several = await call(undefined, {}, { facts, now, request: { headers: twice } })
    expect(several).toMatchObject({ code: 'TOKEN_AMBIGUOUS', evidence: [{ observed: '2 values' }] })
  })

  it('says 503 with the reason when the keys cannot be had', async () => {
    const closed = await startIssuer([key])
    await closed.stop()
    const token = makeToken(key, { ...goodClaims(), iss: closed.url })
    const result = await call(token, { issuer: closed.url })
    expect(result).toMatchObject({ status: 503, code: 'KEYS_UNAVAILABLE' })
    expect(result.evidence[0]!.observed).toContain('ECONNREFUSED')
    expect(result.response.headers.get('retry-after')).toBe('10')
  })
})

describe('several issuers', () => {
  const config = () => ({
    issuer: undefined,
    issuers: [
      { issuer: issuer.url, audience: 'books' },
      { issuer: other.url, jwks: other.jwksUrl, audience: 'mail', algorithms: ['ES256'] },
      { issuer: 'https://inline.example', keys: second.pem },
      { issuer: 'batch', secret },
    ],
  })

  it.each([
    ['by discovery', () => makeToken(key, goodClaims()), 'pass'],
    ['by key set', () => makeToken(second, { ...goodClaims(), iss: other.url, aud: 'mail' }), 'pass'],
    [
      'by a key in the file',
      () => makeToken(second, { ...goodClaims(), iss: 'https://inline.example' }, { kid: undefined }),
      'pass',
    ],
    ['by shared secret', () => makeSharedToken(secret, { ...goodClaims(), iss: 'batch' }), 'pass'],
    [
      'with the audience of the other',
      () => makeToken(second, { ...goodClaims(), iss: other.url }),
      'AUDIENCE_NOT_ALLOWED',
    ],
    ['with the keys of the other', () => makeToken(second, goodClaims()), 'ALGORITHM_OR_SIGNATURE'],
    ['with a shared secret where keys count', () => makeSharedToken(secret, goodClaims()), 'ALGORITHM_NOT_ALLOWED'],
  ])('a token %s', async (_name, token, wanted) => {
    const result = await call(token(), config())
    if (wanted === 'pass') expect(result).toMatchObject({ verdict: 'pass', problems: [] })
    else if (wanted === 'ALGORITHM_OR_SIGNATURE') expect(result.code).toBe('SIGNATURE_INVALID')
    else expect(result.code).toBe(wanted)
  })
})

describe('where the token is', () => {
  it.each([
    ['another header', { in: { header: 'X-Token' } }, () => ({ headers: { 'x-token': token() } })],
    [
      'a header with a scheme',
      { in: { header: 'X-Token', scheme: 'JWT' } },
      () => ({ headers: { 'x-token': `jwt ${token()}` } }),
    ],
    ['a cookie', { in: { cookie: 'session' } }, () => ({ headers: { cookie: `a=1; session=${token()}` } })],
    ['the query', { in: { query: 'access_token' } }, () => ({ url: `/books?x=1&access_token=${token()}` })],
  ])('%s', async (_name, config, request) => {
    expect((await call(undefined, config, { facts, now, request: request() })).verdict).toBe('pass')
  })

  it('warns of tokens in the URL', async () => {
    const { problems } = await call(undefined, { in: { query: 'access_token' } })
    expect(problems).toMatchObject([{ pointer: '/in/query', code: 'UNSAFE' }])
  })

  it('is taken out of the forwarded request when hidden', async () => {
    const request = { url: `/books?x=1&access_token=${token()}&y=%20` }
    const result = await call(undefined, { in: { query: 'access_token' }, hide: true }, { facts, now, request })
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
    const { request } = await call(undefined, { forward }, { facts, now, request: { headers } })
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

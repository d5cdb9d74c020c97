import { createSecretKey } from 'node:crypto'
import { encodedPart, signatureOf } from '../facts/jws.ts'
import type { LabAlgorithm, LabKeys } from './lab-keys.ts'

/** Header and claims of a token (RFC 7519). Members that are undefined are left out. */
export interface TokenParts {
  header: Readonly<Record<string, unknown>>
  claims: Readonly<Record<string, unknown>>
}

/** A compact JWS signed by one of the lab's keys; `alg` and `kid` of the header are set unless they are given. */
export function signToken({ header, claims }: TokenParts, algorithm: LabAlgorithm, keys: LabKeys): string {
  const whole = { alg: algorithm, kid: keys.kid(algorithm), typ: 'JWT', ...header }
  const input = `${encodedPart(whole)}.${encodedPart(claims)}`
  return `${input}.${signatureOf(input, algorithm, keys.privateKey(algorithm)).toString('base64url')}`
}

/** A compact JWS under a shared secret (HS256), whatever its header says. */
export function hmacToken({ header, claims }: TokenParts, secret: Uint8Array): string {
  const input = `${encodedPart(header)}.${encodedPart(claims)}`
  return `${input}.${signatureOf(input, 'HS256', createSecretKey(secret)).toString('base64url')}`
}

import { createHash, createPublicKey, type KeyObject, randomUUID } from 'node:crypto'
import { encodedPart, signatureOf } from '../facts/jws.ts'

/** A key that a token is bound to (RFC 9449): proofs are made with it. */
export interface ProofKey {
  key: KeyObject
  /** Public half, as it stands in a proof's header. */
  jwk: Readonly<Record<string, unknown>>
  /** RFC 7638 thumbprint: the token's `cnf.jkt`. */
  thumbprint: string
}

/** The proof key of a private key on P-256. */
export function proofKeyOf(privateKey: KeyObject): ProofKey {
  const { kty, crv, x, y } = createPublicKey(privateKey).export({ format: 'jwk' })
  // RFC 7638 §3: the required members in this order, without spaces.
  const canonical = JSON.stringify({ crv, kty, x, y })
  const thumbprint = createHash('sha256').update(canonical).digest('base64url')
  return { key: privateKey, jwk: { kty, crv, x, y }, thumbprint }
}

/** A DPoP proof (RFC 9449 §4.2) for one request; `url` without query and fragment is what it names. */
export function dpopProof(
  proof: ProofKey,
  request: { method: string; url: string; token?: string; nonce?: string },
  now: number,
): string {
  const { origin, pathname } = new URL(request.url)
  const claims = {
    jti: randomUUID(),
    htm: request.method,
    htu: `${origin}${pathname}`,
    iat: Math.floor(now / 1000),
    ...(request.token && { ath: createHash('sha256').update(request.token).digest('base64url') }),
    ...(request.nonce && { nonce: request.nonce }),
  }
  const input = `${encodedPart({ typ: 'dpop+jwt', alg: 'ES256', jwk: proof.jwk })}.${encodedPart(claims)}`
  return `${input}.${signatureOf(input, 'ES256', proof.key).toString('base64url')}`
}

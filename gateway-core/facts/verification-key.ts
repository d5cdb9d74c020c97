import {
  constants,
  createHmac,
  createSecretKey,
  KeyObject,
  timingSafeEqual,
  verify as verifySignature,
} from 'node:crypto'
import { importJWK, type JWK } from 'jose'
import type { CompactJws } from './token.ts'
import { isRoca } from './roca.ts'

/** How each signature algorithm (RFC 7518 §3, RFC 8037, RFC 9864) is verified, and which keys fit it. */
interface Algorithm {
  readonly kty: 'RSA' | 'EC' | 'OKP' | 'oct'
  readonly curve?: string
  /** Digest; null where the algorithm brings its own. */
  readonly hash: string | null
  /** Exact length of a signature in bytes, where the algorithm fixes it. */
  readonly length?: number
  readonly pss?: true
}

export const algorithms: Readonly<Record<string, Algorithm>> = {
  RS256: { kty: 'RSA', hash: 'sha256' },
  RS384: { kty: 'RSA', hash: 'sha384' },
  RS512: { kty: 'RSA', hash: 'sha512' },
  PS256: { kty: 'RSA', hash: 'sha256', pss: true },
  PS384: { kty: 'RSA', hash: 'sha384', pss: true },
  PS512: { kty: 'RSA', hash: 'sha512', pss: true },
  ES256: { kty: 'EC', curve: 'P-256', hash: 'sha256', length: 64 },
  ES384: { kty: 'EC', curve: 'P-384', hash: 'sha384', length: 96 },
  ES512: { kty: 'EC', curve: 'P-521', hash: 'sha512', length: 132 },
  EdDSA: { kty: 'OKP', curve: 'Ed25519', hash: null, length: 64 },
  Ed25519: { kty: 'OKP', curve: 'Ed25519', hash: null, length: 64 },
  HS256: { kty: 'oct', hash: 'sha256', length: 32 },
  HS384: { kty: 'oct', hash: 'sha384', length: 48 },
  HS512: { kty: 'oct', hash: 'sha512', length: 64 },
}

/** A key ready to verify with. */
export interface VerificationKey {
  readonly kid: string | undefined
  /** The algorithms it may be used with: its own `alg`, else all that fit its type and curve. */
  readonly algorithms: ReadonlySet<string>
  readonly key: KeyObject
}

/**
 * Makes a key of a JWK (RFC 7517), or says why it is not one to verify with: made for encryption, too short, of a type
 * or curve that no algorithm here uses, or known to be weak.
 */
export async function importKey(
  jwk: Readonly<Record<string, unknown>>,
): Promise<VerificationKey | { refused: string }> {
  const { kty, crv, alg, use, key_ops: operations, kid } = jwk
  if (kid !== undefined && typeof kid !== 'string') return { refused: 'its kid is not a text' }
  if (use !== undefined && use !== 'sig')
    return { refused: `its use is ${JSON.stringify(use).slice(0, 64)}, not "sig"` }
  if (operations !== undefined && !(Array.isArray(operations) && operations.includes('verify'))) {
    return { refused: 'its key_ops do not allow "verify"' }
  }
  const fitting = Object.keys(algorithms).filter((name) => {
    const algorithm = algorithms[name]!
    return algorithm.kty === kty && (algorithm.curve === undefined || algorithm.curve === crv)
  })
  const usable = alg === undefined ? fitting : fitting.filter((name) => name === alg)
  if (usable.length === 0) {
    const what = [kty, crv, alg].filter((part) => part !== undefined).map((part) => JSON.stringify(part).slice(0, 64))
    return { refused: `no signature algorithm fits ${what.join(' ') || 'it'}` }
  }
  const key = await keyObject(jwk, usable[0]!)
  if (!key) return { refused: 'its parameters do not make a key' }
  return kty === 'oct' ? shared(key, kid, usable) : checked(key, kid, usable, jwk)
}

/** Imported by jose; without the private part, should somebody have published it. */
async function keyObject(jwk: Readonly<Record<string, unknown>>, algorithm: string): Promise<KeyObject | undefined> {
  const { kty, crv, x, y, n, e, k } = jwk
  try {
    const imported = await importJWK({ kty, crv, x, y, n, e, k } as JWK, algorithm)
    return imported instanceof Uint8Array ? createSecretKey(imported) : KeyObject.from(imported)
  } catch {
    return undefined
  }
}

function shared(
  key: KeyObject,
  kid: string | undefined,
  usable: readonly string[],
): VerificationKey | { refused: string } {
  // RFC 7518 §3.2: a key of the hash's size or longer.
  const long = usable.filter((name) => key.symmetricKeySize! >= algorithms[name]!.length!)
  if (long.length > 0) return { kid, algorithms: new Set(long), key }
  return { refused: `it is too short for ${usable[0]!}: ${algorithms[usable[0]!]!.length!} bytes are needed` }
}

function checked(
  key: KeyObject,
  kid: string | undefined,
  usable: readonly string[],
  jwk: Readonly<Record<string, unknown>>,
): VerificationKey | { refused: string } {
  if (jwk['kty'] === 'RSA') {
    const { modulusLength = 0, publicExponent = 0n } = key.asymmetricKeyDetails ?? {}
    if (modulusLength < 2048) return { refused: `it has ${modulusLength} bits; 2048 are the least (RFC 7518 §3.3)` }
    if (modulusLength > 16_384) return { refused: `it has ${modulusLength} bits; 16384 are the most` }
    if (publicExponent < 3n || publicExponent % 2n === 0n) return { refused: 'its public exponent is not a sound one' }
    if (isRoca(Buffer.from(String(jwk['n']), 'base64url'))) {
      return { refused: 'it comes from a faulty generator and can be factored (CVE-2017-15361)' }
    }
  }
  return { kid, algorithms: new Set(usable), key }
}

/** Whether the signature of a token is right under the key. The caller has checked that key and algorithm belong together. */
export function verifies(jws: CompactJws, name: string, { key }: VerificationKey): boolean {
  const { hash, length, pss, kty } = algorithms[name]!
  if (length !== undefined && jws.signature.length !== length) return false
  const input = Buffer.from(jws.signingInput, 'latin1')
  if (kty === 'oct') return timingSafeEqual(createHmac(hash!, key).update(input).digest(), jws.signature)
  if (pss) {
    const padding = constants.RSA_PKCS1_PSS_PADDING
    const saltLength = constants.RSA_PSS_SALTLEN_DIGEST
    return verifySignature(hash, input, { key, padding, saltLength }, jws.signature)
  }
  if (kty === 'EC') return verifySignature(hash, input, { key, dsaEncoding: 'ieee-p1363' }, jws.signature)
  return verifySignature(hash, input, key, jws.signature)
}

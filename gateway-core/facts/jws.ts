import { constants, createHmac, type KeyObject, sign } from 'node:crypto'

/** Base64url of a JSON value, as parts of a compact token are written (RFC 7515 §3.1). */
export function encodedPart(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}

/**
 * Signs as an algorithm of JSON Web Signatures says (RFC 7518 §3.1, RFC 8037): `HS256` … `ES512`, `EdDSA`. The key has to
 * be of its kind. Tokens that are made here are for tests and for trying policies; the gateway itself only verifies.
 */
export function signatureOf(input: string, algorithm: string, key: KeyObject): Buffer {
  const bytes = Buffer.from(input)
  const hash = `sha${algorithm.slice(2)}`
  switch (algorithm.slice(0, 2)) {
    case 'HS':
      return createHmac(hash, key).update(bytes).digest()
    case 'RS':
      return sign(hash, bytes, key)
    case 'PS': {
      const { RSA_PKCS1_PSS_PADDING: padding, RSA_PSS_SALTLEN_DIGEST: saltLength } = constants
      return sign(hash, bytes, { key, padding, saltLength })
    }
    case 'ES':
      return sign(hash, bytes, { key, dsaEncoding: 'ieee-p1363' })
    default:
      return sign(null, bytes, key)
  }
}

import { createHash, createPublicKey } from 'node:crypto'

/** A JSON Web Key (RFC 7517). */
export type Jwk = Readonly<Record<string, unknown>>

/** Keys as a person writes them, or what is wrong with the text. */
export type KeyReading = { keys: readonly Jwk[] } | { problem: string; suggestion: string }

/**
 * Reads public keys as they stand in a workspace: PEM (public key or certificate, one or several), a JWK or a JWK set as
 * JSON or as a YAML mapping. Private keys and shared secrets are refused: they have no business here.
 */
export function readPublicKeys(written: string | Jwk): KeyReading {
  if (typeof written !== 'string') return readJwks(written)
  const text = written.trim()
  if (text.startsWith('-----BEGIN ')) return readPem(text)
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return readJwks(value as Jwk)
  } catch {
    // Neither PEM nor JSON: said below, without the text, which may be a secret.
  }
  return { problem: 'this is not a public key', suggestion: 'write a PEM block, a JWK, or ${file:keys/issuer.pem}' }
}

/** Names a list of keys by its content, whatever the order of members. */
export function keysId(keys: readonly Jwk[]): string {
  const canonical = keys.map((key) => Object.entries(key).sort(([a], [b]) => (a < b ? -1 : 1)))
  return createHash('sha256').update(JSON.stringify(canonical)).digest('base64url').slice(0, 22)
}

function readJwks(value: Jwk): KeyReading {
  const listed = value['keys']
  const keys = (Array.isArray(listed) ? listed : [value]) as readonly Jwk[]
  for (const key of keys) {
    if (typeof key !== 'object' || key === null || typeof key['kty'] !== 'string') {
      return { problem: 'this is not a JWK: it has no kty', suggestion: 'write {kty: …, …} as RFC 7517 says' }
    }
    if (key['kty'] === 'oct') {
      return { problem: 'this key is a shared secret', suggestion: 'write it as secret: "${secret:…}"' }
    }
    if (key['d'] !== undefined) return privateKey
    try {
      createPublicKey({ key, format: 'jwk' })
    } catch {
      return { problem: 'this JWK does not make a public key', suggestion: 'copy it again from its issuer' }
    }
  }
  return keys.length > 0 ? { keys } : { problem: 'this JWK set is empty', suggestion: 'write at least one key' }
}

function readPem(text: string): KeyReading {
  if (/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(text)) return privateKey
  const blocks = text.match(/-----BEGIN ([A-Z0-9 ]+)-----[\s\S]*?-----END \1-----/g) ?? []
  try {
    const keys = blocks.map((block) => createPublicKey(block).export({ format: 'jwk' }) as Jwk)
    if (keys.length > 0) return { keys }
  } catch {
    // Said below.
  }
  return {
    problem: 'this PEM block does not hold a public key',
    suggestion: 'write a PUBLIC KEY or a CERTIFICATE block',
  }
}

const privateKey: KeyReading = {
  problem: 'a private key stands here, and verifying needs the public one only',
  suggestion: 'make the public one with: openssl pkey -in private.pem -pubout',
}

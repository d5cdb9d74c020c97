import { generateKeyPair, type JsonWebKey, randomBytes, randomUUID } from 'node:crypto'
import { chmodSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { promisify } from 'node:util'

/** A private RSA signing key as a JSON Web Key (RFC 7517). */
export type SigningKey = JsonWebKey & { kid: string; alg: 'RS256'; use: 'sig' }

/** What the identity provider must remember between two starts. The first key signs; the others only verify. */
export interface KeyRing {
  signing: [SigningKey, ...SigningKey[]]
  cookies: string[]
}

/** Reads the key ring, or makes one with a fresh key and writes it readable by its owner alone (mode 0600). */
export async function openKeyRing(file: string): Promise<KeyRing> {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as KeyRing
  } catch (error) {
    const problem = error as NodeJS.ErrnoException
    if (problem.code !== 'ENOENT') {
      throw new Error(`${file} cannot be read as a key ring (${problem.message}). Delete it: a new one is made.`, {
        cause: error,
      })
    }
  }
  const ring: KeyRing = { signing: [await newSigningKey()], cookies: [randomBytes(32).toString('base64url')] }
  saveKeyRing(file, ring)
  return ring
}

/** Writes the ring beside its place and moves it there, so that a crash never leaves half a file. */
export function saveKeyRing(file: string, ring: KeyRing): void {
  mkdirSync(dirname(file), { recursive: true })
  const draft = `${file}.${process.pid}.new`
  writeFileSync(draft, JSON.stringify(ring), { mode: 0o600 })
  chmodSync(draft, 0o600)
  renameSync(draft, file)
}

/**
 * Puts a fresh key in front. The key before it stays published, so that tokens it signed verify until they expire,
 * unless `retireOld` asks for what an operator does after a leak: every older key is gone at once.
 */
export async function rotateKeyRing(ring: KeyRing, retireOld: boolean): Promise<KeyRing> {
  const fresh = await newSigningKey()
  return { ...ring, signing: retireOld ? [fresh] : [fresh, ring.signing[0]] }
}

async function newSigningKey(): Promise<SigningKey> {
  const { privateKey } = await promisify(generateKeyPair)('rsa', { modulusLength: 2048 })
  return { ...privateKey.export({ format: 'jwk' }), kid: randomUUID(), alg: 'RS256', use: 'sig' }
}

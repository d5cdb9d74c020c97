import { quoted } from './json-object.ts'
import type { CompactJws } from './token.ts'
import { importKey, type VerificationKey, verifies } from './verification-key.ts'

/** Most keys that are tried for one token: without a kid every fitting key is a candidate. */
const maxCandidates = 8
const maxKeys = 100

/** Keys as they were at one time; a new loading makes a new object, whose identity says so. */
export class KeySet {
  readonly keys: readonly VerificationKey[]
  /** Which keys were left out and why, for people. */
  readonly problems: readonly string[]

  constructor(keys: readonly VerificationKey[], problems: readonly string[]) {
    this.keys = keys
    this.problems = problems
  }

  /**
   * Imports a JWK set (RFC 7517 §5). Keys that cannot verify are left out, with the reason in `problems`. A shared secret
   * is taken only where `secrets` says so (never from an address), and then every key has to be one: a set that mixes
   * both kinds lets a public key be used as a secret (RFC 8725 §2.1).
   */
  static async import(jwks: readonly unknown[], secrets: 'none' | 'only'): Promise<KeySet> {
    const keys: VerificationKey[] = []
    const problems: string[] = []
    for (const [at, jwk] of jwks.slice(0, maxKeys).entries()) {
      const imported = await importOne(jwk, secrets)
      if ('refused' in imported) problems.push(`key ${nameOf(jwk, at)} is left out: ${imported.refused}`)
      else keys.push(imported)
    }
    if (jwks.length > maxKeys) problems.push(`only the first ${maxKeys} of ${jwks.length} keys are used`)
    return new KeySet(keys, problems)
  }

  /** Whether a key with that id is there. */
  has(kid: string): boolean {
    return this.keys.some((key) => key.kid === kid)
  }

  /**
   * Verifies a token with the key that its `kid` names; where it names none, with each key that fits the algorithm, and
   * where no key has that name, with the keys that have no name at all (a PEM file has none).
   * Only keys of this set count: `jwk`, `jku`, `x5c` and `x5u` of the token are never looked at (RFC 8725 §3.10).
   */
  verify(jws: CompactJws, algorithm: string): { valid: true; kid?: string } | { valid: false; reason: string } {
    if (jws.header['alg'] !== algorithm) return invalid('the token names another algorithm')
    const kid = jws.header['kid'] as string | undefined
    const named = this.#named(kid)
    if (named.length === 0) return invalid(kid === undefined ? 'there is no key' : `no key with kid ${quoted(kid)}`)
    const fitting = named.filter((key) => key.algorithms.has(algorithm))
    if (fitting.length === 0) {
      return invalid(
        kid === undefined ? `no key for ${algorithm}` : `the key for kid ${quoted(kid)} is not for ${algorithm}`,
      )
    }
    if (kid !== undefined && fitting.length > 1 && fitting[0]!.kid === kid)
      return invalid(`several keys have the kid ${quoted(kid)}`)
    const right = fitting.slice(0, maxCandidates).find((key) => verifies(jws, algorithm, key))
    if (!right) return invalid('the signature does not match')
    return right.kid === undefined ? { valid: true } : { valid: true, kid: right.kid }
  }

  #named(kid: string | undefined): readonly VerificationKey[] {
    if (kid === undefined) return this.keys
    const named = this.keys.filter((key) => key.kid === kid)
    return named.length > 0 ? named : this.keys.filter((key) => key.kid === undefined)
  }
}

async function importOne(jwk: unknown, secrets: 'none' | 'only'): Promise<VerificationKey | { refused: string }> {
  if (typeof jwk !== 'object' || jwk === null || Array.isArray(jwk)) return { refused: 'it is not a JSON object' }
  const isSecret = (jwk as { kty?: unknown }).kty === 'oct'
  if (isSecret && secrets === 'none')
    return { refused: 'it is a shared secret, and only public keys are taken from here' }
  if (!isSecret && secrets === 'only') return { refused: 'it is a public key among shared secrets' }
  return importKey(jwk as Record<string, unknown>)
}

function nameOf(jwk: unknown, at: number): string {
  const kid = (jwk as { kid?: unknown } | null)?.kid
  return typeof kid === 'string' ? quoted(kid) : `number ${at + 1}`
}

function invalid(reason: string): { valid: false; reason: string } {
  return { valid: false, reason }
}

import { createPrivateKey, createPublicKey, generateKeyPairSync, type JsonWebKey, type KeyObject } from 'node:crypto'
import { chmod, mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { type ProofKey, proofKeyOf } from './dpop.ts'

/** Algorithms that the lab signs with. */
export const labAlgorithms = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'EdDSA'] as const
export type LabAlgorithm = (typeof labAlgorithms)[number]

type Kind = 'rsa' | 'ec' | 'ed25519'
const kinds: readonly Kind[] = ['rsa', 'ec', 'ed25519']
/** A token that is bound to a key names this one: it is no key of the issuer. */
const proof = 'proof'

/** The keys of the local issuer: made for one workspace, trusted by nobody until a person says so. */
export class LabKeys {
  readonly #keys: ReadonlyMap<Kind, KeyObject>
  readonly #proof: ProofKey

  private constructor(keys: Kept) {
    this.#keys = keys.issuer
    this.#proof = proofKeyOf(keys.proof)
  }

  /** Reads them from `.gatehouse/token-lab.json` (mode 0600), or makes them. Rejects where the folder cannot be written. */
  static async of(folder: string): Promise<LabKeys> {
    const file = join(folder, '.gatehouse', 'token-lab.json')
    const kept = await readKeys(file)
    if (kept) return new LabKeys(kept)
    // Who kept keys before there was one for proofs keeps those of the issuer.
    const keys = { ...freshKeys(), ...(await readIssuer(file)) }
    await mkdir(dirname(file), { recursive: true, mode: 0o700 })
    const written = Object.fromEntries(
      [...keys.issuer, [proof, keys.proof] as const].map(([kind, key]) => [kind, key.export({ format: 'jwk' })]),
    )
    // Written beside and renamed, so that nobody reads half a file; another process that was faster wins.
    const beside = `${file}.${process.pid}`
    await writeFile(beside, JSON.stringify(written), { mode: 0o600 })
    await chmod(beside, 0o600)
    await rename(beside, file)
    return new LabKeys((await readKeys(file)) ?? keys)
  }

  /** Keys that live in memory only: an attacker's. */
  static fresh(): LabKeys {
    return new LabKeys(freshKeys())
  }

  privateKey(algorithm: LabAlgorithm): KeyObject {
    return this.#keys.get(kindOf(algorithm))!
  }

  /** The key that tokens are bound to where that is asked for (RFC 9449), and that makes their proofs. */
  proofKey(): ProofKey {
    return this.#proof
  }

  kid(algorithm: LabAlgorithm): string {
    return `gatehouse-lab-${kindOf(algorithm)}`
  }

  /** The public halves as a JWK set (RFC 7517). */
  jwks(): Readonly<Record<string, unknown>>[] {
    return [...this.#keys].map(([kind, key]) => ({
      ...createPublicKey(key as never).export({ format: 'jwk' }),
      kid: `gatehouse-lab-${kind}`,
      use: 'sig',
    }))
  }
}

function kindOf(algorithm: LabAlgorithm): Kind {
  if (algorithm === 'EdDSA') return 'ed25519'
  return algorithm.startsWith('ES') ? 'ec' : 'rsa'
}

interface Kept {
  issuer: ReadonlyMap<Kind, KeyObject>
  proof: KeyObject
}

function freshKeys(): Kept {
  const ec = () => generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
  const issuer = new Map<Kind, KeyObject>([
    ['rsa', generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey],
    ['ec', ec()],
    ['ed25519', generateKeyPairSync('ed25519').privateKey],
  ])
  return { issuer, proof: ec() }
}

async function readKeys(file: string): Promise<Kept | undefined> {
  const issuer = await readIssuer(file)
  const [key] = await readNamed(file, [proof])
  return issuer && key && { ...issuer, proof: key }
}

async function readIssuer(file: string): Promise<Pick<Kept, 'issuer'> | undefined> {
  const keys = await readNamed(file, kinds)
  return keys.length < kinds.length ? undefined : { issuer: new Map(kinds.map((kind, at) => [kind, keys[at]!])) }
}

/** Keys of these names; none where one of them is missing or broken. */
async function readNamed(file: string, names: readonly string[]): Promise<KeyObject[]> {
  try {
    const written = JSON.parse(await readFile(file, 'utf8')) as Partial<Record<string, JsonWebKey>>
    return names.map((name) => createPrivateKey({ key: written[name]!, format: 'jwk' }))
  } catch {
    return []
  }
}

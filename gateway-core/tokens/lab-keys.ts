import { createPrivateKey, createPublicKey, generateKeyPairSync, type JsonWebKey, type KeyObject } from 'node:crypto'
import { chmod, mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'

/** Algorithms that the lab signs with. */
export const labAlgorithms = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'EdDSA'] as const
export type LabAlgorithm = (typeof labAlgorithms)[number]

type Kind = 'rsa' | 'ec' | 'ed25519'
const kinds: readonly Kind[] = ['rsa', 'ec', 'ed25519']

/** The keys of the local issuer: made for one workspace, trusted by nobody until a person says so. */
export class LabKeys {
  readonly #keys: ReadonlyMap<Kind, KeyObject>

  private constructor(keys: ReadonlyMap<Kind, KeyObject>) {
    this.#keys = keys
  }

  /** Reads them from `.gatehouse/token-lab.json` (mode 0600), or makes them. Rejects where the folder cannot be written. */
  static async of(folder: string): Promise<LabKeys> {
    const file = join(folder, '.gatehouse', 'token-lab.json')
    const kept = await readKeys(file)
    if (kept) return new LabKeys(kept)
    const keys = freshKeys()
    await mkdir(dirname(file), { recursive: true, mode: 0o700 })
    const written = Object.fromEntries([...keys].map(([kind, key]) => [kind, key.export({ format: 'jwk' })]))
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

function freshKeys(): Map<Kind, KeyObject> {
  return new Map<Kind, KeyObject>([
    ['rsa', generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey],
    ['ec', generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey],
    ['ed25519', generateKeyPairSync('ed25519').privateKey],
  ])
}

async function readKeys(file: string): Promise<Map<Kind, KeyObject> | undefined> {
  try {
    const written = JSON.parse(await readFile(file, 'utf8')) as Partial<Record<Kind, JsonWebKey>>
    return new Map(kinds.map((kind) => [kind, createPrivateKey({ key: written[kind]!, format: 'jwk' })]))
  } catch {
    return undefined
  }
}

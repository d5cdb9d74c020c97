import { createHash, randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, readFile, realpath, rename, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'

/** The part of Electron's safeStorage that is used here. */
export interface SafeStorage {
  isEncryptionAvailable(): boolean
  encryptString(text: string): Buffer
  decryptString(encrypted: Buffer): string
  getSelectedStorageBackend?(): string
}

export interface KeychainAnswer {
  /** 32 bytes as base64; null when the keychain keeps none for this workspace. */
  key: string | null
  /** There is a key, and the keychain does not give it: nothing must be sealed under another one. */
  problem?: string
}

/** Backends that keep a password in the program's own text: whoever reads the file reads the key. */
const worthless = new Set(['basic_text', 'unknown'])

/**
 * Workspace keys, encrypted by the system's keychain, one small file each in the app's own folder. A new workspace gets
 * its key here; one that has a key already (`GATEHOUSE_KEY`, or `.gatehouse/key` of the command line) keeps that.
 */
export class Keychain {
  readonly #storage: SafeStorage
  readonly #folder: string
  readonly #env: Readonly<Record<string, string | undefined>>

  constructor(storage: SafeStorage, folder: string, env: Readonly<Record<string, string | undefined>> = process.env) {
    this.#storage = storage
    this.#folder = folder
    this.#env = env
  }

  /** The key of a workspace, made on first need where the system has a real keychain. Never rejects. */
  async keyFor(workspace: string): Promise<KeychainAnswer> {
    const file = join(this.#folder, `${await nameOf(workspace)}.key`)
    if (existsSync(file)) return this.#open(file)
    if (this.#env['GATEHOUSE_KEY'] || existsSync(join(workspace, '.gatehouse', 'key')) || !this.#isReal()) {
      return { key: null }
    }
    const key = randomBytes(32).toString('base64')
    try {
      await mkdir(dirname(file), { recursive: true, mode: 0o700 })
      const draft = `${file}.${randomBytes(6).toString('hex')}`
      await writeFile(draft, this.#storage.encryptString(key), { mode: 0o600 })
      await rename(draft, file)
      return { key }
    } catch {
      return { key: null }
    }
  }

  /** The key that is kept for a workspace; null when the keychain keeps none. Never makes one. */
  async kept(workspace: string): Promise<KeychainAnswer> {
    const file = join(this.#folder, `${await nameOf(workspace)}.key`)
    return existsSync(file) ? this.#open(file) : { key: null }
  }

  async #open(file: string): Promise<KeychainAnswer> {
    try {
      if (!this.#isReal()) throw new Error('it is not available')
      return { key: this.#storage.decryptString(await readFile(file)) }
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error)
      return {
        key: null,
        problem: `the keychain of this system does not give the key of the workspace (${why}); unlock it and open the workspace again`,
      }
    }
  }

  #isReal(): boolean {
    if (!this.#storage.isEncryptionAvailable()) return false
    return !worthless.has(this.#storage.getSelectedStorageBackend?.() ?? '')
  }
}

async function nameOf(workspace: string): Promise<string> {
  const path = await realpath(workspace).catch(() => workspace)
  return createHash('sha256').update(path).digest('hex').slice(0, 32)
}

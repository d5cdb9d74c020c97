import { createCipheriv, createDecipheriv, createHmac, createSecretKey, hkdfSync, randomBytes } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { chmod, link, mkdir, readFile, stat, unlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

const keyBytes = 32
const nonceBytes = 12
const authenticationBytes = 16
const tagBytes = 16
/** First byte of every sealed value, so that a later format can be told apart. */
const sealVersion = 1

/**
 * The one secret of a workspace. It tags values (so that equal secrets can be recognised without keeping them),
 * gives repeatable randomness, and seals what must be kept for a while. Each use has its own derived key (RFC 5869).
 */
export class WorkspaceKey {
  readonly #tagKey: KeyObject
  readonly #randomKey: KeyObject
  readonly #sealKey: KeyObject

  /** `root` is 32 bytes, anything else throws a RangeError; or the shared parts of a key of another thread. */
  constructor(root: Uint8Array | SharedKey) {
    if (!(root instanceof Uint8Array)) {
      this.#tagKey = root.tag
      this.#randomKey = root.random
      this.#sealKey = root.seal
      return
    }
    if (root.byteLength !== keyBytes) throw new RangeError(`a workspace key has ${keyBytes} bytes`)
    this.#tagKey = derive(root, 'gatehouse tag 1')
    this.#randomKey = derive(root, 'gatehouse random 1')
    this.#sealKey = derive(root, 'gatehouse seal 1')
  }

  /** The key as it may be handed to a worker thread; its bytes stay hidden in the runtime. */
  share(): SharedKey {
    return { tag: this.#tagKey, random: this.#randomKey, seal: this.#sealKey }
  }

  /** HMAC-SHA256 of the value, cut to 16 bytes, base64url. Equal values have equal tags; a tag does not give the value away. */
  tag(value: string): string {
    return createHmac('sha256', this.#tagKey).update(value).digest().toString('base64url', 0, tagBytes)
  }

  /** Names the key without giving it away: the same for the same key, whatever the process. */
  get fingerprint(): string {
    return this.tag('gatehouse workspace key')
  }

  /** A number in `[0, 1)` that is always the same for the same purpose, and cannot be foreseen without the key. */
  random(purpose: string): number {
    const digest = createHmac('sha256', this.#randomKey).update(purpose).digest()
    return Number(digest.readBigUInt64BE(0) >> 11n) / 2 ** 53
  }

  /** Encrypts with AES-256-GCM under a fresh nonce: version, nonce, authentication tag, ciphertext. */
  seal(plain: Uint8Array): Uint8Array {
    const nonce = randomBytes(nonceBytes)
    const cipher = createCipheriv('aes-256-gcm', this.#sealKey, nonce)
    const ciphertext = cipher.update(plain)
    cipher.final()
    return Buffer.concat([Buffer.of(sealVersion), nonce, cipher.getAuthTag(), ciphertext])
  }

  /** The plain bytes, or undefined when this key did not seal them or they were changed. */
  open(sealed: Uint8Array): Uint8Array | undefined {
    const ciphertextStart = 1 + nonceBytes + authenticationBytes
    if (sealed.byteLength < ciphertextStart || sealed[0] !== sealVersion) return undefined
    const decipher = createDecipheriv('aes-256-gcm', this.#sealKey, sealed.subarray(1, 1 + nonceBytes), {
      authTagLength: authenticationBytes,
    })
    decipher.setAuthTag(sealed.subarray(1 + nonceBytes, ciphertextStart))
    try {
      const plain = decipher.update(sealed.subarray(ciphertextStart))
      decipher.final()
      return plain
    } catch {
      return undefined
    }
  }
}

/** Derived keys as opaque objects that a message between threads can carry. */
export interface SharedKey {
  readonly tag: KeyObject
  readonly random: KeyObject
  readonly seal: KeyObject
}

/** Why the workspace key cannot be used; the message says what to do and never holds the key. */
export class WorkspaceKeyError extends Error {
  readonly suggestion: string
  constructor(message: string, suggestion: string) {
    super(message)
    this.name = 'WorkspaceKeyError'
    this.suggestion = suggestion
  }
}

/**
 * Loads the key of a workspace: `GATEHOUSE_KEY` (32 bytes as base64 or hex), else `.gatehouse/key`, which is made on
 * first need and readable by its owner only. With `create: false` a missing key gives one that lives in memory only.
 * Throws a WorkspaceKeyError when the key is malformed, when its file can be read by others, and when the workspace was
 * sealed with a key of the system's keychain and this is another one, or none: what one seals, the other cannot open.
 */
export async function loadWorkspaceKey(
  folder: string,
  env: Readonly<Record<string, string | undefined>> = process.env,
  options: { create?: boolean } = {},
): Promise<WorkspaceKey> {
  const given = env['GATEHOUSE_KEY']
  if (given !== undefined && given !== '') {
    const root = decodeKey(given)
    if (root) return sameAsNoted(folder, new WorkspaceKey(root), 'GATEHOUSE_KEY')
    const suggestion = 'make one with: openssl rand -base64 32'
    throw new WorkspaceKeyError('GATEHOUSE_KEY is not 32 bytes in base64 or hex', suggestion)
  }
  const file = join(folder, '.gatehouse', 'key')
  const stored = await readKeyFile(file)
  if (stored) return sameAsNoted(folder, new WorkspaceKey(stored), file)
  const root = randomBytes(keyBytes)
  if (options.create === false) return new WorkspaceKey(root)
  if (await notedFingerprint(folder)) {
    throw new WorkspaceKeyError(
      "the key of this workspace is in the system's keychain, where only the desktop app reads it",
      `copy it there (File, Copy Workspace Key) and set GATEHOUSE_KEY to it; or delete ${quote(noteFile(folder))} to begin with a new one`,
    )
  }
  await createKeyFile(folder, file, root).catch((error: NodeJS.ErrnoException) => {
    throw new WorkspaceKeyError(
      `${file} cannot be made (${error.code})`,
      'make the folder writable, or set GATEHOUSE_KEY',
    )
  })
  // Another process may have made the file at the same moment: the one on disk counts.
  return new WorkspaceKey((await readKeyFile(file)) ?? root)
}

/** Which key of the system's keychain seals a workspace stands beside its captures, so that no other process makes another. */
const noteFile = (folder: string) => join(folder, '.gatehouse', 'keychain-key')

/** Notes that the key of a workspace (base64) is kept by the system's keychain. A folder that takes no files has no captures. */
export async function noteKeychainKey(folder: string, key: string): Promise<void> {
  const root = decodeKey(key)
  if (!root) return
  const { fingerprint } = new WorkspaceKey(root)
  if ((await notedFingerprint(folder)) === fingerprint) return
  await makeOwnFolder(folder)
    .then(() => writeFile(noteFile(folder), `${fingerprint}\n`, { mode: 0o600 }))
    .catch(() => undefined)
}

async function notedFingerprint(folder: string): Promise<string | undefined> {
  const text = await readFile(noteFile(folder), 'utf8').catch(() => '')
  return text.trim() || undefined
}

async function sameAsNoted(folder: string, key: WorkspaceKey, from: string): Promise<WorkspaceKey> {
  const noted = await notedFingerprint(folder)
  if (noted === undefined || noted === key.fingerprint) return key
  throw new WorkspaceKeyError(
    `${from} is not the key that sealed this workspace: that one is in the system's keychain`,
    `copy it in the desktop app (File, Copy Workspace Key) and set GATEHOUSE_KEY to it; or delete ${quote(noteFile(folder))} to go on with the other, which cannot open what the first one sealed`,
  )
}

async function makeOwnFolder(folder: string): Promise<void> {
  await mkdir(join(folder, '.gatehouse'), { recursive: true, mode: 0o700 })
  await writeFile(join(folder, '.gatehouse', '.gitignore'), '*\n', { flag: 'wx' }).catch(() => undefined)
}

async function readKeyFile(file: string): Promise<Uint8Array | undefined> {
  let text: string
  try {
    const { mode } = await stat(file)
    if (process.platform !== 'win32' && (mode & 0o077) !== 0) {
      const seen = (mode & 0o777).toString(8)
      throw new WorkspaceKeyError(`${file} can be read by others (mode ${seen})`, `run: chmod 600 ${quote(file)}`)
    }
    text = await readFile(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    if (error instanceof WorkspaceKeyError) throw error
    const reason = (error as NodeJS.ErrnoException).code ?? 'unknown error'
    throw new WorkspaceKeyError(`${file} cannot be read (${reason})`, 'make it readable for you, or set GATEHOUSE_KEY')
  }
  const root = decodeKey(text)
  if (root) return root
  const suggestion = 'restore it from a backup, or delete it: a new key is made, and what the old one sealed is lost'
  throw new WorkspaceKeyError(`${file} does not hold a key of 32 bytes`, suggestion)
}

/** Written beside and linked, so that nobody ever reads half a key and an existing one is never replaced. */
async function createKeyFile(folder: string, file: string, root: Uint8Array): Promise<void> {
  await makeOwnFolder(folder)
  const draft = `${file}.${randomBytes(6).toString('hex')}`
  await writeFile(draft, `${Buffer.from(root).toString('base64')}\n`, { flag: 'wx', mode: 0o600 })
  await chmod(draft, 0o600)
  try {
    await link(draft, file)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  } finally {
    await unlink(draft)
  }
}

function decodeKey(text: string): Uint8Array | undefined {
  const trimmed = text.trim()
  if (/^[0-9a-f]{64}$/i.test(trimmed)) return Buffer.from(trimmed, 'hex')
  if (!/^[A-Za-z0-9+/_-]{43}=?$/.test(trimmed)) return undefined
  const bytes = Buffer.from(trimmed, 'base64')
  return bytes.byteLength === keyBytes ? bytes : undefined
}

function derive(root: Uint8Array, purpose: string): KeyObject {
  return createSecretKey(Buffer.from(hkdfSync('sha256', root, new Uint8Array(0), purpose, keyBytes)))
}

function quote(path: string): string {
  return /^[\w./-]+$/.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`
}

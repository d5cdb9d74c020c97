import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Keychain, type SafeStorage } from '../../electron/keychain.ts'

let root: string
let keys: string
let workspace: string
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'gatehouse-keychain-'))
  keys = join(root, 'keys')
  workspace = join(root, 'shop')
  mkdirSync(workspace)
})
afterEach(() => rmSync(root, { recursive: true }))

const flipped = (bytes: Buffer) => Buffer.from(bytes.map((byte) => byte ^ 0xff))

/** A keychain of the system: flips every bit, which is enough to see that nothing is written in clear. */
function storage(changes: Partial<SafeStorage> = {}): SafeStorage {
  return {
    isEncryptionAvailable: () => true,
    getSelectedStorageBackend: () => 'gnome_libsecret',
    encryptString: (text) => flipped(Buffer.from(`v1${text}`)),
    decryptString: (bytes) => {
      const text = flipped(bytes).toString()
      if (!text.startsWith('v1')) throw new Error('cannot be decrypted')
      return text.slice(2)
    },
    ...changes,
  }
}

describe('the key of a workspace', () => {
  it('is made once, encrypted, and given again', async () => {
    const { key, problem } = await new Keychain(storage(), keys, {}).keyFor(workspace)
    expect(problem).toBeUndefined()
    expect(Buffer.from(key!, 'base64')).toHaveLength(32)
    expect(await new Keychain(storage(), keys, {}).keyFor(workspace)).toEqual({ key })
    const [file] = readdirSync(keys)
    expect(readFileSync(join(keys, file!), 'utf8')).not.toContain(key)
    expect(file).not.toContain('shop')
    if (process.platform !== 'win32') expect(statSync(join(keys, file!)).mode & 0o077).toBe(0)
  })

  it('differs from workspace to workspace', async () => {
    const other = join(root, 'other')
    mkdirSync(other)
    const keychain = new Keychain(storage(), keys, {})
    expect(await keychain.keyFor(other)).not.toEqual(await keychain.keyFor(workspace))
  })

  it.each([
    ['there is no encryption', { isEncryptionAvailable: () => false }],
    ['the encryption is a password that everybody knows', { getSelectedStorageBackend: () => 'basic_text' }],
    ['nobody knows which encryption it is', { getSelectedStorageBackend: () => 'unknown' }],
  ])('is not kept when %s', async (_name, changes) => {
    expect(await new Keychain(storage(changes), keys, {}).keyFor(workspace)).toEqual({ key: null })
    expect(() => readdirSync(keys)).toThrow('ENOENT')
  })

  it('stays the one that is there: of the environment, or of the command line', async () => {
    expect(await new Keychain(storage(), keys, { GATEHOUSE_KEY: 'x' }).keyFor(workspace)).toEqual({ key: null })
    mkdirSync(join(workspace, '.gatehouse'))
    writeFileSync(join(workspace, '.gatehouse', 'key'), 'x')
    expect(await new Keychain(storage(), keys, {}).keyFor(workspace)).toEqual({ key: null })
  })

  it('is never replaced while the keychain does not give it', async () => {
    await new Keychain(storage(), keys, {}).keyFor(workspace)
    const locked = await new Keychain(storage({ isEncryptionAvailable: () => false }), keys, {}).keyFor(workspace)
    expect(locked.key).toBeNull()
    expect(locked.problem).toContain('unlock it')
    const [file] = readdirSync(keys)
    writeFileSync(join(keys, file!), 'broken')
    expect((await new Keychain(storage(), keys, {}).keyFor(workspace)).problem).toContain('cannot be decrypted')
  })
})

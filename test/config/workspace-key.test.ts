import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { loadWorkspaceKey, noteKeychainKey, WorkspaceKey } from '../../gateway-core/config/workspace-key.ts'

const key = new WorkspaceKey(Buffer.alloc(32, 7))
const other = new WorkspaceKey(Buffer.alloc(32, 8))

describe('a workspace key', () => {
  it('tags equal values equally, others differently, and never with the value in it', () => {
    expect(key.tag('hunter2')).toBe(key.tag('hunter2'))
    expect(key.tag('hunter2')).toMatch(/^[\w-]{22}$/)
    expect(key.tag('hunter2')).not.toBe(key.tag('hunter3'))
    expect(key.tag('hunter2')).not.toBe(other.tag('hunter2'))
  })

  it('draws the same number in [0, 1) for the same purpose', () => {
    fc.assert(
      fc.property(fc.string(), (purpose) => {
        const drawn = key.random(purpose)
        return drawn >= 0 && drawn < 1 && drawn === key.random(purpose)
      }),
    )
    expect(key.random('a')).not.toBe(other.random('a'))
  })

  it('opens what it sealed, and nothing else', () => {
    fc.assert(
      fc.property(fc.uint8Array(), fc.nat(), fc.integer({ min: 1, max: 255 }), (plain, where, flip) => {
        const sealed = key.seal(plain)
        expect(Buffer.from(key.open(sealed)!)).toEqual(Buffer.from(plain))
        expect(other.open(sealed)).toBeUndefined()
        const changed = Uint8Array.from(sealed)
        changed[where % changed.length]! ^= flip
        expect(key.open(changed)).toBeUndefined()
      }),
    )
    expect(key.open(new Uint8Array(3))).toBeUndefined()
  })
})

describe('loading the key of a workspace', () => {
  let folder: string
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'gatehouse-key-'))
  })
  afterEach(() => rm(folder, { recursive: true }))

  it('takes GATEHOUSE_KEY in base64 or hex', async () => {
    const root = Buffer.alloc(32, 7)
    for (const text of [root.toString('base64'), root.toString('base64url'), root.toString('hex')]) {
      expect((await loadWorkspaceKey(folder, { GATEHOUSE_KEY: text })).tag('x')).toBe(key.tag('x'))
    }
  })

  it('refuses a malformed GATEHOUSE_KEY without repeating it', async () => {
    const refusal = await loadWorkspaceKey(folder, { GATEHOUSE_KEY: 'too-short-secret' }).catch((error: Error) => error)
    expect(refusal).toMatchObject({ name: 'WorkspaceKeyError', suggestion: 'make one with: openssl rand -base64 32' })
    expect((refusal as Error).message).not.toContain('too-short-secret')
  })

  it('makes a file for its owner only, once, also when several ask at the same moment', async () => {
    const keys = await Promise.all(Array.from({ length: 8 }, () => loadWorkspaceKey(folder, {})))
    expect(new Set(keys.map((one) => one.tag('x'))).size).toBe(1)
    expect((await stat(join(folder, '.gatehouse/key'))).mode & 0o777).toBe(0o600)
    expect(await readFile(join(folder, '.gatehouse/.gitignore'), 'utf8')).toBe('*\n')
  })

  it('makes nothing when told not to', async () => {
    await loadWorkspaceKey(folder, {}, { create: false })
    await expect(stat(join(folder, '.gatehouse'))).rejects.toThrow('ENOENT')
  })

  it('refuses a file that others can read and says the command that helps', async () => {
    await loadWorkspaceKey(folder, {})
    const file = join(folder, '.gatehouse/key')
    await chmod(file, 0o644)
    await expect(loadWorkspaceKey(folder, {})).rejects.toMatchObject({ suggestion: `run: chmod 600 ${file}` })
    await chmod(file, 0o600)
    await writeFile(file, 'nonsense')
    await expect(loadWorkspaceKey(folder, {})).rejects.toThrow('does not hold a key')
  })

  describe('of a workspace whose key the system keeps', () => {
    const key = Buffer.alloc(32, 7).toString('base64')
    const note = () => join(folder, '.gatehouse/keychain-key')

    it('is not made anew: the message says where it is and what to do', async () => {
      await noteKeychainKey(folder, key)
      await expect(loadWorkspaceKey(folder, {})).rejects.toMatchObject({
        name: 'WorkspaceKeyError',
        message: expect.stringContaining("the system's keychain"),
        suggestion: expect.stringContaining('set GATEHOUSE_KEY'),
      })
      await expect(stat(join(folder, '.gatehouse/key'))).rejects.toThrow('ENOENT')
    })

    it('is taken from GATEHOUSE_KEY, and no other one is', async () => {
      await noteKeychainKey(folder, key)
      const loaded = await loadWorkspaceKey(folder, { GATEHOUSE_KEY: key })
      expect((await readFile(note(), 'utf8')).trim()).toBe(loaded.fingerprint)
      const other = Buffer.alloc(32, 8).toString('base64')
      const refusal = await loadWorkspaceKey(folder, { GATEHOUSE_KEY: other }).catch((error: Error) => error)
      expect(refusal).toMatchObject({ message: expect.stringContaining('GATEHOUSE_KEY is not the key') })
      expect(JSON.stringify(refusal)).not.toContain(other.slice(0, 20))
    })

    it('is not replaced by a file that was made before', async () => {
      await loadWorkspaceKey(folder, {})
      await noteKeychainKey(folder, key)
      await expect(loadWorkspaceKey(folder, {})).rejects.toThrow('is not the key that sealed this workspace')
    })

    it('is not needed for reading what is not sealed', async () => {
      await noteKeychainKey(folder, key)
      await expect(loadWorkspaceKey(folder, {}, { create: false })).resolves.toBeInstanceOf(WorkspaceKey)
    })

    it('is never written down, and a folder that takes no file is no trouble', async () => {
      await noteKeychainKey(folder, key)
      expect(await readFile(note(), 'utf8')).not.toContain(key.slice(0, 20))
      await noteKeychainKey(join(folder, '.gatehouse/keychain-key'), key)
      await noteKeychainKey(folder, 'no key')
    })
  })
})

import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { MemoryState } from '../../gateway-core/pipeline/memory-state.ts'
import { openStateFile, type StateFile } from '../../gateway-core/pipeline/state-file.ts'
import type { StateStore } from '../../gateway-core/pipeline/state.ts'

let folder: string
let path: string
let files: StateFile[]

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gatehouse-state-'))
  path = join(folder, '.gatehouse', 'state.json')
  files = []
})
afterEach(async () => {
  for (const file of files) await file.close()
  await rm(folder, { recursive: true, force: true })
})

async function start(store: StateStore, now = 1000, durable: string[] = ['quota']) {
  const problems: string[] = []
  const file = await openStateFile({
    path,
    store,
    durable: () => durable,
    now: () => now,
    problem: (text) => problems.push(text),
  })
  files.push(file)
  return { file, problems }
}

const count = (store: StateStore, stateId: string, now = 1000) =>
  store.apply(stateId, { op: 'count', key: 'consumer:alice', by: 1, resetAt: 100_000, limit: 10 }, now)

describe('durable state', () => {
  it('goes on counting after a restart, only for durable policies', async () => {
    const before = new MemoryState()
    const { file } = await start(before)
    await count(before, 'quota')
    await count(before, 'quota')
    await count(before, 'limiter')
    await file.close()

    const after = new MemoryState()
    const { problems } = await start(after)
    expect(await count(after, 'quota')).toEqual({ allowed: true, count: 3 })
    expect(await count(after, 'limiter')).toEqual({ allowed: true, count: 1 })
    expect(problems).toEqual([])
  })

  it('is readable by its owner alone, replaced whole, and leaves nothing beside it', async () => {
    const store = new MemoryState()
    const { file } = await start(store)
    for (let nth = 0; nth < 5; nth += 1) {
      await count(store, 'quota')
      await Promise.all([file.save(), file.save()])
      expect(JSON.parse(await readFile(path, 'utf8'))).toMatchObject({
        version: 1,
        entries: [{ value: [100_000, 'n', nth + 1] }],
      })
    }
    expect((await stat(path)).mode & 0o777).toBe(0o600)
    expect(await readdir(join(folder, '.gatehouse'))).toEqual(['state.json'])
  })

  it('is not written when nothing changed', async () => {
    const store = new MemoryState()
    const { file } = await start(store)
    await file.save()
    await expect(readFile(path)).rejects.toThrow('ENOENT')
    await count(store, 'quota')
    await file.save()
    await rm(path)
    await file.save()
    await expect(readFile(path)).rejects.toThrow('ENOENT')
  })

  it.each(['', '{', 'null', '[]', '{"version":2,"now":0,"entries":[]}', '{"version":1,"now":0,"entries":[{}]}'])(
    'puts a damaged file aside and says so: %s',
    async (text) => {
      await (await start(new MemoryState())).file.close()
      await openStateFile({ path, store: new MemoryState(), durable: () => [], now: () => 0 }).then((file) =>
        file.close(),
      )
      const store = new MemoryState()
      await count(store, 'quota')
      await (await start(store)).file.save()
      await writeFile(path, text)
      const { problems } = await start(new MemoryState())
      expect(problems).toEqual([expect.stringContaining('state.json.broken')])
      expect(await readFile(`${path}.broken`, 'utf8')).toBe(text)
    },
  )

  it('tells when it cannot be written, and the gateway goes on', async () => {
    await writeFile(join(folder, '.gatehouse'), 'a file where the folder should be')
    const store = new MemoryState()
    const { file, problems } = await start(store)
    await count(store, 'quota')
    await file.save()
    expect(problems.at(-1)).toContain('cannot be saved')
    expect(await count(store, 'quota')).toEqual({ allowed: true, count: 2 })
    await rm(join(folder, '.gatehouse'))
  })

  it('a file written by a clock that was ahead does not hold time there', async () => {
    const before = new MemoryState()
    const { file } = await start(before, 90_000)
    await count(before, 'quota', 90_000)
    await file.close()
    const after = new MemoryState()
    await start(after, 1000)
    after.apply('p', { op: 'put', key: 'v', value: 'x', expiresAt: 2000 }, 1000)
    expect(after.apply('p', { op: 'get', key: 'v' }, 1999)).toBe('x')
    expect(after.apply('p', { op: 'get', key: 'v' }, 2000)).toBe(null)
  })
})

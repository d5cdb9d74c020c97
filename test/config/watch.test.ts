import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { loadWorkspace, type LoadResult } from '../../gateway-core/config/load.ts'
import { watchWorkspace, type WorkspaceWatch } from '../../gateway-core/config/watch.ts'

let folder: string
let watch: WorkspaceWatch
let results: LoadResult[]
let waiting: ((result: LoadResult) => void) | undefined

const options = { env: {}, readOnly: true, quietMs: 20 }
const file = (name: string) => join(folder, name)

/** The next result that is announced: of a change made after this call. */
function next(): Promise<LoadResult> {
  return new Promise((resolve) => {
    waiting = resolve
  })
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gatehouse-watch-'))
  await writeFile(file('gatehouse.yaml'), 'gatehouse: 1\nname: first')
  results = []
  const initial = await loadWorkspace(folder, options)
  watch = watchWorkspace(
    folder,
    options,
    (result) => {
      results.push(result)
      waiting?.(result)
    },
    initial,
  )
})
afterEach(async () => {
  watch.close()
  await rm(folder, { recursive: true })
})

describe('a watched workspace', () => {
  it('loads again when its file is written', async () => {
    const loaded = next()
    await writeFile(file('gatehouse.yaml'), 'gatehouse: 1\nname: second')
    expect((await loaded).workspace?.name).toBe('second')
  })

  it('sees a file that is replaced by renaming, twice', async () => {
    for (const name of ['second', 'third']) {
      const loaded = next()
      await writeFile(file('.gatehouse.yaml.swp'), `gatehouse: 1\nname: ${name}`)
      await rename(file('.gatehouse.yaml.swp'), file('gatehouse.yaml'))
      expect((await loaded).workspace?.name).toBe(name)
    }
  })

  it('announces a broken file without a workspace, then the mended one', async () => {
    const broken = next()
    await writeFile(file('gatehouse.yaml'), 'gatehouse: [')
    expect(await broken).toMatchObject({ problems: [{ code: 'YAML_SYNTAX' }] })
    expect((await broken).workspace).toBeUndefined()
    const mended = next()
    await writeFile(file('gatehouse.yaml'), 'gatehouse: 1\nname: mended')
    expect((await mended).workspace?.name).toBe('mended')
  })

  it('sees files that were not there: a set, an environment, a document', async () => {
    const missing = next()
    await writeFile(file('gatehouse.yaml'), 'gatehouse: 1\napis: [{ name: a, openapi: docs/a.yaml }]')
    expect((await missing).problems).toMatchObject([{ code: 'FILE_MISSING' }])
    const found = next()
    await mkdir(file('docs'))
    await writeFile(file('docs/a.yaml'), 'openapi: 3.1.0\ninfo: { title: a, version: "1" }\npaths: {}')
    expect((await found).workspace?.apis).toMatchObject([{ openapi: 'docs/a.yaml' }])
    const overlaid = next()
    await mkdir(file('environments'))
    await writeFile(file('environments/local.yaml'), 'limits: { headerCount: 5 }')
    expect((await overlaid).workspace).toMatchObject({ environment: 'local', limits: { headerCount: 5 } })
  })

  it('says the same thing only once', async () => {
    await writeFile(file('gatehouse.yaml'), 'gatehouse: 1\nnaem: x')
    await watch.reload()
    await writeFile(file('gatehouse.yaml'), 'gatehouse: 1\nnaem: x # and a comment')
    await watch.reload()
    expect(results.map((result) => result.problems[0]?.code)).toEqual(['UNKNOWN_KEY'])
  })

  it('is silent once closed', async () => {
    watch.close()
    await writeFile(file('gatehouse.yaml'), 'gatehouse: 1\nname: late')
    await watch.reload()
    expect(results).toEqual([])
  })
})

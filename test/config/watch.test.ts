import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { loadWorkspace, type LoadResult } from '../../gateway-core/config/load.ts'
import { watchWorkspace, type WorkspaceWatch } from '../../gateway-core/config/watch.ts'

let folder: string
let watch: WorkspaceWatch
let results: LoadResult[]
let waiting: { wanted: (result: LoadResult) => boolean; found: (result: LoadResult) => void } | undefined

const options = { env: {}, readOnly: true, quietMs: 20 }
const file = (name: string) => join(folder, name)

/** The first result announced from now on that is wanted. A half written file may be announced before it. */
function until(wanted: (result: LoadResult) => boolean): Promise<LoadResult> {
  return new Promise((found) => {
    waiting = { wanted, found }
  })
}

/** Writes the workspace as careful editors do: nobody ever sees half of it. */
async function replace(text: string): Promise<void> {
  await writeFile(file('.gatehouse.yaml.swp'), text)
  await rename(file('.gatehouse.yaml.swp'), file('gatehouse.yaml'))
}

const named = (name: string) => (result: LoadResult) => result.workspace?.name === name
const told = (code: string) => (result: LoadResult) => result.problems[0]?.code === code

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gatehouse-watch-'))
  await writeFile(file('gatehouse.yaml'), 'gatehouse: 1\nname: first')
  results = []
  waiting = undefined
  const initial = await loadWorkspace(folder, options)
  watch = watchWorkspace(
    folder,
    options,
    (result) => {
      results.push(result)
      if (waiting?.wanted(result)) waiting.found(result)
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
    const loaded = until(named('second'))
    await writeFile(file('gatehouse.yaml'), 'gatehouse: 1\nname: second')
    expect((await loaded).problems).toEqual([])
  })

  it('sees a file that is replaced by renaming, twice', async () => {
    for (const name of ['second', 'third']) {
      const loaded = until(named(name))
      await replace(`gatehouse: 1\nname: ${name}`)
      expect((await loaded).problems).toEqual([])
    }
  })

  it('announces a broken file without a workspace, then the mended one', async () => {
    const broken = until(told('YAML_SYNTAX'))
    await writeFile(file('gatehouse.yaml'), 'gatehouse: [')
    expect((await broken).workspace).toBeUndefined()
    const mended = until(named('mended'))
    await writeFile(file('gatehouse.yaml'), 'gatehouse: 1\nname: mended')
    expect((await mended).problems).toEqual([])
  })

  it('sees files that were not there: a document in a new folder, an environment', async () => {
    const missing = until(told('FILE_MISSING'))
    await writeFile(file('gatehouse.yaml'), 'gatehouse: 1\napis: [{ name: a, openapi: docs/a.yaml }]')
    await missing
    const found = until((result) => result.workspace?.apis[0]?.openapi === 'docs/a.yaml')
    await mkdir(file('docs'))
    await writeFile(file('docs/a.yaml'), 'openapi: 3.1.0\ninfo: { title: a, version: "1" }\npaths: {}')
    await found
    const overlaid = until((result) => result.workspace?.limits.headerCount === 5)
    await mkdir(file('environments'))
    await writeFile(file('environments/local.yaml'), 'limits: { headerCount: 5 }')
    expect((await overlaid).workspace?.environment).toBe('local')
  })

  it('says the same thing only once', async () => {
    await replace('gatehouse: 1\nnaem: x')
    await watch.reload()
    await replace('gatehouse: 1\nnaem: x # and a comment')
    await watch.reload()
    const codes = results.map((result) => result.problems[0]?.code)
    expect(codes.filter((code) => code === 'UNKNOWN_KEY')).toHaveLength(1)
  })

  it('is silent once closed', async () => {
    watch.close()
    await writeFile(file('gatehouse.yaml'), 'gatehouse: 1\nname: late')
    await watch.reload()
    expect(results).toEqual([])
  })
})

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { loadWorkspace } from '../../../gateway-core/config/load.ts'
import { readTestFile } from '../../../gateway-core/tests/read-test-file.ts'
import { kindOf } from '../../../gateway-core/workbench/workspace-paths.ts'
import { firstTextOf, newFiles, wrongName } from '../../../renderer/policies/new-files.ts'

test.each(newFiles.map(({ kind, path }) => [kind, path] as const))('a file of kind %s begins at %s', (kind, path) => {
  expect(kindOf(path, new Set())).toBe(kind)
  expect(firstTextOf(path)).toBe(newFiles.find((one) => one.path === path)!.text)
})

test('first texts are read without a problem', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-new-'))
  try {
    const overlay = new Map(newFiles.map(({ path, text }) => [path, text]))
    overlay.set(
      'gatehouse.yaml',
      'gatehouse: 1\nupstreams: { x: "http://127.0.0.1:9" }\npolicies: [{ use: a-minute }]\napis: [{ name: a, upstream: x, openapi: openapi/new.yaml, routes: [{ path: /things }] }]\n',
    )
    const environment = { environment: 'new' }
    const { problems, workspace } = await loadWorkspace(folder, { overlay, overlayOnly: true, env: {}, ...environment })
    expect(problems).toEqual([])
    expect(workspace).toBeDefined()
    expect(readTestFile('tests/new.yaml', firstTextOf('tests/new.yaml')).problems).toEqual([])
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test('a text of its kind stands in a file by another name', () => {
  expect(firstTextOf('policies/limits.yml')).toBe(firstTextOf('policies/new.yaml'))
  expect(firstTextOf('policies/readme.md')).toBe('')
  expect(firstTextOf('notes.yaml')).toBe('')
})

test.each([
  ['policies/limits.yaml', undefined],
  ['notes', undefined],
  ['', 'Write a name.'],
  ['  ', 'Write a name.'],
  ['policies/', 'Write a name.'],
  [' a.yaml', 'Leave out'],
  ['a\\b', 'Leave out'],
  ['a\tb', 'Leave out'],
  ['c:/a', 'Leave out'],
  ['../a', 'from the workspace on'],
  ['/a', 'from the workspace on'],
  ['a//b', 'from the workspace on'],
  ['gatehouse.yaml', 'already'],
])('%j: %s', (path, why) => {
  const wrong = wrongName(path, new Set(['gatehouse.yaml']))
  if (why === undefined) expect(wrong).toBeUndefined()
  else expect(wrong).toContain(why)
})

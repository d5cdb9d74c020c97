import { expect, test } from 'vitest'
import type { FileNode } from '../../../gateway-core/protocol/types.ts'
import {
  allFiles,
  firstFile,
  foreignFolders,
  kindOf,
  moveInTree,
  visibleRows,
} from '../../../renderer/policies/file-list.ts'

const tree: FileNode[] = [
  {
    path: 'environments',
    kind: 'environment',
    children: [
      { path: 'environments/local.yaml', kind: 'environment' },
      { path: 'environments/staging.yaml', kind: 'environment' },
    ],
  },
  { path: 'gatehouse.yaml', kind: 'workspace' },
]
const rows = (closed: string[] = []) => visibleRows(tree, new Set(closed))

test('rows as they are seen', () => {
  expect(rows().map(({ name, depth }) => `${depth} ${name}`)).toEqual([
    '0 environments',
    '1 local.yaml',
    '1 staging.yaml',
    '0 gatehouse.yaml',
  ])
  expect(rows(['environments']).map(({ name }) => name)).toEqual(['environments', 'gatehouse.yaml'])
})

test.each([
  [0, 'ArrowDown', { to: 1 }],
  [3, 'ArrowDown', { to: 3 }],
  [0, 'ArrowUp', { to: 0 }],
  [2, 'ArrowLeft', { to: 0 }],
  [0, 'ArrowLeft', { toggle: 'environments' }],
  [0, 'ArrowRight', { to: 1 }],
  [3, 'ArrowRight', {}],
  [3, 'Home', { to: 0 }],
  [0, 'End', { to: 3 }],
  [1, 'x', {}],
])('row %i, %s', (at, key, move) => expect(moveInTree(rows(), at, key)).toEqual(move))

test('a closed folder opens first', () => {
  expect(moveInTree(rows(['environments']), 0, 'ArrowRight')).toEqual({ toggle: 'environments' })
})

test('begins with the workspace file', () => {
  expect(firstFile(tree)).toBe('gatehouse.yaml')
  expect(firstFile([])).toBeUndefined()
  expect(allFiles(tree)).toHaveLength(3)
  expect([kindOf(tree, 'environments/local.yaml'), kindOf(tree, 'nowhere')]).toEqual(['environment', 'other'])
})

test('folders with nothing that the gateway reads begin closed', () => {
  const upstream: FileNode = {
    path: 'upstream',
    kind: 'other',
    children: [{ path: 'upstream/server.ts', kind: 'other' }],
  }
  expect(foreignFolders([...tree, upstream])).toEqual(['upstream'])
})

import { existsSync, readdirSync, realpathSync, statSync } from 'node:fs'
import { dirname, join, sep } from 'node:path'
import { workspaceFile } from '../config/load.ts'
import { refused } from '../protocol/rpc-error.ts'
import type { FileNode } from '../protocol/types.ts'

/** Folders that are not part of what one edits; `.gatehouse` holds keys and is never shown. */
const hiddenFolders = new Set(['.gatehouse', '.git', 'node_modules', 'dist'])
const mostFiles = 5000
const deepest = 12

/**
 * The file of a workspace that a path (relative, with `/`) names. Throws an RpcError for everything else: paths that
 * lead out, also by links, and folders that hold keys.
 */
export function fileIn(folder: string, path: string): string {
  const parts = path.split('/')
  const odd = parts.some((part) => part === '' || part === '.' || part === '..' || /[\0\\:]/.test(part))
  if (odd || parts.some((part) => hiddenFolders.has(part.toLowerCase()))) {
    throw refused('this path names no file of the workspace', 'write it from the workspace on: policies/limits.yaml')
  }
  const file = join(folder, ...parts)
  // The nearest folder that exists decides where a link leads.
  let around = existsSync(file) ? file : dirname(file)
  while (!existsSync(around)) around = dirname(around)
  const real = realpathSync(around)
  const root = realpathSync(folder)
  const inside = real.startsWith(root + sep) ? real.slice(root.length + 1).split(sep) : []
  if ((real !== root && inside.length === 0) || inside.some((part) => hiddenFolders.has(part.toLowerCase()))) {
    throw refused('this path leads out of the workspace')
  }
  return file
}

/** Files and folders of a workspace, folders first. `openapi` are the documents that it names. */
export function treeOf(folder: string, openapi: ReadonlySet<string>): FileNode[] {
  let left = mostFiles
  const list = (path: string, depth: number): FileNode[] => {
    const nodes: FileNode[] = []
    for (const entry of entriesOf(join(folder, path))) {
      if (left <= 0) break
      const inside = path === '' ? entry.name : `${path}/${entry.name}`
      if (entry.isDirectory()) {
        if (hiddenFolders.has(entry.name.toLowerCase()) || entry.name.startsWith('.') || depth >= deepest) continue
        const children = list(inside, depth + 1)
        if (children.length > 0) nodes.push({ path: inside, kind: kindOf(`${inside}/x.yaml`, openapi), children })
      } else if (entry.isFile() && isShown(entry.name)) {
        left--
        nodes.push({ path: inside, kind: kindOf(inside, openapi) })
      }
    }
    return nodes.sort(byKindAndName)
  }
  return list('', 0)
}

/** Every folder of a workspace that a watcher looks at, relative; the workspace itself is `''`. */
export function foldersOf(folder: string): string[] {
  const folders = ['']
  for (let at = 0; at < folders.length && folders.length < 500; at++) {
    const path = folders[at]!
    if (path.split('/').length > deepest) continue
    for (const entry of entriesOf(join(folder, path))) {
      if (!entry.isDirectory() || entry.name.startsWith('.') || hiddenFolders.has(entry.name.toLowerCase())) continue
      folders.push(path === '' ? entry.name : `${path}/${entry.name}`)
    }
  }
  return folders
}

export function kindOf(path: string, openapi: ReadonlySet<string>): FileNode['kind'] {
  if (path === workspaceFile) return 'workspace'
  if (/^environments\/[^/]+\.ya?ml$/.test(path)) return 'environment'
  if (/^policies\/[^/]+\.ya?ml$/.test(path)) return 'policies'
  if (/^rules\/[^/]+\.ya?ml$/.test(path)) return 'rules'
  if (/^tests\/.+\.ya?ml$/.test(path)) return 'test'
  if (openapi.has(path) || path.startsWith('openapi/')) return 'openapi'
  return 'other'
}

/** Whether there is a file, be it by a link. */
export function isFile(file: string): boolean {
  return statSync(file, { throwIfNoEntry: false })?.isFile() ?? false
}

/** Whether a file of this name is listed: other editors leave files of their own. */
export function isShown(name: string): boolean {
  return name === '.gitignore' || (!name.startsWith('.') && !/~$|\.(?:swp|tmp|db|db-wal|db-shm)$/.test(name))
}

function entriesOf(path: string) {
  try {
    return readdirSync(path, { withFileTypes: true })
  } catch {
    return []
  }
}

const collator = new Intl.Collator('en', { numeric: true })

/** `gatehouse.yaml` first, then folders, then files. */
function byKindAndName(a: FileNode, b: FileNode): number {
  const rank = (node: FileNode) => (node.kind === 'workspace' ? 0 : node.children ? 1 : 2)
  return rank(a) - rank(b) || collator.compare(a.path, b.path)
}

/** Whether a folder lies inside another, links followed. */
export function isInside(folder: string, outer: string): boolean {
  try {
    const [inner, around] = [realpathSync(folder), realpathSync(outer)]
    return inner === around || inner.startsWith(join(around, sep))
  } catch {
    return false
  }
}

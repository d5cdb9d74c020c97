/**
 * Whether `dist/` was built from the sources that stand here now. By content, not by time: a checkout changes every time
 * stamp and no content. Reading all sources takes some tens of milliseconds. Syntax of Node 18 and no package.
 */
import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** What a build is made of: folders and files, relative to the project. */
export const sources = [
  'gateway-core',
  'renderer',
  'electron',
  'build',
  'package.json',
  'package-lock.json',
  'tsconfig.json',
]

/** One hash over the name and content of every file under these paths; a path that does not exist counts as empty. */
export function fingerprint(root, paths = sources) {
  const hash = createHash('sha256')
  const add = (path) => {
    let entries
    try {
      entries = readdirSync(join(root, path), { withFileTypes: true })
    } catch (error) {
      if (error.code === 'ENOTDIR')
        hash
          .update(`${path}\0`)
          .update(readFileSync(join(root, path)))
          .update('\0')
      else if (error.code !== 'ENOENT') throw error
      return
    }
    for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) add(`${path}/${entry.name}`)
  }
  for (const path of paths) add(path)
  return hash.digest('hex')
}

const stampPath = (root) => join(root, 'dist', '.built-from')

/** Whether the build that stands in `dist/` is missing or older than the sources. */
export function isStale(root, paths = sources) {
  try {
    return readFileSync(stampPath(root), 'utf8') !== fingerprint(root, paths)
  } catch {
    return true
  }
}

/** Forgets what `dist/` was built from: a build that breaks half way must not look like a fresh one. */
export function forgetBuild(root) {
  rmSync(stampPath(root), { force: true })
}

/** Notes that `dist/` now holds the build of the sources with this fingerprint. */
export function rememberBuild(root, builtFrom) {
  mkdirSync(dirname(stampPath(root)), { recursive: true })
  writeFileSync(stampPath(root), builtFrom)
}

import { type FSWatcher, readdirSync, watch } from 'node:fs'
import { join } from 'node:path'

/** Milliseconds of quiet before an edit counts: editors write in several steps. */
const quietMs = 50
/** Hidden folders, and those that hold what is sent by hand: no test depends on them. */
const ignored = /^(?:\.|node_modules$|dist$|requests$|sequences$)/

/** Tells which files of a workspace changed, by their relative paths. Hidden folders are not looked at. */
export function watchTestFiles(
  folder: string,
  changed: (paths: readonly string[]) => void,
  { persistent = true }: { persistent?: boolean } = {},
): { close(): void } {
  const watchers = new Map<string, FSWatcher>()
  const touched = new Set<string>()
  let timer: NodeJS.Timeout | undefined
  const tell = () => {
    look()
    const paths = [...touched].sort()
    touched.clear()
    if (paths.length > 0) changed(paths)
  }
  const look = () => {
    for (const path of foldersIn(folder)) {
      if (watchers.has(path)) continue
      try {
        const watcher = watch(join(folder, path), { persistent }, (_event, name) => {
          if (name === null || !/\.(?:ya?ml|json|pem|jwk|txt)$/.test(name)) return
          touched.add(path === '' ? name : `${path}/${name}`)
          clearTimeout(timer)
          timer = setTimeout(tell, quietMs)
        })
        watcher.on('error', () => {
          watcher.close()
          watchers.delete(path)
        })
        watchers.set(path, watcher)
      } catch {
        // It went away just now.
      }
    }
  }
  look()
  return {
    close() {
      clearTimeout(timer)
      for (const watcher of watchers.values()) watcher.close()
    },
  }
}

function foldersIn(folder: string): string[] {
  const folders = ['']
  for (let at = 0; at < folders.length && folders.length < 500; at++) {
    const path = folders[at]!
    try {
      for (const entry of readdirSync(join(folder, path), { withFileTypes: true })) {
        if (entry.isDirectory() && !ignored.test(entry.name))
          folders.push(path === '' ? entry.name : `${path}/${entry.name}`)
      }
    } catch {
      // It went away just now.
    }
  }
  return folders
}

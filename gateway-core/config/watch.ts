import { existsSync, type FSWatcher, watch } from 'node:fs'
import { dirname, join } from 'node:path'
import { loadWorkspace, type LoadOptions, type LoadResult } from './load.ts'

/** A running watch. */
export interface WorkspaceWatch {
  /** Loads at once, without waiting for a change. */
  reload(): Promise<void>
  close(): void
}

export interface WatchOptions extends LoadOptions {
  /** Quiet time in milliseconds after the last change before loading: editors write in several steps. */
  quietMs?: number
}

/**
 * Loads a workspace again whenever one of its files changes, appears or goes, and hands on each result that says
 * something new: another revision, or other problems. A broken file comes without a workspace; whoever runs the last
 * good one keeps it. Folders are watched, not files, so that replacing a file by renaming is seen.
 */
export function watchWorkspace(
  path: string,
  options: WatchOptions,
  onLoad: (result: LoadResult) => void,
  initial?: LoadResult,
): WorkspaceWatch {
  const watchers = new Map<string, FSWatcher>()
  let timer: NodeJS.Timeout | undefined
  let closed = false
  let running: Promise<void> = Promise.resolve()
  let said = initial && saying(initial)
  let relevant: ReadonlySet<string> = new Set()

  const look = (result: LoadResult) => {
    const files = result.asked.map((file) => join(result.folder, file))
    const names = new Set(files)
    const folders = new Set<string>([result.folder])
    for (const file of [
      ...files,
      ...['policies', 'environments', 'rules'].map((name) => join(result.folder, name, '*')),
    ]) {
      let folder = dirname(file)
      // A folder that is not there is waited for in the one above it.
      for (; !existsSync(folder) && folder !== dirname(folder); folder = dirname(folder)) names.add(folder)
      folders.add(folder)
    }
    relevant = names
    for (const [folder, watcher] of watchers) {
      if (folders.has(folder)) continue
      watcher.close()
      watchers.delete(folder)
    }
    const fresh = [...folders].filter((folder) => !watchers.has(folder))
    fresh.forEach(open)
    // Something may have changed between reading the files and watching them.
    if (fresh.length > 0) schedule()
  }

  const open = (folder: string) => {
    try {
      const watcher = watch(folder, { persistent: false }, (_event, name) => {
        const file = name === null ? undefined : join(folder, name)
        if (file === undefined || relevant.has(file) || concerns(name!)) schedule()
      })
      watcher.on('error', () => {
        watcher.close()
        watchers.delete(folder)
        schedule()
      })
      watchers.set(folder, watcher)
    } catch {
      // It went away just now: the folder above tells.
    }
  }

  const load = async () => {
    const result = await loadWorkspace(path, options)
    if (closed) return
    look(result)
    const now = saying(result)
    if (now === said) return
    said = now
    onLoad(result)
  }

  const reload = () => {
    clearTimeout(timer)
    timer = undefined
    running = running.then(load)
    return running
  }

  const schedule = () => {
    if (closed) return
    clearTimeout(timer)
    timer = setTimeout(() => void reload(), options.quietMs ?? 50)
  }

  if (initial) look(initial)
  else void reload()
  return {
    reload,
    close() {
      closed = true
      clearTimeout(timer)
      for (const watcher of watchers.values()) watcher.close()
      watchers.clear()
    },
  }
}

/** A YAML file that nobody asked for yet may be a set or an environment. */
function concerns(name: string): boolean {
  return /\.ya?ml$/.test(name)
}

/** Equal results say the same: a touched file is not news. */
function saying(result: LoadResult): string {
  return JSON.stringify([result.workspace?.revision, result.problems])
}

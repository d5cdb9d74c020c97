import { randomUUID } from 'node:crypto'
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { StateSnapshot, StateStore } from './state.ts'

/** Where durable counters live across restarts, and how they get there. */
export interface StateFileOptions {
  /** File to keep them in, for example `.gatehouse/state.json` of the workspace. Its folder is made when it is missing. */
  path: string
  store: StateStore
  /** State ids of the policies in force whose type says `durable`; asked at each save, so that a reload is followed. */
  durable: () => Iterable<string>
  /** Milliseconds since the epoch. */
  now: () => number
  /** Time between two saves in milliseconds; what was counted since the last one is lost in a crash. Default 5,000. */
  intervalMs?: number
  /** Told when the file cannot be read or written, in a sentence for people. The gateway goes on without it. */
  problem?: (message: string) => void
}

export interface StateFile {
  /** Writes now, unless nothing changed. */
  save(): Promise<void>
  /** Stops the interval and writes a last time. */
  close(): Promise<void>
}

/**
 * Restores durable state into the store and saves it at intervals. A file is replaced whole (written beside, flushed,
 * renamed), so that it is always either the old or the new one. A file that cannot be read is put aside under `.broken` and
 * told about, never overwritten in silence. It holds counters and keys like `consumer:alice`, no secrets, mode 0600.
 */
export async function openStateFile(options: StateFileOptions): Promise<StateFile> {
  const { path, store, durable, now, intervalMs = 5000, problem = () => {} } = options
  const restored = await restore(path, store, now(), problem)
  let written = restored
  let writing = Promise.resolve()

  async function write(): Promise<void> {
    const snapshot = store.snapshot(now(), durable())
    const entries = JSON.stringify(snapshot.entries)
    if (entries === written) return
    try {
      await replaceFile(path, `${JSON.stringify(snapshot)}\n`)
      written = entries
    } catch (error) {
      problem(
        `The counters of quotas cannot be saved in ${path}: ${reasonOf(error)}. They are lost at the next restart.`,
      )
    }
  }
  // Saves queue up behind each other, so that an older state never replaces a newer one.
  const save = () => (writing = writing.then(write))
  const timer = setInterval(() => void save(), intervalMs)
  timer.unref()
  return {
    save,
    close: async () => {
      clearInterval(timer)
      await save()
    },
  }
}

/** Text of the entries restored, or of none. */
async function restore(
  path: string,
  store: StateStore,
  now: number,
  problem: (message: string) => void,
): Promise<string> {
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    if (!isMissing(error))
      problem(`The saved counters in ${path} cannot be read: ${reasonOf(error)}. Quotas start anew.`)
    return '[]'
  }
  const snapshot = readSnapshot(text)
  if (!snapshot) {
    const aside = `${path}.broken`
    await rename(path, aside).catch(() => {})
    problem(`The saved counters in ${path} are damaged and were put aside as ${aside}. Quotas start anew.`)
    return '[]'
  }
  // A file from the future (the clock was wrong when it was written) must not hold the store's time there.
  store.restore({ ...snapshot, now: Math.min(snapshot.now, now) })
  return JSON.stringify(snapshot.entries)
}

function readSnapshot(text: string): StateSnapshot | undefined {
  try {
    const value = JSON.parse(text) as Partial<StateSnapshot> | null
    if (value?.version !== 1 || typeof value.now !== 'number' || !Array.isArray(value.entries)) return undefined
    const wellFormed = value.entries.every(
      (entry: unknown) =>
        typeof entry === 'object' &&
        entry !== null &&
        typeof (entry as { stateId?: unknown }).stateId === 'string' &&
        typeof (entry as { key?: unknown }).key === 'string',
    )
    return wellFormed ? (value as StateSnapshot) : undefined
  } catch {
    return undefined
  }
}

async function replaceFile(path: string, text: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true })
  const beside = `${path}.${randomUUID()}`
  try {
    const file = await open(beside, 'wx', 0o600)
    try {
      await file.writeFile(text)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(beside, path)
  } catch (error) {
    await rm(beside, { force: true })
    throw error
  }
}

function isMissing(error: unknown): boolean {
  return (error as { code?: unknown }).code === 'ENOENT'
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

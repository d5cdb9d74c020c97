import { randomBytes } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { WorkspaceKey } from '../config/workspace-key.ts'
import type { ReplayItem, ReplayRun, RunSummary } from '../protocol/replay.ts'
import type { ReplayRequest } from '../protocol/replay-request.ts'
import { exchangeId } from '../proxy/exchange-id.ts'
import { ReplayError } from './replay-error.ts'
import type { SealedValues } from './seal.ts'

/** An entry of the history as it is kept. */
export interface StoredEntry {
  id: string
  name: string
  changedAt: number
  request: ReplayRequest
  from?: string
  /** It stands in a file of the workspace, `requests/books.http#name`: only its runs are kept here. */
  file?: string
  /** Values of its markers that a person typed; those from traffic stay with the captures. */
  values: SealedValues
  /** Newest first. */
  runs: StoredRun[]
}

export type StoredRun = ReplayRun & {
  /** For each answer, whether its kept body is decoded. */
  decoded: boolean[]
}

const mostEntries = 500
const mostRuns = 30
const idForm = /^[0-9a-z]{20}$/

/**
 * What was sent from here, in `.gatehouse/replay`: a file for each request with its runs, and one for each body. Every
 * file is encrypted under the workspace key as a whole, because requests hold what people type.
 */
export class ReplayStore {
  readonly #folder: string
  readonly #key: WorkspaceKey
  readonly #entries = new Map<string, StoredEntry>()

  constructor(workspace: string, key: WorkspaceKey) {
    this.#folder = join(workspace, '.gatehouse', 'replay')
    this.#key = key
    for (const name of namesIn(this.#folder)) {
      const entry = this.#read(name)
      if (entry) this.#entries.set(entry.id, entry)
    }
  }

  /** Entries, the last changed first. */
  list(): ReplayItem[] {
    const own = [...this.#entries.values()].filter(({ file }) => file === undefined)
    const entries = own.sort((a, b) => b.changedAt - a.changedAt || (a.id < b.id ? 1 : -1))
    return entries.map(itemOf)
  }

  find(id: string): StoredEntry | undefined {
    return this.#entries.get(id)
  }

  /** Throws a ReplayError when there is none of this id. */
  get(id: string): StoredEntry {
    const entry = this.#entries.get(id)
    if (entry) return entry
    throw new ReplayError(`there is no request ${id.slice(0, 60)}`, 'it was removed, or left to make room')
  }

  create(request: ReplayRequest, name: string, from?: string, id = exchangeId()): StoredEntry {
    const entry = {
      id,
      name,
      changedAt: Date.now(),
      request,
      values: {},
      runs: [],
      ...(from !== undefined && { from }),
    }
    this.put(entry)
    const oldest = [...this.#entries.values()].sort((a, b) => a.changedAt - b.changedAt)
    for (const old of oldest.slice(0, Math.max(0, this.#entries.size - mostEntries))) this.remove(old.id)
    return entry
  }

  put(entry: StoredEntry): void {
    this.#entries.set(entry.id, entry)
    this.#write(`${entry.id}.entry`, Buffer.from(JSON.stringify(entry)))
  }

  /** Adds a run with the bodies of its answers. */
  addRun(entry: StoredEntry, run: StoredRun, bodies: readonly (Uint8Array | undefined)[]): StoredEntry {
    for (const [at, bytes] of bodies.entries()) {
      if (bytes && bytes.byteLength > 0) this.#write(bodyName(entry.id, run.id, at), bytes)
    }
    const runs = [run, ...entry.runs]
    for (const old of runs.splice(mostRuns)) this.#removeBodies(entry.id, old)
    const next = { ...entry, runs, changedAt: run.at }
    this.put(next)
    return next
  }

  run(id: string, run: string): StoredRun {
    const found = this.get(id).runs.find((one) => one.id === run)
    if (found) return found
    throw new ReplayError('this run is not kept any more', 'send the request again')
  }

  body(id: string, run: string, answer: number): Uint8Array {
    this.run(id, run)
    return this.#open(bodyName(id, run, answer)) ?? new Uint8Array()
  }

  remove(id: string): void {
    const entry = this.get(id)
    for (const run of entry.runs) this.#removeBodies(id, run)
    this.#entries.delete(id)
    rmSync(join(this.#folder, `${id}.entry`), { force: true })
  }

  #removeBodies(id: string, run: StoredRun): void {
    for (const at of run.answers.keys()) rmSync(join(this.#folder, bodyName(id, run.id, at)), { force: true })
  }

  #read(name: string): StoredEntry | undefined {
    const bytes = this.#open(name)
    try {
      return bytes && (JSON.parse(Buffer.from(bytes).toString('utf8')) as StoredEntry)
    } catch {
      return undefined
    }
  }

  #open(name: string): Uint8Array | undefined {
    try {
      return this.#key.open(readFileSync(join(this.#folder, name)))
    } catch {
      // Gone, or sealed under another key: a history is a convenience.
      return undefined
    }
  }

  /** Whole or not at all, for the owner's eyes only. */
  #write(name: string, plain: Uint8Array): void {
    const draft = join(this.#folder, `${name}.${randomBytes(6).toString('hex')}.tmp`)
    try {
      mkdirSync(this.#folder, { recursive: true, mode: 0o700 })
      writeFileSync(draft, this.#key.seal(plain), { mode: 0o600, flag: 'wx' })
      renameSync(draft, join(this.#folder, name))
    } catch (error) {
      rmSync(draft, { force: true })
      const { code, message } = error as NodeJS.ErrnoException
      throw new ReplayError(`the history cannot be written (${code ?? message})`, 'make .gatehouse writable')
    }
  }
}

/** Whether an id names an entry of the history; others name a request in a file. */
export function isHistoryId(id: string): boolean {
  return idForm.test(id)
}

export function summaryOf({ id, at, answers }: ReplayRun): RunSummary {
  return {
    id,
    at,
    answers: answers.map(({ label, response, timings, problem, decided }) => ({
      label,
      status: response?.status ?? 0,
      micros: timings.total,
      ...(problem && { problem: problem.what }),
      ...(decided?.code !== undefined && { code: decided.code }),
    })),
  }
}

function itemOf({ id, name, request, changedAt, runs }: StoredEntry): ReplayItem {
  const status = runs[0]?.answers[0]?.response?.status
  return { id, name, method: request.method, url: request.url, changedAt, ...(status !== undefined && { status }) }
}

function bodyName(id: string, run: string, answer: number): string {
  return `${id}.${run}.${answer}.body`
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder).filter((name) => /^[0-9a-z]{20}\.entry$/.test(name))
  } catch {
    return []
  }
}

import type { Context } from '../capture/decode-context.ts'
import { type CaptureDatabase, openDatabase } from '../capture/schema.ts'
import type { WorkspaceKey } from '../config/workspace-key.ts'
import type { KnownState } from './cold-state.ts'
import { CapturedExchange } from './captured-exchange.ts'
import { CapturedParts } from './captured-parts.ts'
import { readRows, type Rows, rowsAtOnce } from './captured-rows.ts'
import { knownStates } from './known-states.ts'
import type { RecordedExchange } from './recorded-exchange.ts'
import { beginningsOf, orderOf, type Traffic } from './traffic.ts'

/** How long secrets that were put back are kept, in ms. */
const secretsMs = 60_000

/**
 * The capture of a workspace, read for judging it again: columns at once, parts when they are asked for. `refresh` reads
 * what came since.
 */
export class CapturedTraffic implements Traffic {
  readonly #db: CaptureDatabase
  readonly #key: WorkspaceKey | undefined
  readonly #parts: CapturedParts
  #chunks: Rows[] = []
  #length = 0
  #latest = 0
  #beginnings: Float64Array | undefined
  #order: Uint32Array | undefined
  #secretsAt = 0
  #hasOpen = false
  #era = 0
  #version = -1
  #states: readonly KnownState[] = []
  #kinds = new Map<Context, number>()

  /** Throws a CaptureStoreError when there is none to open. */
  constructor(folder: string, key: WorkspaceKey | undefined) {
    this.#db = openDatabase(folder, { create: true })
    this.#key = key
    this.#parts = new CapturedParts(this.#db, key)
  }

  get length(): number {
    return this.#length
  }

  get states(): readonly KnownState[] {
    return this.#states
  }

  get withMessages(): ReadonlySet<string> {
    return this.#parts.messages.exchanges
  }

  /** Exchanges keep their numbers as long as this stays. */
  get era(): number {
    return this.#era
  }

  /** Sequence of the last exchange. */
  get latest(): number {
    return this.#latest
  }

  /** Reads what was recorded since, or everything anew when something was deleted or is still open. */
  async refresh(pause: () => Promise<void> = async () => undefined): Promise<void> {
    const now = Date.now()
    if (now - this.#secretsAt > secretsMs) {
      this.#secretsAt = now
      this.#parts.checkSecrets()
    }
    const { version } = this.#db.prepare('SELECT data_version AS version FROM pragma_data_version').get([]) as {
      version: number
    }
    // Nobody wrote since.
    if (version === this.#version && !this.#hasOpen) return
    this.#version = version
    this.#parts.messages.refresh()
    const sql = 'SELECT count(*) AS n, ifnull(max(seq), 0) AS latest FROM exchanges'
    const { n, latest } = this.#db.prepare(sql).get([]) as { n: number; latest: number }
    if (latest === this.#latest && n === this.#length && !this.#hasOpen) return
    this.#beginnings = this.#order = undefined
    const { n: before } = this.#db
      .prepare('SELECT count(*) AS n FROM exchanges WHERE seq <= ?')
      .get([this.#latest]) as {
      n: number
    }
    if (before !== this.#length || this.#hasOpen) this.#forget()
    else this.#dropShort()
    for (;;) {
      const rows = readRows(this.#db, this.#latest, (ids) => this.#parts.contexts(ids))
      if (!rows) break
      this.#chunks.push(rows)
      this.#length += rows.seq.length
      this.#latest = rows.seq.at(-1)!
      await pause()
    }
    this.#kinds = new Map()
    for (const [chunk, { contexts }] of this.#chunks.entries()) {
      for (const [at, context] of contexts.entries()) {
        if (!this.#kinds.has(context)) this.#kinds.set(context, chunk * rowsAtOnce + at)
      }
    }
    this.#states = knownStates(this.#db, this.#key, this.#chunks[0]?.seq[0] ?? 0)
    this.#hasOpen = [...this.#kinds.keys()].some(({ state }) => state === 'open')
  }

  #forget(): void {
    this.#era++
    this.#chunks = []
    this.#length = this.#latest = 0
  }

  /** Chunks are all of one length except the last; that one is read again together with what came. */
  #dropShort(): void {
    const last = this.#chunks.at(-1)
    if (!last || last.seq.length === rowsAtOnce) return
    this.#chunks.pop()
    this.#length -= last.seq.length
    this.#latest = this.#chunks.at(-1)?.seq.at(-1) ?? 0
  }

  context(at: number): Context {
    return this.#chunks[Math.floor(at / rowsAtOnce)]!.contexts[at % rowsAtOnce]!
  }

  kinds(): ReadonlyMap<Context, number> {
    return this.#kinds
  }

  exchange(at: number): RecordedExchange {
    return new CapturedExchange(this.#chunks[Math.floor(at / rowsAtOnce)]!, at % rowsAtOnce, this.#parts)
  }

  inOrder(): Uint32Array {
    this.#order ??= orderOf(this.#begun())
    return this.#order
  }

  beginning(at: number): number {
    return this.#begun()[at]!
  }

  startedAt(at: number): number {
    return this.#chunks[Math.floor(at / rowsAtOnce)]!.startedAt[at % rowsAtOnce]!
  }

  prepare(numbers: readonly number[]): void {
    const place = (number: number) => ({
      rows: this.#chunks[Math.floor(number / rowsAtOnce)]!,
      at: number % rowsAtOnce,
    })
    this.#parts.ahead.begin(numbers.map(place))
  }

  /** Number of each exchange by its sequence in the capture. */
  numbersOf(sequences: Iterable<number>): Set<number> {
    const wanted = new Set(sequences)
    const numbers = new Set<number>()
    for (const [chunk, { seq }] of this.#chunks.entries()) {
      for (const [at, sequence] of seq.entries()) if (wanted.has(sequence)) numbers.add(chunk * rowsAtOnce + at)
    }
    return numbers
  }

  numberOf(id: string): number | undefined {
    for (const [chunk, { id: ids }] of this.#chunks.entries()) {
      const at = ids.indexOf(id)
      if (at >= 0) return chunk * rowsAtOnce + at
    }
    return undefined
  }

  close(): void {
    this.#db.close()
  }

  #begun(): Float64Array {
    this.#beginnings ??= beginningsOf(this.#length, (at) => {
      const rows = this.#chunks[Math.floor(at / rowsAtOnce)]!
      const row = at % rowsAtOnce
      return this.context(at).shape.length === 0 ? undefined : rows.numbers[rows.numbersAt[row]! + 1]
    })
    return this.#beginnings
  }
}

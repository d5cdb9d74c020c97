import type { WorkspaceKey } from '../config/workspace-key.ts'
import { parseFilter } from '../filter/grammar.ts'
import type { MessageSide } from '../exchange.ts'
import type { Filter } from '../filter/syntax.ts'
import { CaptureSearch } from './capture-search.ts'
import { decodeExchange, type ExchangeRow } from './decode.ts'
import { type Context, decodeContext } from './decode-context.ts'
import { readValues, withValues } from './header-values.ts'
import { type BodySlot, bodySlots } from './layout.ts'
import { messageOf, type MessageRow } from './message-table.ts'
import { Opener } from './opener.ts'
import type { StoredExchange, StoredMessage } from './record.ts'
import { deleteUnusedParts } from './retention.ts'
import { type CaptureDatabase, openDatabase, type Statement } from './schema.ts'
import { type ExchangeSummary, summaryOf } from './summary.ts'

export interface ListOptions {
  /** A query, or one already parsed; nothing: every exchange. */
  query?: string | Filter
  /** Most rows, default 200. */
  limit?: number
  /** Only exchanges recorded before or after this `sequence`, exclusive. */
  before?: number
  after?: number
  order?: 'newest' | 'oldest'
}

/** Secrets are put back where they still exist and the key fits (`open`), or stay markers (`sealed`). */
export interface ReadOptions {
  secrets?: 'open' | 'sealed'
}

export interface CaptureStats {
  exchanges: number
  /** Milliseconds since the epoch. */
  oldest: number | undefined
  newest: number | undefined
  /** Size of the database without free pages. */
  bytes: number
  sealedValues: number
}

/** Exchanges over the recorded time. Times are ms since the epoch; without exchanges both are 0. */
export interface Density {
  from: number
  to: number
  exchanges: number[]
  denied: number[]
}

/**
 * Opens a workspace's capture for reading, also while a gateway writes it. Without a key secrets stay markers. Makes an
 * empty capture when there is none. Throws a CaptureStoreError when it cannot be opened.
 */
export function openCaptures(folder: string, key?: WorkspaceKey): Captures {
  return new Captures(openDatabase(folder, { create: true }), key)
}

const summaryColumns = `e.seq AS sequence, e.id, e.started_at AS startedAt, e.duration AS durationMicros,
  e.client AS clientAddress, e.response_size AS responseBytes, e.context, e.path, e.query`

/** The read side of a capture. Queries throw a FilterError when they cannot be read. */
export class Captures {
  readonly #db: CaptureDatabase
  readonly #key: WorkspaceKey | undefined
  readonly #search: CaptureSearch
  readonly #rowById: Statement
  readonly #part: Statement
  readonly #sealed: Statement

  constructor(db: CaptureDatabase, key: WorkspaceKey | undefined) {
    this.#db = db
    this.#key = key
    this.#search = new CaptureSearch(db)
    this.#rowById = db.prepare('SELECT * FROM exchanges WHERE id = ?')
    this.#part = db.prepare('SELECT text, note FROM parts WHERE id = ?')
    this.#sealed = db.prepare('SELECT value FROM sealed WHERE tag = ? AND expires_at > ?')
  }

  list(options: ListOptions = {}): ExchangeSummary[] {
    const { limit = 200, order = 'newest' } = options
    const rows: ExchangeSummary[] = []
    for (const { sql, parameters } of this.#selects(summaryColumns, options)) {
      const end = `ORDER BY e.seq ${order === 'newest' ? 'DESC' : 'ASC'} LIMIT ${Math.max(0, limit - rows.length)}`
      for (const row of this.#db.prepare(`${sql} ${end}`).all(parameters)) rows.push(this.#summary(row as SummaryRow))
      if (rows.length >= limit) break
    }
    return rows
  }

  /** How many exchanges match. */
  count(query?: string | Filter): number {
    let count = 0
    for (const { sql, parameters } of this.#selects('count(*) AS n', query === undefined ? {} : { query })) {
      count += (this.#db.prepare(sql).get(parameters) as { n: number }).n
    }
    return count
  }

  /**
   * The `sequence` of every match, stretch by stretch, so that a list of 100,000 rows can begin before the search ends.
   * A stretch without a match is empty: between two of them one can do something else, or stop.
   */
  *sequences(options: Omit<ListOptions, 'limit'> = {}): Generator<number[]> {
    const newest = (options.order ?? 'newest') === 'newest'
    for (const { sql, parameters } of this.#selects('json_group_array(e.seq) AS list', options)) {
      const { list } = this.#db.prepare(sql).get(parameters) as { list: string }
      const sequences = JSON.parse(list) as number[]
      sequences.sort((a, b) => (newest ? b - a : a - b))
      yield sequences
    }
  }

  /** How many of those that match were judged alike: what exchanges share, without reading each of them. */
  *contexts(query: string | Filter = ''): Generator<{ context: Context; exchanges: number }> {
    for (const { sql, parameters } of this.#selects('e.context AS id, count(*) AS n', { query })) {
      const rows = this.#db.prepare(`${sql} GROUP BY e.context`).all(parameters) as { id: number; n: number }[]
      for (const { id, n } of rows) yield { context: this.#search.context(id), exchanges: n }
    }
  }

  /** How many of those that match began in each of `parts` equal parts of the whole recorded time, and how many of them were denied. */
  density(query: string | Filter, parts: number): Density {
    const { oldest: from = 0, newest: to = 0 } = this.stats()
    const exchanges = Array.from({ length: parts }, () => 0)
    const denied = [...exchanges]
    const part = `min(${parts - 1}, CAST((e.started_at - ${from}) * ${parts / Math.max(1, to - from)} AS INTEGER))`
    for (const { sql, parameters } of this.#selects(`${part} AS part, e.context AS id, count(*) AS n`, { query })) {
      const rows = this.#db.prepare(`${sql} GROUP BY 1, 2`).all(parameters)
      for (const row of rows as { part: number; id: number; n: number }[]) {
        exchanges[row.part]! += row.n
        if (this.#search.context(row.id).verdict === 'deny') denied[row.part]! += row.n
      }
    }
    return { from, to, exchanges, denied }
  }

  /** Rows by their sequence, in the order given; those that are gone are left out. */
  rows(sequences: readonly number[]): ExchangeSummary[] {
    const sql = `SELECT ${summaryColumns} FROM exchanges e WHERE e.seq IN (SELECT value FROM json_each(?))`
    const found = this.#db.prepare(sql).all([JSON.stringify(sequences)]) as SummaryRow[]
    const bySequence = new Map(found.map((row) => [row.sequence, row]))
    return sequences.flatMap((sequence) => {
      const row = bySequence.get(sequence)
      return row ? [this.#summary(row)] : []
    })
  }

  /** The whole exchange, or undefined when there is none of that id. */
  get(id: string, options: ReadOptions = {}): StoredExchange | undefined {
    const row = this.#rowById.get([id]) as ExchangeRow | undefined
    return row && this.#exchange(row, options.secrets ?? 'open')
  }

  /** Every match as a whole exchange, oldest first unless asked otherwise. One at a time: memory stays flat. */
  *iterate(options: ListOptions & ReadOptions = {}): Generator<StoredExchange> {
    const { order = 'oldest', limit = Infinity } = options
    let left = limit
    for (const list of this.sequences({ ...options, order })) {
      for (const sequence of list) {
        if (left-- <= 0) return
        const row = this.#search.prepare('SELECT * FROM exchanges WHERE seq = ?').get([sequence])
        if (row) yield this.#exchange(row as ExchangeRow, options.secrets ?? 'open')
      }
    }
  }

  /** Messages of an exchange in their order, from the given number on (the first is 1). */
  messages(exchange: string, options: { from?: number; count?: number } & ReadOptions = {}): StoredMessage[] {
    const { from = 1, count = 1000, secrets = 'open' } = options
    const sql = 'SELECT * FROM messages WHERE exchange = ? AND number >= ? ORDER BY number LIMIT ?'
    const rows = this.#db.prepare(sql).all([exchange, from, count]) as MessageRow[]
    return rows.map((row) => messageOf(exchange, row, this.#opener(secrets)))
  }

  countMessages(exchange: string): number {
    const sql = 'SELECT count(*) AS n FROM messages WHERE exchange = ?'
    return (this.#db.prepare(sql).get([exchange]) as { n: number }).n
  }

  /** Deletes what matches; returns how many. When nothing is left, every text and sealed value goes as well, else with their time. */
  delete(query: string | Filter): number {
    const filter = typeof query === 'string' ? parseFilter(query) : query
    let deleted = 0
    this.#db.exec('BEGIN IMMEDIATE')
    try {
      // The numbers given so far stay given, also when their exchanges are gone.
      this.#db.exec(
        'INSERT OR IGNORE INTO epochs SELECT (SELECT max(seq) FROM exchanges) + 1, (SELECT max(id) FROM parts) + 1 WHERE EXISTS (SELECT 1 FROM exchanges)',
      )
      for (const { sql, parameters } of this.#selects('e.seq', { query: filter })) {
        deleted += this.#db.prepare(`DELETE FROM exchanges WHERE seq IN (${sql})`).run(parameters).changes
      }
      if (this.#db.prepare('SELECT 1 FROM exchanges LIMIT 1').get([]) === undefined) {
        // Nothing refers to them any more; a gateway that is writing notices and starts anew.
        this.#db.exec('DELETE FROM sealed; DELETE FROM parts; DELETE FROM messages; DELETE FROM states')
      }
      deleteUnusedParts(this.#db)
      this.#db.exec('COMMIT')
    } catch (error) {
      this.#db.exec('ROLLBACK')
      throw error
    }
    return deleted
  }

  stats(): CaptureStats {
    const one = (sql: string) => this.#db.prepare(sql).get([]) as Record<string, number | null>
    const all = one('SELECT count(*) AS n, min(started_at) AS oldest, max(started_at) AS newest FROM exchanges')
    const size = one(
      'SELECT (page_count - freelist_count) * page_size AS n FROM pragma_page_count, pragma_freelist_count, pragma_page_size',
    )
    return {
      exchanges: all['n'] ?? 0,
      oldest: all['oldest'] ?? undefined,
      newest: all['newest'] ?? undefined,
      bytes: size['n'] ?? 0,
      sealedValues: one('SELECT count(*) AS n FROM sealed')['n'] ?? 0,
    }
  }

  /** Text of a workspace file as it was in a revision; undefined when the revision or the file is not known. */
  revisionFile(revision: string, path: string): string | undefined {
    const sql = 'SELECT f.text FROM revisions r JOIN files f USING (sha256) WHERE r.revision = ? AND r.path = ?'
    const row = this.#db.prepare(sql).get([revision, path]) as { text: string | null } | undefined
    return row?.text === null || row === undefined ? undefined : this.#opened(row.text)
  }

  /** Texts of all files of a revision, by path; empty when it is not known. */
  revisionFiles(revision: string): Map<string, string> {
    const sql = 'SELECT r.path, f.text FROM revisions r JOIN files f USING (sha256) WHERE r.revision = ?'
    const rows = this.#db.prepare(sql).all([revision]) as { path: string; text: string | null }[]
    return new Map(rows.flatMap(({ path, text }) => (text === null ? [] : [[path, this.#opened(text)] as const])))
  }

  #opened(text: string): string {
    return new Opener((tag) => this.#openValue(tag)).raw(text)
  }

  close(): void {
    this.#db.close()
  }

  *#selects(columns: string, options: ListOptions): Generator<{ sql: string; parameters: (string | number)[] }> {
    const { query = '', before, after, order = 'newest' } = options
    const filter = typeof query === 'string' ? parseFilter(query) : query
    for (const stretch of this.#search.stretches(filter, order === 'newest')) {
      const first = Math.max(stretch.firstSeq, after === undefined ? 0 : after + 1)
      const last = Math.min(stretch.lastSeq, before === undefined ? Number.MAX_SAFE_INTEGER : before - 1)
      if (first > last) continue
      const sql = `SELECT ${columns} FROM exchanges e WHERE e.seq BETWEEN ? AND ? AND ${stretch.sql}`
      yield { sql, parameters: [first, last, ...stretch.parameters] }
    }
  }

  #summary(row: SummaryRow): ExchangeSummary {
    const { context, path, query, ...own } = row
    const url = query === '' ? path : `${path}?${query}`
    return summaryOf(this.#search.context(context), { ...own, url })
  }

  #exchange(row: ExchangeRow, mode: 'open' | 'sealed'): StoredExchange {
    const opener = this.#opener(mode)
    const part = (id: number | null) => (id === null ? undefined : opener.json(this.#partText(id)))
    const others = row.other_bodies === null ? [] : (JSON.parse(row.other_bodies) as (number | 'same' | null)[])
    const ids: Record<BodySlot, number | 'same' | null | undefined> = {
      request: row.request_body,
      response: row.response_body,
      forwarded: others[0] === 'same' ? row.request_body : others[0],
      upstreamResponse: others[1] === 'same' ? row.response_body : others[1],
    }
    const bodies: Partial<Record<BodySlot, { bytes: Uint8Array; decoded?: true }>> = {}
    for (const name of bodySlots) {
      const id = ids[name]
      if (typeof id === 'number') bodies[name] = this.#body(id, opener)
    }
    const values = readValues(row.header_values === null ? null : opener.json(row.header_values))
    const headers = (id: number, side: MessageSide) =>
      withValues(JSON.parse(opener.json(this.#partText(id))) as string[], values[side])
    const exchange = {
      context: decodeContext(opener.json(this.#partText(row.context))),
      path: opener.raw(row.path),
      query: opener.raw(row.query),
      target: row.target === null ? null : opener.raw(row.target),
      own: opener.json(row.own),
      requestHeaders: headers(row.request_headers, 'request'),
      responseHeaders: row.response_headers === null ? undefined : headers(row.response_headers, 'response'),
      detail: part(row.detail),
      knowledge: part(row.knowledge),
      extra: part(row.extra),
      bodies,
    }
    return decodeExchange(row, exchange, opener.standing())
  }

  #opener(mode: 'open' | 'sealed'): Opener {
    return new Opener(mode === 'sealed' || !this.#key ? undefined : (tag) => this.#openValue(tag))
  }

  #body(id: number, opener: Opener): { bytes: Uint8Array; decoded?: true } {
    const { text, note } = this.#part.get([id]) as { text: string | Uint8Array; note: string | null }
    return opener.content(text, note)
  }

  #partText(id: number): string {
    return (this.#part.get([id]) as { text: string }).text
  }

  /** A secret by the tag of its marker; undefined when it is not kept any more, or was sealed under another key. */
  secret(tag: string): string | undefined {
    const bytes = this.#openValue(tag)
    return bytes && Buffer.from(bytes).toString('utf8')
  }

  #openValue(tag: string): Uint8Array | undefined {
    const row = this.#sealed.get([tag, Date.now()]) as { value: Uint8Array } | undefined
    return row && this.#key?.open(new Uint8Array(row.value))
  }
}

interface SummaryRow {
  sequence: number
  id: string
  startedAt: number
  durationMicros: number
  clientAddress: string
  responseBytes: number
  context: number
  path: string
  query: string
}

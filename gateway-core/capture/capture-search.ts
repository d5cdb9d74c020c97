import type { MessageSide } from '../exchange.ts'
import { testRecord } from '../filter/evaluate.ts'
import type { FieldSource } from '../filter/fields.ts'
import { type Condition, type LikePattern, type PartSearch, toSql } from '../filter/sql.ts'
import type { FieldTest, Filter } from '../filter/syntax.ts'
import { contentText } from './body-text.ts'
import { decodeDetail } from './trace-detail.ts'
import { type Context, decodeContext } from './decode-context.ts'
import { type HeaderValues, valuesOf } from './header-values.ts'
import type { Extra } from './layout.ts'
import type { ExchangeRecord, RecordedRequest, RecordedResponse } from './record.ts'
import { type CaptureDatabase, type PartKind, partKind, type Statement } from './schema.ts'

/** A run of exchanges whose parts are a run as well; both ends included. */
export interface Epoch {
  firstSeq: number
  lastSeq: number
  firstPart: number
  lastPart: number
}

/** One stretch of a search: the exchanges of an epoch, and the condition on them. */
export interface Stretch extends Condition {
  firstSeq: number
  lastSeq: number
}

type PartSource = Exclude<FieldSource, 'row'>

const kindOf: Readonly<Record<PartSource, PartKind>> = {
  context: 'context',
  requestHeaders: 'headers',
  responseHeaders: 'headers',
  requestBody: 'body',
  responseBody: 'body',
  detail: 'detail',
  extra: 'extra',
}
/** Contexts read before; only those of open exchanges change, so a search reads only new ones. */
const contextLimit = 50_000

/** Searches one capture database, epoch by epoch, so that the first results are there early. */
export class CaptureSearch {
  readonly #db: CaptureDatabase
  readonly #contexts = new Map<number, Context>()
  readonly #statements = new Map<string, Statement>()

  constructor(db: CaptureDatabase) {
    this.#db = db
  }

  /** Stretches in which exchanges may match, in the order asked for. Lazy: each is worked out when it is reached. */
  *stretches(filter: Filter, newestFirst: boolean): Generator<Stretch> {
    const epochs = this.#epochs()
    if (newestFirst) epochs.reverse()
    for (const epoch of epochs) {
      const condition = toSql(filter, this.#partsOf(epoch))
      if (condition.sql !== '0') yield { ...condition, firstSeq: epoch.firstSeq, lastSeq: epoch.lastSeq }
    }
  }

  #epochs(): Epoch[] {
    const rows = this.prepare('SELECT first_seq, first_part FROM epochs ORDER BY first_seq').all() as {
      first_seq: number
      first_part: number
    }[]
    return rows.map((row, at) => ({
      firstSeq: row.first_seq,
      lastSeq: (rows[at + 1]?.first_seq ?? Number.MAX_SAFE_INTEGER) - 1,
      firstPart: row.first_part,
      lastPart: (rows[at + 1]?.first_part ?? Number.MAX_SAFE_INTEGER) - 1,
    }))
  }

  #partsOf(epoch: Epoch): PartSearch {
    let own: readonly OwnHeaders[] | undefined
    return {
      parts: (test, source, like) => this.#parts(epoch, test, source, like),
      withOwnHeaders: (test, side) => this.#withOwnHeaders((own ??= this.#ownHeaders(epoch)), test, side),
      rows: (column, passes) => this.#rows(epoch, column, passes),
    }
  }

  #parts(epoch: Epoch, test: FieldTest, source: PartSource, like: LikePattern | undefined): Condition | number[] {
    if (source === 'context') return this.#contextParts(epoch, test)
    const kind = partKind[kindOf[source]]
    const range = [epoch.firstPart, epoch.lastPart]
    const within = `id BETWEEN ? AND ? AND kind = ${kind}`
    const bodies = kindOf[source] === 'body'
    // Bytes are coded or binary: they have to be looked into.
    const candidates = like
      ? `${within} AND (text LIKE ? ESCAPE '\\'${bodies ? " OR typeof(text) = 'blob'" : ''})`
      : within
    if (like?.exact && !(bodies && this.#hasBytes(epoch))) {
      return {
        sql: `SELECT id FROM parts WHERE ${within} AND text LIKE ? ESCAPE '\\'`,
        parameters: [...range, like.pattern],
      }
    }
    const found: number[] = []
    const rows = this.prepare(`SELECT id, text, note FROM parts WHERE ${candidates}`)
    for (const row of rows.iterate(like ? [...range, like.pattern] : range)) {
      const { id, text, note } = row as { id: number; text: string | Uint8Array; note: string | null }
      if (testRecord(test, partRecord(source, text, note))) found.push(id)
    }
    return found
  }

  #ownHeaders({ firstSeq, lastSeq }: Epoch): OwnHeaders[] {
    // One text for all rows: fetching them one by one takes five times as long.
    const sql = `SELECT '[' || ifnull(group_concat('[' || seq || ',' || request_headers || ',' ||
        ifnull(response_headers, 'null') || ',' || header_values || ']'), '') || ']' AS rows
      FROM exchanges WHERE seq BETWEEN ? AND ? AND header_values IS NOT NULL`
    const { rows } = this.prepare(sql).get([firstSeq, lastSeq]) as { rows: string }
    return JSON.parse(rows) as OwnHeaders[]
  }

  #withOwnHeaders(rows: readonly OwnHeaders[], test: FieldTest, side: MessageSide): number[] {
    const shared = new SharedHeaders(test, side, (part) => this.#text(part))
    const column = side === 'request' ? 1 : 2
    const found: number[] = []
    for (const row of rows) {
      const part = row[column]
      if (part !== null && shared.passes(part, valuesOf(row[3])[side])) found.push(row[0])
    }
    return found
  }

  #text(part: number): string {
    return (this.prepare('SELECT text FROM parts WHERE id = ?').get([part]) as { text: string }).text
  }

  #hasBytes(epoch: Epoch): boolean {
    const sql = `SELECT 1 FROM parts WHERE id BETWEEN ? AND ? AND kind = ${partKind.body} AND typeof(text) = 'blob' LIMIT 1`
    return this.prepare(sql).get([epoch.firstPart, epoch.lastPart]) !== undefined
  }

  #contextParts(epoch: Epoch, test: FieldTest): number[] {
    const found: number[] = []
    const ids = this.prepare(`SELECT json_group_array(id) AS ids FROM parts WHERE kind = 1 AND id BETWEEN ? AND ?`)
    const { ids: list } = ids.get([epoch.firstPart, epoch.lastPart]) as { ids: string }
    for (const id of JSON.parse(list) as number[]) {
      if (testRecord(test, contextRecord(this.context(id)))) found.push(id)
    }
    return found
  }

  #rows(epoch: Epoch, column: string, passes: (value: string) => boolean): number[] {
    // One text for all rows: fetching them one by one takes five times as long.
    const sql = `SELECT json_group_array(e.seq) AS seqs, json_group_array(${column}) AS texts FROM exchanges e WHERE e.seq BETWEEN ? AND ?`
    const row = this.prepare(sql).get([epoch.firstSeq, epoch.lastSeq]) as { seqs: string; texts: string }
    const texts = JSON.parse(row.texts) as string[]
    return (JSON.parse(row.seqs) as number[]).filter((_, at) => passes(texts[at]!))
  }

  /** A context by its part; the same object each time once its exchanges have ended. */
  context(id: number): Context {
    let context = this.#contexts.get(id)
    if (!context) {
      context = decodeContext(this.#text(id))
      if (context.state === 'open') return context
      if (this.#contexts.size >= contextLimit) this.#contexts.clear()
      this.#contexts.set(id, context)
    }
    return context
  }

  prepare(sql: string): Statement {
    let statement = this.#statements.get(sql)
    if (!statement) {
      statement = this.#db.prepare(sql)
      if (this.#statements.size > 200) this.#statements.clear()
      this.#statements.set(sql, statement)
    }
    return statement
  }
}

/** Sequence, header lists and `header_values` of an exchange that has such values. */
type OwnHeaders = readonly [seq: number, request: number, response: number | null, values: unknown]

/** Tests header lists that several exchanges share, each with values of its own in it. A test holds where one field passes. */
class SharedHeaders {
  readonly #test: FieldTest
  readonly #side: MessageSide
  readonly #textOf: (part: number) => string
  /** By part and the places whose values it is without. */
  readonly #known = new Map<string, { list: readonly string[]; passes: boolean }>()

  constructor(test: FieldTest, side: MessageSide, textOf: (part: number) => string) {
    this.#test = test
    this.#side = side
    this.#textOf = textOf
  }

  passes(part: number, values: HeaderValues): boolean {
    let key = String(part)
    for (let at = 0; at < values.length; at += 2) key += ` ${values[at]}`
    let shared = this.#known.get(key)
    if (!shared) {
      const list = JSON.parse(this.#textOf(part)) as string[]
      shared = { list, passes: this.#holds(list.filter((_, at) => !values.includes(at | 1))) }
      this.#known.set(key, shared)
    }
    if (shared.passes) return true
    const own: string[] = []
    for (let at = 0; at < values.length; at += 2) {
      own.push(shared.list[(values[at] as number) - 1]!, values[at + 1] as string)
    }
    return own.length > 0 && this.#holds(own)
  }

  #holds(headers: readonly string[]): boolean {
    return testRecord(this.#test, { [this.#side]: { headers } } as unknown as ExchangeRecord)
  }
}

/** As much of a record as the fields of a source read; see `FilterField.read`. */
function partRecord(source: PartSource, text: string | Uint8Array, note: string | null): ExchangeRecord {
  if (source === 'extra') {
    const { intercepted } = JSON.parse(text as string) as Extra
    return { intercepted } as ExchangeRecord
  }
  if (source === 'detail') return { trace: decodeDetail(text as string) } as unknown as ExchangeRecord
  const message = source.startsWith('request') ? 'request' : 'response'
  if (source === 'requestHeaders' || source === 'responseHeaders') {
    return { [message]: { headers: JSON.parse(text as string) as string[] } } as unknown as ExchangeRecord
  }
  const content = typeof text === 'string' ? text : contentText(new Uint8Array(text), note ?? undefined)
  const bytes = content === undefined ? undefined : Buffer.from(content, 'utf8')
  const body = bytes && { bytes, length: bytes.byteLength, truncated: false }
  const part: Partial<RecordedRequest & RecordedResponse> = { headers: [], ...(body && { body }) }
  return { [message]: part } as unknown as ExchangeRecord
}

function contextRecord(context: Context): ExchangeRecord {
  const { method, scheme, authority, httpVersion } = context
  return {
    ...context,
    request: { method, scheme, authority, httpVersion },
    route: context.route === undefined ? undefined : { id: context.route, api: context.api },
    upstream: context.upstream === undefined ? undefined : { name: context.upstream },
    consumer: context.consumer === undefined ? undefined : { name: context.consumer, groups: context.groups },
    trace: context.shape,
  } as unknown as ExchangeRecord
}

import type { Change, TraceEntry } from '../pipeline/outcome.ts'
import type { Opener } from './opener.ts'
import type { MessageRecord, StoredMessage } from './record.ts'
import type { SealedBody } from './record-sealer.ts'
import type { CaptureDatabase, Statement } from './schema.ts'

/** A message without its secrets. */
export interface SealedMessage {
  record: MessageRecord
  content: SealedBody
  /** What went on instead, where that differs. */
  sent: SealedBody | undefined
  /** JSON of what is rare: see {@link MoreOfMessage}. */
  more: string | null
}

/** The rare parts of a message. */
export type MoreOfMessage = Partial<Pick<MessageRecord, 'from' | 'edited' | 'touch' | 'sentLength' | 'trace'>>

/** A row of `messages`. */
export interface MessageRow {
  number: number
  at: number
  side: 0 | 1
  kind: MessageRecord['kind']
  fate: MessageRecord['fate']
  size: number
  truncated: 0 | 1
  content: string | Uint8Array
  content_note: string | null
  sent: string | Uint8Array | null
  sent_note: string | null
  more: string | null
}

/** Writes messages, inside somebody else's transaction. */
export class MessageTable {
  readonly #insert: Statement

  constructor(db: CaptureDatabase) {
    this.#insert = db.prepare(`INSERT OR REPLACE INTO messages VALUES (${'?, '.repeat(12)}?)`)
    // Their exchange was lost on its way to the store.
    db.exec('DELETE FROM messages WHERE exchange NOT IN (SELECT id FROM exchanges)')
  }

  insert({ record, content, sent, more }: SealedMessage): void {
    this.#insert.run([
      record.exchange,
      record.number,
      record.at,
      record.side === 'request' ? 0 : 1,
      record.kind,
      record.fate,
      record.length,
      record.truncated ? 1 : 0,
      content.value,
      content.note,
      sent?.value ?? null,
      sent?.note ?? null,
      more,
    ])
  }
}

export function moreOfMessage({ from, edited, touch, sentLength, trace }: MessageRecord): string | null {
  if (!from && !edited && !touch && sentLength === undefined && trace.length === 0) return null
  const more: MoreOfMessage = { ...(from && { from }), ...(edited && { edited }), ...(touch && { touch }) }
  if (sentLength !== undefined) more.sentLength = sentLength
  if (trace.length > 0) more.trace = trace.map((entry) => withBodies(entry, undefined))
  return JSON.stringify(more)
}

/** What was made of a message stands beside it, sealed; the trace only says that it was changed. */
function withBodies(entry: TraceEntry, bytes: Uint8Array | undefined): TraceEntry {
  if (!entry.changes?.some(({ kind }) => kind === 'set-body')) return entry
  const changes = entry.changes.map((one) => (one.kind === 'set-body' ? { ...one, bytes } : one) as Change)
  return { ...entry, changes }
}

const noBytes = new Uint8Array(0)

/** A message as it is read back. `lost`: its bytes were sealed as a whole and are gone. */
export function messageOf(exchange: string, row: MessageRow, opener: Opener): StoredMessage & { lost?: true } {
  const more = (row.more === null ? {} : JSON.parse(opener.json(row.more))) as MoreOfMessage
  const content = opener.content(row.content, row.content_note)
  const message = {
    exchange,
    number: row.number,
    at: row.at,
    side: row.side === 0 ? ('request' as const) : ('response' as const),
    kind: row.kind,
    fate: row.fate,
    bytes: content.bytes,
    length: row.size,
    truncated: row.truncated === 1,
    ...(row.sent !== null && { sent: opener.content(row.sent, row.sent_note).bytes }),
    ...more,
    trace: more.trace?.map((entry) => withBodies(entry, noBytes)) ?? [],
    ...(content.decoded && { lost: true as const }),
  }
  return { ...message, secrets: opener.standing() }
}

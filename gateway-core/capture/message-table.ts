import type { MessageRecord } from './record.ts'
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
export type MoreOfMessage = Partial<Pick<MessageRecord, 'from' | 'trace'>>

/** A row of `messages`. */
export interface MessageRow {
  number: number
  at: number
  side: 0 | 1
  kind: MessageRecord['kind']
  fate: MessageRecord['fate']
  size: number
  truncated: 0 | 1
  content: string | ArrayBuffer
  content_note: string | null
  sent: string | ArrayBuffer | null
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

export function moreOfMessage({ from, trace }: MessageRecord): string | null {
  if (!from && trace.length === 0) return null
  const more: MoreOfMessage = { ...(from && { from }), ...(trace.length > 0 && { trace }) }
  return JSON.stringify(more)
}

import { messageOf, type MessageRow } from '../capture/message-table.ts'
import { Opener } from '../capture/opener.ts'
import type { CaptureDatabase, Statement } from '../capture/schema.ts'
import type { MessageAsStored } from './recorded-message.ts'

/** Messages that are read in one go. */
const atOnce = 200

/** Steps from one exchange with messages to the next, whatever is between them. */
const withMessages = `WITH RECURSIVE said (exchange) AS (
  SELECT min(exchange) FROM messages
  UNION ALL SELECT (SELECT min(exchange) FROM messages WHERE exchange > said.exchange) FROM said WHERE said.exchange NOT NULL
) SELECT exchange FROM said WHERE exchange NOT NULL`

/** The messages of a capture. Nothing of them is read before somebody asks: few edits concern them. */
export class CapturedMessages {
  readonly #db: CaptureDatabase
  readonly #open: (tag: string) => Uint8Array | undefined
  #exchanges: ReadonlySet<string> | undefined
  #some: Statement | undefined

  /** `open` gives a sealed value by its tag. */
  constructor(db: CaptureDatabase, open: (tag: string) => Uint8Array | undefined) {
    this.#db = db
    this.#open = open
  }

  /** Ids of the exchanges that have some. */
  get exchanges(): ReadonlySet<string> {
    if (!this.#exchanges) {
      const rows = this.#db.prepare(withMessages).all([]) as { exchange: string }[]
      this.#exchanges = new Set(rows.map(({ exchange }) => exchange))
    }
    return this.#exchanges
  }

  /** Others may have been recorded. */
  refresh(): void {
    this.#exchanges = undefined
  }

  *read(exchange: string): Generator<MessageAsStored> {
    if (!this.exchanges.has(exchange)) return
    this.#some ??= this.#db.prepare(
      `SELECT * FROM messages WHERE exchange = ? AND number > ? ORDER BY number LIMIT ${atOnce}`,
    )
    for (let last = 0; ; ) {
      const rows = this.#some.all([exchange, last]) as MessageRow[]
      for (const row of rows) yield messageOf(exchange, row, new Opener(this.#open))
      if (rows.length < atOnce) return
      last = rows.at(-1)!.number
    }
  }
}

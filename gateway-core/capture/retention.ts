import type { CaptureSettings } from '../config/workspace.ts'
import { deleteOldStates } from './saved-states.ts'
import type { CaptureDatabase } from './schema.ts'

/** Exchanges deleted at once: short transactions keep readers and the writer going. */
const deleteAtOnce = 2000
const secretsIntervalMs = 60_000
const sizeIntervalMs = 2000

/** Keeps the capture within its count and size, and forgets secrets when their time is over. */
export class Retention {
  readonly #db: CaptureDatabase
  readonly #settings: CaptureSettings
  #count: number
  #sizeChecked = 0
  #secretsPurged = 0

  constructor(db: CaptureDatabase, settings: CaptureSettings) {
    this.#db = db
    this.#settings = settings
    this.#count = this.#number('SELECT count(*) AS n FROM exchanges')
  }

  added(count: number): void {
    this.#count += count
  }

  /** Does what is due; cheap when nothing is. */
  run(now: number): void {
    const { maxExchanges } = this.#settings
    // A little slack, so that not every batch deletes.
    if (this.#count > maxExchanges + Math.min(1000, Math.ceil(maxExchanges / 50))) {
      this.#deleteOldest(this.#count - maxExchanges)
    }
    if (now - this.#sizeChecked >= sizeIntervalMs) {
      this.#sizeChecked = now
      for (let epochs = 0; epochs < 4 && this.usedBytes() > this.#settings.maxBytes; epochs++) this.#deleteOldestEpoch()
      this.#db.prepare('PRAGMA incremental_vacuum(256)').all()
    }
    if (now - this.#secretsPurged >= secretsIntervalMs) this.purgeSecrets(now)
  }

  /** Deletes sealed values whose time is over (ms since the epoch). */
  purgeSecrets(now: number): void {
    this.#secretsPurged = now
    this.#db.prepare('DELETE FROM sealed WHERE expires_at <= ?').run([now])
  }

  /** Bytes of the database without free pages. */
  usedBytes(): number {
    const pages = this.#number('SELECT page_count AS n FROM pragma_page_count')
    const free = this.#number('SELECT freelist_count AS n FROM pragma_freelist_count')
    return (pages - free) * this.#number('SELECT page_size AS n FROM pragma_page_size')
  }

  #deleteOldest(count: number): void {
    const oldest = 'seq IN (SELECT seq FROM exchanges ORDER BY seq LIMIT ?)'
    this.#delete(oldest, Math.min(count, deleteAtOnce))
  }

  /** Texts and bodies are given back by the epoch, so that is what makes room. The current one stays. */
  #deleteOldestEpoch(): void {
    const epochs = this.#db.prepare('SELECT first_seq FROM epochs ORDER BY first_seq LIMIT 2').all() as {
      first_seq: number
    }[]
    if (epochs[1]) this.#delete('seq < ?', epochs[1].first_seq)
  }

  #delete(condition: string, parameter: number): void {
    this.#db.exec('BEGIN IMMEDIATE')
    try {
      const { changes } = this.#db.prepare(`DELETE FROM exchanges WHERE ${condition}`).run([parameter])
      deleteUnusedParts(this.#db)
      deleteOldStates(this.#db)
      this.#db.exec('COMMIT')
      this.#count -= changes
    } catch (error) {
      this.#db.exec('ROLLBACK')
      throw error
    }
  }

  #number(sql: string): number {
    return (this.#db.prepare(sql).get() as { n: number }).n
  }
}

/** Deletes the parts of every epoch that has no exchange left before the oldest one. Inside a transaction. */
export function deleteUnusedParts(db: CaptureDatabase): void {
  const first = db.prepare('SELECT min(seq) AS n FROM exchanges').get() as { n: number | null }
  const epoch = db
    .prepare('SELECT first_seq, first_part FROM epochs WHERE first_seq <= ? ORDER BY first_seq DESC LIMIT 1')
    .get([first.n ?? Number.MAX_SAFE_INTEGER]) as { first_seq: number; first_part: number } | undefined
  if (!epoch) return
  db.prepare('DELETE FROM parts WHERE id < ?').run([epoch.first_part])
  db.prepare('DELETE FROM epochs WHERE first_seq < ?').run([epoch.first_seq])
}

import type { WorkspaceKey } from '../config/workspace-key.ts'
import type { CaptureSettings, WorkspaceFile } from '../config/workspace.ts'
import { BatchReader } from './batch-reader.ts'
import { type Batch, slot } from './layout.ts'
import { MessageTable } from './message-table.ts'
import { closeLeftOpen } from './left-open.ts'
import type { Reading } from './readings.ts'
import type { MessageRecord } from './record.ts'
import { RecordSealer, type SealedBody, type SealedRecord } from './record-sealer.ts'
import { Retention } from './retention.ts'
import { Rows } from './rows.ts'
import { insertState, savable, type SavedState } from './saved-states.ts'
import { type CaptureDatabase, openDatabase, type PartKind, partKind, type Statement } from './schema.ts'
import { Sealer } from './sealer.ts'

/** Most exchanges of an epoch (see the schema). A shorter one gives room back in smaller steps, a longer one writes less. */
const epochLength = 10_000
/** An epoch is at most this part of the whole capture, so that retention never has to throw much away at once. */
const epochShare = 1 / 16
const privateKey = /-----BEGIN [A-Z ]*PRIVATE KEY-----[^-]*-----END [A-Z ]*PRIVATE KEY-----/g

/** What a list shows of each record that was written, without secrets. Flat, because it crosses threads. */
export type WrittenField = string | number | null
export const writtenFields = 8

/**
 * Writes records to the capture database. Runs in the store worker, and in process where records come from a file.
 * Nothing is written before its secrets are sealed.
 */
export class CaptureWriter {
  readonly #db: CaptureDatabase
  readonly #key: WorkspaceKey
  readonly #sealer: Sealer
  readonly #records: RecordSealer
  readonly #messages: MessageTable
  readonly #retention: Retention
  readonly #exchanges: Rows
  readonly #parts: Rows
  readonly #reader: BatchReader
  readonly #insertSealed: Statement
  readonly #insertEpoch: Statement
  /** Ids of the parts of this epoch by kind and text, where a changed text cannot remember its own. */
  readonly #partIds = new Map<string, number>()
  /** Sequence of exchanges written as `open`, by id. */
  readonly #open = new Map<string, number>()
  readonly #dataVersion: Statement
  #seenVersion = 0
  #seq = 0
  #part = 0
  #epochStart = 0
  /** Last sequence of this epoch; 0: none begun. */
  #epochEnd = 0
  /** Bytes of the parts of this epoch, roughly. */
  #epochBytes = 0
  readonly #epochLimit: number
  readonly #epochLength: number

  /**
   * Throws a CaptureStoreError when the database cannot be used. `reader`: what already read the batches before, where
   * this writer does not get the first.
   */
  constructor(folder: string, key: WorkspaceKey, settings: CaptureSettings, reader = new BatchReader()) {
    const db = openDatabase(folder, { create: true })
    this.#db = db
    this.#key = key
    this.#epochLimit = settings.maxBytes * epochShare
    this.#epochLength = Math.max(100, Math.min(epochLength, Math.ceil(settings.maxExchanges * epochShare)))
    this.#sealer = new Sealer(key, settings.secretsMs)
    this.#records = new RecordSealer(this.#sealer, settings.seal)
    this.#reader = reader
    this.#exchanges = new Rows(db, 'INSERT OR REPLACE INTO exchanges', 23)
    this.#parts = new Rows(db, 'INSERT INTO parts', 4)
    this.#insertSealed = db.prepare('INSERT OR REPLACE INTO sealed VALUES (?, ?, ?)')
    this.#insertEpoch = db.prepare('INSERT OR REPLACE INTO epochs VALUES (?, ?)')
    this.#dataVersion = db.prepare('SELECT data_version AS n FROM pragma_data_version')
    this.#messages = new MessageTable(db)
    this.#retention = new Retention(db, settings)
    this.#retention.purgeSecrets(Date.now())
  }

  /**
   * Writes a batch in one transaction. Throws when the disk is full or read-only; then nothing of the batch is kept,
   * and the next batch may be tried. `written` gets {@link writtenFields} fields per record.
   */
  write(batch: Batch, written?: WrittenField[]): void {
    const reader = this.#reader
    let before = 0
    reader.begin(batch)
    this.#sealer.setTime(Date.now())
    this.#db.exec('BEGIN IMMEDIATE')
    try {
      this.#noticeOthers()
      before = this.#seq
      while (reader.next()) {
        if (this.#seq >= this.#epochEnd || this.#epochBytes > this.#epochLimit) this.#beginEpoch()
        const sealed = this.#records.seal(reader)
        this.#insert(reader, sealed)
        if (written) addWritten(written, reader, sealed, this.#seq)
      }
      this.#parts.flush()
      this.#exchanges.flush()
      this.#insertFresh()
      this.#db.exec('COMMIT')
    } catch (error) {
      this.#rollBack()
      throw error
    }
    this.#retention.added(this.#seq - before)
  }

  /** Writes messages of exchanges in one transaction; throws like {@link write}. */
  writeMessages(messages: readonly MessageRecord[]): void {
    this.#sealer.setTime(Date.now())
    this.#db.exec('BEGIN IMMEDIATE')
    try {
      for (const message of messages) this.#messages.insert(this.#records.sealMessage(message))
      this.#insertFresh()
      this.#db.exec('COMMIT')
    } catch (error) {
      this.#rollBack()
      throw error
    }
  }

  /**
   * After somebody else wrote (an import, another gateway, a deletion), what is remembered as written may be gone and
   * the next numbers may be taken. Inside a transaction, so that nobody writes in between.
   */
  #noticeOthers(): void {
    const { n } = this.#dataVersion.get([]) as { n: number }
    if (n === this.#seenVersion) return
    this.#seenVersion = n
    // Numbers of what was deleted are not given again either: readers may remember them.
    const seq = 'max((SELECT ifnull(max(seq), 0) FROM exchanges), (SELECT ifnull(max(first_seq), 1) - 1 FROM epochs))'
    const part = 'max((SELECT ifnull(max(id), 0) FROM parts), (SELECT ifnull(max(first_part), 1) - 1 FROM epochs))'
    this.#seq = Math.max(this.#seq, numberOf(this.#db, `SELECT ${seq} AS n`))
    this.#part = Math.max(this.#part, numberOf(this.#db, `SELECT ${part} AS n`))
    this.#epochEnd = 0
    this.#open.clear()
    this.#sealer.forget()
  }

  #rollBack(): void {
    try {
      this.#db.exec('ROLLBACK')
    } catch {
      // SQLite has already rolled back on a full disk.
    }
    this.#parts.clear()
    this.#exchanges.clear()
    // Everything that was remembered is read anew.
    this.#seenVersion = -1
    this.#epochEnd = 0
    this.#partIds.clear()
    this.#records.clear()
    this.#sealer.forget()
    this.#open.clear()
  }

  #insert(reader: BatchReader, record: SealedRecord): void {
    const { id } = reader
    const known = this.#open.size > 0 ? this.#open.get(id) : undefined
    // The final record of an exchange that began in an earlier epoch refers to parts of this one, so it moves here.
    const seq = known !== undefined && known >= this.#epochStart ? known : ++this.#seq
    if (reader.open) this.#open.set(id, seq)
    else if (known !== undefined) this.#open.delete(id)
    const [request, response, forwarded, upstream] = record.bodies
    const others =
      forwarded === undefined && upstream === undefined
        ? null
        : JSON.stringify([this.#otherBody(forwarded), this.#otherBody(upstream)])
    this.#exchanges.add(
      seq,
      id,
      reader.number(slot.startedAt),
      reader.number(slot.duration),
      this.#partOf('context', record.context),
      reader.client,
      reader.number(slot.peerPort),
      reader.peerAddress,
      record.path,
      record.query,
      record.target,
      this.#partOf('headers', record.requestHeaders),
      record.responseHeaders ? this.#partOf('headers', record.responseHeaders) : null,
      record.detail ? this.#partOf('detail', record.detail) : null,
      record.knowledge ? this.#partOf('knowledge', record.knowledge) : null,
      record.own,
      record.extra ? this.#partOf('extra', record.extra) : null,
      reader.number(slot.requestSize),
      reader.number(slot.responseSize),
      typeof request === 'object' ? this.#bodyPart(request) : null,
      typeof response === 'object' ? this.#bodyPart(response) : null,
      others,
      record.headerValues,
    )
  }

  #otherBody(body: SealedBody | 'same' | undefined): number | 'same' | null {
    return typeof body === 'object' ? this.#bodyPart(body) : (body ?? null)
  }

  #beginEpoch(): void {
    this.#epochStart = this.#seq + 1
    this.#epochEnd = this.#seq + this.#epochLength
    this.#epochBytes = 0
    this.#partIds.clear()
    this.#records.clear()
    this.#insertEpoch.run([this.#epochStart, this.#part + 1])
  }

  #partOf(kind: PartKind, reading: Reading): number {
    if (reading.once) return this.#newPart(kind, reading.text, null)
    if (reading.part === 0) reading.part = this.#textPart(kind, reading.text, null)
    return reading.part
  }

  #bodyPart({ value, note, reading }: SealedBody): number {
    if (reading && reading.part !== 0) return reading.part
    let part: number
    if (typeof value === 'string' && value.length <= 4096) part = this.#textPart('body', value, note)
    else part = this.#newPart('body', value, note)
    if (reading) reading.part = part
    return part
  }

  #textPart(kind: PartKind, text: string, note: string | null): number {
    const key = `${kind}${note}\n${text}`
    let id = this.#partIds.get(key)
    if (id === undefined) {
      id = this.#newPart(kind, text, note)
      this.#partIds.set(key, id)
    }
    return id
  }

  #newPart(kind: PartKind, value: string | Uint8Array, note: string | null): number {
    const id = ++this.#part
    this.#epochBytes += value.length
    this.#parts.add(id, partKind[kind], value, note)
    return id
  }

  /** Keeps the files of a revision, so that the policy line of an old exchange can be shown as it was. */
  saveRevision(revision: string, files: readonly WorkspaceFile[], secrets: readonly string[] = []): void {
    const known = this.#db.prepare('SELECT 1 FROM revisions WHERE revision = ? LIMIT 1').get([revision])
    if (known) return
    const file = this.#db.prepare('INSERT OR IGNORE INTO files VALUES (?, ?)')
    const entry = this.#db.prepare('INSERT OR REPLACE INTO revisions VALUES (?, ?, ?, ?)')
    this.#db.exec('BEGIN IMMEDIATE')
    try {
      for (const { path, sha256, text } of files) {
        file.run([sha256, text === undefined ? null : this.#sealFile(text, secrets)])
        entry.run([revision, path, sha256, Date.now()])
      }
      this.#insertFresh()
      this.#db.exec('COMMIT')
    } catch (error) {
      this.#db.exec('ROLLBACK')
      throw error
    }
  }

  /** Keeps what counters held behind everything that was written so far. */
  saveState(state: SavedState): void {
    this.#db.exec('BEGIN IMMEDIATE')
    try {
      this.#noticeOthers()
      insertState(this.#db, this.#key, savable(state), this.#seq)
      this.#db.exec('COMMIT')
    } catch (error) {
      this.#rollBack()
      throw error
    }
  }

  /** Tokens and private keys are known by their looks, other secrets have to be named. */
  #sealFile(text: string, secrets: readonly string[]): string {
    this.#sealer.setTime(Date.now())
    const keys = Array.from(text.matchAll(privateKey), ({ index, 0: key }) => ({
      start: index,
      end: index + key.length,
    }))
    const sealed = this.#sealer.sealTokens(this.#sealer.sealSpans(text, keys, []), [])
    return this.#sealer.sealEchoes(sealed, secrets, false)
  }

  #insertFresh(): void {
    for (const { tag, value, expiresAt } of this.#sealer.takeFresh()) this.#insertSealed.run([tag, value, expiresAt])
  }

  /** Ends exchanges that a killed gateway left open, see {@link closeLeftOpen}. */
  closeLeftOpen(before: number): number {
    return closeLeftOpen(this.#db, before)
  }

  /** Work that may wait: retention, purging expired secrets. Call it now and then. */
  tidy(now: number): void {
    this.#retention.run(now)
  }

  close(): void {
    this.#db.close()
  }
}

function addWritten(written: WrittenField[], reader: BatchReader, sealed: SealedRecord, seq: number): void {
  written.push(
    seq,
    reader.id,
    reader.number(slot.startedAt),
    reader.number(slot.duration),
    sealed.context.text,
    reader.client,
    sealed.query === '' ? sealed.path : `${sealed.path}?${sealed.query}`,
    reader.number(slot.responseSize),
  )
}

function numberOf(db: CaptureDatabase, sql: string): number {
  return (db.prepare(sql).get() as { n: number | null }).n ?? 0
}

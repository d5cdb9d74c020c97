import type { WorkspaceKey } from '../config/workspace-key.ts'
import { openMarkers, tagsIn } from './markers.ts'
import type { CaptureDatabase, Statement } from './schema.ts'

/** Characters of texts that were read ahead and not asked for yet, about. */
const textLimit = 48 * 1024 * 1024

interface Part {
  text: string | Uint8Array
  note: string | null
}

/** Reads the shared texts of a capture, many at once where that is known before, and puts secrets back that still exist. */
export class PartReader {
  readonly #db: CaptureDatabase
  readonly #key: WorkspaceKey | undefined
  readonly #one: Statement
  readonly #sealed: Statement
  readonly #parts = new Map<number, Part>()
  /** By tag: whether its value was still kept, and what that opens to. */
  readonly #values = new Map<string, { kept: boolean; value: Uint8Array | undefined }>()
  #size = 0

  constructor(db: CaptureDatabase, key: WorkspaceKey | undefined) {
    this.#db = db
    this.#key = key
    this.#one = db.prepare('SELECT text, note FROM parts WHERE id = ?')
    this.#sealed = db.prepare('SELECT value FROM sealed WHERE tag = ? AND expires_at > ?')
  }

  /** Whether a part was read ahead and not asked for yet. */
  has(id: number): boolean {
    return this.#parts.has(id)
  }

  /** Reads the parts that are not there yet, in one go. */
  fetch(ids: Iterable<number>): void {
    const lacking: number[] = []
    for (const id of ids) if (!this.#parts.has(id)) lacking.push(id)
    if (lacking.length === 0) return
    this.#makeRoom()
    const sql = `SELECT json_group_array(id) AS ids, json_group_array(text) AS texts, json_group_array(note) AS notes
      FROM parts WHERE id IN (SELECT value FROM json_each(?)) AND typeof(text) = 'text'`
    const row = this.#db.prepare(sql).get([JSON.stringify(lacking)]) as { ids: string; texts: string; notes: string }
    const [texts, notes] = [JSON.parse(row.texts) as string[], JSON.parse(row.notes) as (string | null)[]]
    for (const [at, id] of (JSON.parse(row.ids) as number[]).entries()) {
      this.#parts.set(id, { text: texts[at]!, note: notes[at]! })
      this.#size += texts[at]!.length
    }
  }

  /** JSON text with its secrets put back, escaped as JSON strings. */
  json(id: number): string {
    return this.#open(this.#part(id).text as string, true)
  }

  jsonText(text: string): string {
    return this.#open(text, true)
  }

  plain(text: string): string {
    return this.#open(text, false)
  }

  /** A body; `decoded`: its wire bytes are gone, what is left is its content with markers. */
  body(id: number): { bytes: Uint8Array; decoded?: true } {
    const { text, note } = this.#part(id)
    const [whole] = note === null ? [] : tagsIn(note)
    if (whole !== undefined) {
      const bytes = this.secret(whole)
      return bytes ? { bytes } : { bytes: Buffer.from(typeof text === 'string' ? text : '', 'utf8'), decoded: true }
    }
    return { bytes: typeof text === 'string' ? Buffer.from(this.plain(text), 'utf8') : Buffer.from(text) }
  }

  /** Forgets secrets where one of them was purged since, or is there again; true when it did. */
  forgetChangedSecrets(): boolean {
    if (this.#values.size === 0) return false
    const sql = 'SELECT tag FROM sealed WHERE expires_at > ? AND tag IN (SELECT value FROM json_each(?))'
    const rows = this.#db.prepare(sql).all([Date.now(), JSON.stringify([...this.#values.keys()])]) as { tag: string }[]
    const there = new Set(rows.map(({ tag }) => tag))
    const changed = [...this.#values].some(([tag, { kept }]) => kept !== there.has(tag))
    if (changed) this.#values.clear()
    return changed
  }

  #part(id: number): Part {
    const known = this.#parts.get(id)
    if (!known) return this.#one.get([id]) as Part
    // Who reads it keeps what it says.
    this.#parts.delete(id)
    this.#size -= sizeOf(known)
    return known
  }

  #makeRoom(): void {
    if (this.#size < textLimit) return
    this.#parts.clear()
    this.#size = 0
  }

  #open(text: string, json: boolean): string {
    if (!text.includes('⟦')) return text
    return openMarkers(text, (tag) => {
      const bytes = this.secret(tag)
      const value = bytes && Buffer.from(bytes).toString('utf8')
      return json && value !== undefined ? JSON.stringify(value).slice(1, -1) : value
    })
  }

  /** A secret by the tag of its marker; undefined when it is not kept any more, or the key is another. */
  secret(tag: string): Uint8Array | undefined {
    if (!this.#key) return undefined
    let known = this.#values.get(tag)
    if (!known) {
      const row = this.#sealed.get([tag, Date.now()]) as { value: Uint8Array } | undefined
      known = { kept: row !== undefined, value: row && this.#key.open(new Uint8Array(row.value)) }
      this.#values.set(tag, known)
    }
    return known.value
  }
}

function sizeOf({ text }: Part): number {
  return typeof text === 'string' ? text.length : text.byteLength
}

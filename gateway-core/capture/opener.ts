import { openMarkers, tagsIn } from './markers.ts'
import type { StoredExchange } from './record.ts'

/** Puts the secrets of one exchange or message back, where they are asked for and still exist. */
export class Opener {
  readonly #open: ((tag: string) => Uint8Array | undefined) | undefined
  readonly #values = new Map<string, Uint8Array | undefined>()

  /** `open` gives the value behind a tag; without it markers stay. */
  constructor(open: ((tag: string) => Uint8Array | undefined) | undefined) {
    this.#open = open
  }

  /** A text as it stands. */
  raw(text: string): string {
    return text.includes('⟦') ? openMarkers(text, (tag) => this.#text(tag)) : text
  }

  /** A JSON text. */
  json(text: string): string {
    return text.includes('⟦') ? openMarkers(text, (tag) => jsonEscaped(this.#text(tag))) : text
  }

  /** Content with its note (see `noteOf`): the bytes as they came, or, where those are sealed, their readable form. */
  content(text: string | Uint8Array, note: string | null): { bytes: Uint8Array; decoded?: true } {
    const [whole] = note === null ? [] : tagsIn(note)
    if (whole !== undefined) {
      const bytes = this.#bytes(whole)
      return bytes ? { bytes } : { bytes: Buffer.from(typeof text === 'string' ? text : '', 'utf8'), decoded: true }
    }
    return { bytes: typeof text === 'string' ? Buffer.from(this.raw(text), 'utf8') : Buffer.from(text) }
  }

  /** What became of the secrets read so far. */
  standing(): StoredExchange['secrets'] {
    if (this.#values.size === 0) return 'none'
    return [...this.#values.values()].every((value) => value !== undefined) ? 'open' : 'sealed'
  }

  #bytes(tag: string): Uint8Array | undefined {
    if (!this.#values.has(tag)) this.#values.set(tag, this.#open?.(tag))
    return this.#values.get(tag)
  }

  #text(tag: string): string | undefined {
    const bytes = this.#bytes(tag)
    return bytes && Buffer.from(bytes).toString('utf8')
  }
}

function jsonEscaped(value: string | undefined): string | undefined {
  return value === undefined ? undefined : JSON.stringify(value).slice(1, -1)
}

import type { RawHeaders } from './exchange.ts'

/**
 * Immutable view over an ordered header list (RFC 9110 §5.3). Names are looked up in lower case, by walking the list: it is
 * short, and an index would cost more than the few look-ups that a message sees.
 */
export class HeaderList {
  readonly raw: RawHeaders

  constructor(raw: RawHeaders) {
    this.raw = raw
  }

  /** Makes a list from pairs or an object, in their order. */
  static of(entries: Iterable<readonly [string, string]> | Readonly<Record<string, string>>): HeaderList {
    const pairs = Symbol.iterator in entries ? entries : Object.entries(entries)
    const raw: string[] = []
    for (const [name, value] of pairs) raw.push(name, value)
    return new HeaderList(raw)
  }

  /** First value of `name` (lower case), or undefined. */
  get(name: string): string | undefined {
    const at = this.#next(name, 0)
    return at === -1 ? undefined : this.raw[at + 1]
  }

  /** Every value of `name` (lower case) in order. */
  all(name: string): readonly string[] {
    const values: string[] = []
    for (let at = this.#next(name, 0); at !== -1; at = this.#next(name, at + 2)) values.push(this.raw[at + 1]!)
    return values
  }

  /** All values joined with a comma, as RFC 9110 §5.3 allows for list-based fields, or undefined. */
  list(name: string): string | undefined {
    const first = this.#next(name, 0)
    if (first === -1) return undefined
    return this.#next(name, first + 2) === -1 ? this.raw[first + 1] : this.all(name).join(', ')
  }

  has(name: string): boolean {
    return this.#next(name, 0) !== -1
  }

  /** Length in characters of the name and value at `at`, as received. */
  lengthAt(at: number): number {
    return this.raw[at]!.length + this.raw[at + 1]!.length
  }

  /** Name and value pairs in wire order, names as received. */
  *entries(): IterableIterator<[name: string, value: string]> {
    for (let at = 0; at < this.raw.length; at += 2) yield [this.raw[at]!, this.raw[at + 1]!]
  }

  /** Another list of the same kind: what could not be read before cannot be read after a change either. */
  remade(raw: RawHeaders): HeaderList {
    return new HeaderList(raw)
  }

  /** Sets `name` to one value: the first occurrence keeps its place, further ones go; appended when absent. */
  with(name: string, value: string): HeaderList {
    const lower = name.toLowerCase()
    const raw: string[] = []
    let placed = false
    for (let at = 0; at < this.raw.length; at += 2) {
      if (this.raw[at]!.toLowerCase() !== lower) raw.push(this.raw[at]!, this.raw[at + 1]!)
      else if (!placed) {
        raw.push(this.raw[at]!, value)
        placed = true
      }
    }
    if (!placed) raw.push(name, value)
    return this.remade(raw)
  }

  /** Adds one more field at the end, also where the name is already there. */
  appended(name: string, value: string): HeaderList {
    return this.remade([...this.raw, name, value])
  }

  /** Without any field of that name (any case). */
  without(name: string): HeaderList {
    const lower = name.toLowerCase()
    const raw: string[] = []
    for (let at = 0; at < this.raw.length; at += 2) {
      if (this.raw[at]!.toLowerCase() !== lower) raw.push(this.raw[at]!, this.raw[at + 1]!)
    }
    return this.remade(raw)
  }

  /** Place of the next field of that name from `from` on, or -1. */
  #next(name: string, from: number): number {
    const { raw } = this
    for (let at = from; at < raw.length; at += 2) {
      const text = raw[at]!
      if (text.length === name.length && (text === name || text.toLowerCase() === name)) return at
    }
    return -1
  }
}

/**
 * Whether a field (lower case, with dashes or underscores) says of the client or of its request what only a proxy in front
 * can know: `Forwarded` (RFC 7239), `X-Forwarded-*`, and those by which some frameworks find address or path. They are
 * believed of trusted peers alone; of anybody else they would be a way to be another, or elsewhere (CVE-2018-14773).
 */
export function isForwardingField(lower: string): boolean {
  if (lower.charCodeAt(0) === 0x66) return lower === 'forwarded'
  return lower.charCodeAt(0) === 0x78 && forwardingField.test(lower)
}

const forwardingField = /^x[-_](?:forwarded[-_]|(?:real[-_]ip|original[-_]url|rewrite[-_]url)$)/

/** Whether a response is a stream of events, whatever the case of its type (WHATWG HTML §9.2). */
export function isEventStream(headers: HeaderList): boolean {
  const type = headers.get('content-type')
  return type !== undefined && /^text\/event-stream(?:$|[\s;])/i.test(type)
}

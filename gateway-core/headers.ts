import type { RawHeaders } from './exchange.ts'

/**
 * Immutable view over an ordered header list (RFC 9110 §5.3). Names are looked up in lower case; the index is built at
 * the first look-up, so a message whose headers nobody reads costs nothing.
 */
export class HeaderList {
  readonly raw: RawHeaders
  #index: Map<string, number[]> | undefined

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
    const at = this.#lookup(name)
    return at === undefined ? undefined : this.raw[at[0]! + 1]
  }

  /** Every value of `name` (lower case) in order. */
  all(name: string): readonly string[] {
    const at = this.#lookup(name)
    return at === undefined ? [] : at.map((position) => this.raw[position + 1]!)
  }

  /** All values joined with a comma, as RFC 9110 §5.3 allows for list-based fields, or undefined. */
  list(name: string): string | undefined {
    const at = this.#lookup(name)
    return at === undefined ? undefined : at.map((position) => this.raw[position + 1]!).join(', ')
  }

  has(name: string): boolean {
    return this.#lookup(name) !== undefined
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

  #lookup(name: string): number[] | undefined {
    this.#index ??= indexOf(this.raw)
    return this.#index.get(name)
  }
}

function indexOf(raw: RawHeaders): Map<string, number[]> {
  const index = new Map<string, number[]>()
  for (let at = 0; at < raw.length; at += 2) {
    const name = raw[at]!.toLowerCase()
    const known = index.get(name)
    if (known) known.push(at)
    else index.set(name, [at])
  }
  return index
}

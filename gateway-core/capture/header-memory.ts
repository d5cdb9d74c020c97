import type { RawHeaders } from '../exchange.ts'
import { SeenBefore } from './seen-before.ts'
import type { TextMemory } from './text-memory.ts'

/** A list that the store knows. */
interface Known {
  raw: RawHeaders
  number: number
}

/** All known lists with the same names in the same order. */
interface Shape {
  /** The first of them, with the hash of each of its values and their sum. */
  first: Known
  hashes: Int32Array
  sum: number
  byValues: Map<number, Known>
  last: Known
}

/** A value that stands at `position` of the list instead of the known one: position and value in turn. */
export type HeaderChanges = (number | string)[]

const mostChanges = 3

/**
 * Finds header lists that came before, so that nothing has to be written out. A list that came once is told as one like
 * it with a few other values (a new Date, what is left of a limit); one that comes again gets a text of its own.
 */
export class HeaderMemory {
  readonly #texts: TextMemory
  readonly #shapes = new Map<number, Shape>()
  readonly #seen = new SeenBefore()

  constructor(texts: TextMemory) {
    this.#texts = texts
  }

  /** The number of the list's text; `changes` gets what is otherwise in this list. */
  find(raw: RawHeaders, changes: HeaderChanges): number {
    const key = hashOfNames(raw)
    const shape = this.#shapes.get(key)
    if (!shape || !sameNames(shape.first.raw, raw)) {
      const first = this.#remember(raw)
      this.#shapes.set(key, shapeOf(first))
      return first.number
    }
    const hash = hashIn(shape, raw)
    const known = shape.byValues.get(hash)
    if (known && sameValues(known.raw, raw)) {
      shape.last = known
      return known.number
    }
    if (!this.#seen.test(hash) && differences(shape.last.raw, raw, changes)) return shape.last.number
    const fresh = this.#remember(raw)
    shape.byValues.set(hash, fresh)
    shape.last = fresh
    return fresh.number
  }

  clear(): void {
    this.#shapes.clear()
  }

  #remember(raw: RawHeaders): Known {
    return { raw, number: this.#texts.add(JSON.stringify(raw)) }
  }
}

function hashOfNames(raw: RawHeaders): number {
  let hash = raw.length
  for (let at = 0; at < raw.length; at += 2) {
    const name = raw[at]!
    hash = (Math.imul(hash, 31) + name.length * 256 + name.charCodeAt(0)) | 0
  }
  return hash
}

function shapeOf(first: Known): Shape {
  const { raw } = first
  const hashes = new Int32Array(raw.length >> 1)
  let sum = 0
  for (let at = 1; at < raw.length; at += 2) {
    const hash = hashOfValue(raw[at]!, at)
    hashes[at >> 1] = hash
    sum = (sum + hash) | 0
  }
  return { first, hashes, sum, byValues: new Map([[sum, first]]), last: first }
}

/** The sum of the hashes of all values: only those are read that the first list of this shape has otherwise. */
function hashIn({ first, hashes, sum }: Shape, raw: RawHeaders): number {
  let hash = sum
  for (let at = 1; at < raw.length; at += 2) {
    const value = raw[at]!
    if (value !== first.raw[at]) hash = (hash - hashes[at >> 1]! + hashOfValue(value, at)) | 0
  }
  return hash
}

/** Reads a short value whole and a long one in samples. */
function hashOfValue(value: string, place: number): number {
  const { length } = value
  const step = length <= 64 ? 1 : length >> 5
  let hash = Math.imul(length + 7, place + 31)
  for (let index = 0; index < length; index += step) hash = (Math.imul(hash, 31) + value.charCodeAt(index)) | 0
  if (step > 1) {
    for (let index = length - 8; index < length; index++) hash = Math.imul(hash, 31) + value.charCodeAt(index)
  }
  // Sums of neighbouring values would meet otherwise.
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d)
  return hash ^ (hash >>> 13)
}

function sameNames(one: RawHeaders, other: RawHeaders): boolean {
  if (one.length !== other.length) return false
  for (let at = 0; at < one.length; at += 2) if (one[at] !== other[at]) return false
  return true
}

function sameValues(one: RawHeaders, other: RawHeaders): boolean {
  for (let at = 1; at < one.length; at += 2) if (one[at] !== other[at]) return false
  return true
}

/** Tells the values of `other` that `one` does not have; false, and nothing told, where they are too many. */
function differences(one: RawHeaders, other: RawHeaders, changes: HeaderChanges): boolean {
  const before = changes.length
  for (let at = 1; at < one.length; at += 2) {
    if (one[at] === other[at]) continue
    if (changes.length - before === mostChanges * 2) {
      changes.length = before
      return false
    }
    changes.push(at, other[at]!)
  }
  return true
}

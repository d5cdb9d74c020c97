import { SeenBefore } from './seen-before.ts'

/** A body that the store knows. */
interface Known {
  bytes: Uint8Array
  number: number
}

/** Longer bodies are sent as they are. */
const longest = 64 * 1024

/** Finds bodies that came before, so that equal ones cross to the store once. One that came only once is not kept. */
export class BodyMemory {
  readonly #known = new Map<number, Known>()
  readonly #seen = new SeenBefore()
  #count = 0
  /** Bytes remembered. */
  size = 0

  /** `known`: the store has it under that number. `keep`: it shall keep it under that number. -1: neither. */
  find(bytes: Uint8Array): { number: number; known: boolean } {
    if (bytes.byteLength > longest) return unknown
    const hash = hashOf(bytes)
    const found = this.#known.get(hash)
    if (found && Buffer.compare(found.bytes, bytes) === 0) return { number: found.number, known: true }
    if (!this.#seen.test(hash)) return unknown
    const number = this.#count++
    // A copy: what came may share a larger buffer.
    this.#known.set(hash, { bytes: bytes.slice(), number })
    this.size += bytes.byteLength
    return { number, known: false }
  }

  clear(): void {
    this.#known.clear()
    this.#count = 0
    this.size = 0
  }
}

const unknown = { number: -1, known: false } as const

/** Of samples: which body it is, is settled by comparing. */
function hashOf(bytes: Uint8Array): number {
  const length = bytes.byteLength
  const step = (length >> 6) + 1
  let hash = length
  for (let at = 0; at < length; at += step) hash = (Math.imul(hash, 31) + bytes[at]!) | 0
  for (let at = Math.max(0, length - 8); at < length; at++) hash = (Math.imul(hash, 31) + bytes[at]!) | 0
  return hash
}

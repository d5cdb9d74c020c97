import { createHash, type Hash } from 'node:crypto'
import type { RecordedBody } from '../capture/record.ts'

/** Keeps a body that streams by, up to a limit; beyond it only the length and the SHA-256 of the whole. */
export class BodyTee {
  readonly #limit: number
  readonly #chunks: Uint8Array[] = []
  #kept = 0
  #hash: Hash | undefined
  length = 0

  /** `limit` in bytes. */
  constructor(limit: number) {
    this.#limit = limit
  }

  add(chunk: Uint8Array): void {
    this.length += chunk.length
    if (this.#hash) this.#hash.update(chunk)
    else if (this.length > this.#limit) this.#startHash(chunk)
    const room = this.#limit - this.#kept
    if (room <= 0) return
    const part = chunk.length <= room ? chunk : chunk.subarray(0, room)
    this.#chunks.push(part)
    this.#kept += part.length
  }

  /** What was kept, not in a much larger buffer; undefined when nothing came. */
  record(): RecordedBody | undefined {
    if (this.length === 0) return undefined
    if (this.#chunks.length === 1 && !this.#hash) {
      return { bytes: slim(this.#chunks[0]!), length: this.length, truncated: false }
    }
    const bytes = new Uint8Array(this.#kept)
    let at = 0
    for (const chunk of this.#chunks) {
      bytes.set(chunk, at)
      at += chunk.length
    }
    if (!this.#hash) return { bytes, length: this.length, truncated: false }
    return { bytes, length: this.length, truncated: true, sha256: this.#hash.copy().digest('hex') }
  }

  #startHash(chunk: Uint8Array): void {
    this.#hash = createHash('sha256')
    for (const kept of this.#chunks) this.#hash.update(kept)
    this.#hash.update(chunk)
  }
}

/** A body that was held whole anyway is recorded whole. */
export function recordBytes(bytes: Uint8Array): RecordedBody | undefined {
  return bytes.length === 0 ? undefined : { bytes: slim(bytes), length: bytes.length, truncated: false }
}

/** Bytes of the slab that short buffers share: those in it may stay, for what is recorded does not live long. */
const slabBytes = Buffer.poolSize

/** The same bytes, copied where they keep a much larger buffer alive. Nobody changes the bytes of a message in place. */
function slim(bytes: Uint8Array): Uint8Array {
  const { buffer, byteOffset, byteLength } = bytes
  return buffer.byteLength <= Math.max(byteLength * 2 + 1024, slabBytes)
    ? new Uint8Array(buffer, byteOffset, byteLength)
    : new Uint8Array(bytes)
}

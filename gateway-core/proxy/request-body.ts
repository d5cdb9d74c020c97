import { Transform, type Readable, type TransformCallback } from 'node:stream'
import type { DenialCode } from '../errors.ts'
import type { Maybe } from '../pipeline/facts.ts'
import type { BodyTee } from './body-tee.ts'
import type { Engine } from './engine.ts'

/** A body held whole, or why it is not. */
export type Holding = { bytes: Uint8Array } | { failure: DenialCode }

/** Who wants a body whole. */
export interface BodyTaker {
  onBody(held: Holding): Maybe<void>
  /** What `onBody` threw. */
  onBug(error: unknown): void
}

/**
 * Reads a request body whole, up to `limit` bytes and the bytes that all held bodies may take together, and hands it to
 * the taker: at once and without a promise, because this is the hot path. It counts as held until the taker is done.
 */
export function holdBody(source: Readable, limit: number, { workspace, around }: Engine, taker: BodyTaker): void {
  const { budget } = around
  const { bufferBytes } = workspace.limits
  const chunks: Buffer[] = []
  let counted = 0
  let settled = false
  const settle = (held: Holding) => {
    if (settled) return
    settled = true
    const release = () => {
      budget.held -= counted
    }
    let used: Maybe<void>
    try {
      used = taker.onBody(held)
    } catch (error) {
      release()
      taker.onBug(error)
      return
    }
    if (used instanceof Promise) used.finally(release).catch((error: unknown) => taker.onBug(error))
    else release()
  }
  source.on('data', (chunk: Buffer) => {
    // After a failure the rest flows into nothing.
    if (settled) return
    counted += chunk.length
    budget.held += chunk.length
    chunks.push(chunk)
    if (counted > limit) settle({ failure: 'BODY_TOO_LARGE' })
    else if (budget.held > bufferBytes) settle({ failure: 'OVERLOADED' })
  })
  source.on('end', () => settle({ bytes: chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks) }))
  source.on('error', () => settle({ failure: 'MALFORMED_REQUEST' }))
}

/** A request body on its way to the upstream: counted, kept for the capture up to its limit, and cut off where it is too long. */
export class RequestTee extends Transform {
  readonly #tee: BodyTee
  readonly #limit: number
  readonly #onFailure: (code: DenialCode) => void
  readonly #source: Readable & { rawTrailers?: string[] }

  constructor(source: Readable, tee: BodyTee, limit: number | undefined, onFailure: (code: DenialCode) => void) {
    super()
    this.#tee = tee
    this.#limit = limit ?? Number.POSITIVE_INFINITY
    this.#onFailure = onFailure
    this.#source = source
    // The passage hears of a failure by `onFailure`; the call to the upstream is aborted by it.
    this.on('error', () => undefined)
    source.on('error', () => onFailure('MALFORMED_REQUEST'))
    source.pipe(this)
  }

  /** Trailers of the request, once it ended. */
  get rawTrailers(): string[] {
    return this.#source.rawTrailers ?? []
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    this.#tee.add(chunk)
    if (this.#tee.length > this.#limit) {
      this.#source.unpipe(this)
      this.#source.resume()
      this.#onFailure('BODY_TOO_LARGE')
      done()
    } else done(null, chunk)
  }
}

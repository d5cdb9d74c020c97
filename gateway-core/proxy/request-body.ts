import { Transform, type Readable, type TransformCallback } from 'node:stream'
import type { DenialCode } from '../errors.ts'
import type { BodyTee } from './body-tee.ts'
import type { BufferBudget } from './engine.ts'

/** A body held whole. `counted` bytes stand in the budget until the holder gives them back. */
export type Holding = { bytes: Uint8Array; counted: number } | { failure: DenialCode; counted: number }

/** Reads a request body whole, up to `limit` bytes and the bytes that all held bodies may take together. */
export function holdBody(source: Readable, limit: number, budgetBytes: number, budget: BufferBudget): Promise<Holding> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = []
    let counted = 0
    const finish = (result: { bytes: Uint8Array } | { failure: DenialCode }) => {
      source.removeListener('data', onData)
      if ('failure' in result) source.resume()
      resolve({ ...result, counted })
    }
    const onData = (chunk: Buffer) => {
      counted += chunk.length
      budget.held += chunk.length
      chunks.push(chunk)
      if (counted > limit) finish({ failure: 'BODY_TOO_LARGE' })
      else if (budget.held > budgetBytes) finish({ failure: 'OVERLOADED' })
    }
    source.on('data', onData)
    source.once('end', () => finish({ bytes: chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks) }))
    source.once('error', () => finish({ failure: 'MALFORMED_REQUEST' }))
  })
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

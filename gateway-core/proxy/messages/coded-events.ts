import type { Transform } from 'node:stream'
// The whole module: zstd is missing from older runtimes, and a named import of it would not link there.
import zlib from 'node:zlib'

// A stream that stops in the middle of its coding has said all that it will say.
const tolerant = { finishFlush: zlib.constants.Z_SYNC_FLUSH }
const decoders: Readonly<Record<string, () => Transform>> = {
  gzip: () => zlib.createGunzip(tolerant),
  'x-gzip': () => zlib.createGunzip(tolerant),
  deflate: () => zlib.createInflate(tolerant),
  br: () => zlib.createBrotliDecompress({ finishFlush: zlib.constants.BROTLI_OPERATION_FLUSH }),
  ...('createZstdDecompress' in zlib ? { zstd: () => zlib.createZstdDecompress() } : {}),
}

/** Takes a content coding off as the bytes come; undefined where it is not known, or is several. */
export function streamDecoder(coding: string): Transform | undefined {
  return decoders[coding.trim().toLowerCase()]?.()
}

/** What becomes of the pieces that were decoded. */
export interface Decoded {
  /** False while what was in it waits. */
  take(chunk: Uint8Array): boolean
  /** The upstream may go on. */
  resume(): void
  /** The coding is broken. */
  cut(error: string): void
}

/** Takes the content coding off a stream of events, one piece of the upstream after the other. */
export class DecodedPieces {
  readonly #decoder: Transform
  readonly #to: Decoded
  #ready = true
  #whenDone: (() => void) | undefined

  constructor(decoder: Transform, to: Decoded) {
    this.#decoder = decoder
    this.#to = to
    decoder.on('data', (chunk: Buffer) => {
      this.#ready = to.take(chunk)
    })
    decoder.once('end', () => this.#whenDone?.())
    decoder.once('error', (error) => {
      if (this.#whenDone) this.#whenDone()
      else to.cut(`the content coding of the event stream is broken: ${error.message}`)
    })
  }

  /** The upstream waits until this piece is decoded, and what was in it went on. */
  add(chunk: Uint8Array): void {
    // It may be but a part of something.
    this.#ready = true
    // A copy: pieces may share a buffer that is read into again.
    this.#decoder.write(Buffer.from(chunk), () => {
      if (this.#ready) this.#to.resume()
    })
  }

  end(done: () => void): void {
    this.#whenDone = done
    this.#decoder.end()
  }

  destroy(): void {
    this.#decoder.destroy()
  }
}

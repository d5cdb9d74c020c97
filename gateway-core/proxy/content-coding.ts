import { promisify } from 'node:util'
import zlib from 'node:zlib'

/** A body without its content coding, or why it cannot be read. */
export type Decoded = { bytes: Uint8Array } | { failure: 'too-large' | 'malformed' | 'unsupported' }

/** How a request is refused whose body does not decode. */
export const bodyFailures = {
  'too-large': 'BODY_TOO_LARGE',
  malformed: 'BAD_CONTENT_CODING',
  unsupported: 'UNSUPPORTED_CONTENT_CODING',
} as const

/** The same for the body of an upstream's answer. */
export const responseBodyFailures = {
  'too-large': 'UPSTREAM_BODY_TOO_LARGE',
  malformed: 'UPSTREAM_BAD_CODING',
  unsupported: 'UPSTREAM_BAD_CODING',
} as const

const decoders: Readonly<
  Record<
    string,
    { now: typeof zlib.gunzipSync; later: (bytes: Uint8Array, options: zlib.ZlibOptions) => Promise<Buffer> }
  >
> = {
  gzip: { now: zlib.gunzipSync, later: promisify(zlib.gunzip) as never },
  deflate: { now: zlib.inflateSync, later: promisify(zlib.inflate) as never },
  br: { now: zlib.brotliDecompressSync as never, later: promisify(zlib.brotliDecompress) as never },
  ...('zstdDecompressSync' in zlib
    ? { zstd: { now: zlib.zstdDecompressSync as never, later: promisify(zlib.zstdDecompress) as never } }
    : {}),
}

/** Small bodies are decoded at once; above this many bytes in a thread of the pool. */
const inline = 16 * 1024

/**
 * Undoes Content-Encoding (RFC 9110 §8.4; several codings in reverse order). Never makes more than `limit` bytes, so that
 * an archive bomb ends as `too-large`.
 */
export function decodeContent(
  bytes: Uint8Array,
  encoding: string | undefined,
  limit: number,
): Decoded | Promise<Decoded> {
  if (encoding === undefined) return bytes.length > limit ? { failure: 'too-large' } : { bytes }
  const codings = encoding
    .toLowerCase()
    .split(',')
    .map((coding) => coding.trim())
    .filter((coding) => coding !== '' && coding !== 'identity')
  if (codings.length === 0) return bytes.length > limit ? { failure: 'too-large' } : { bytes }
  if (codings.length > 3 || codings.some((coding) => !(plain(coding) in decoders))) return { failure: 'unsupported' }
  return bytes.length <= inline ? decodeNow(bytes, codings, limit) : decodeLater(bytes, codings, limit)
}

function decodeNow(bytes: Uint8Array, codings: readonly string[], limit: number): Decoded {
  try {
    let content = bytes
    for (const coding of codings.toReversed())
      content = decoders[plain(coding)]!.now(content, { maxOutputLength: limit })
    return { bytes: content }
  } catch (error) {
    return { failure: failureOf(error) }
  }
}

async function decodeLater(bytes: Uint8Array, codings: readonly string[], limit: number): Promise<Decoded> {
  try {
    let content = bytes
    for (const coding of codings.toReversed())
      content = await decoders[plain(coding)]!.later(content, { maxOutputLength: limit })
    return { bytes: content }
  } catch (error) {
    return { failure: failureOf(error) }
  }
}

function plain(coding: string): string {
  return coding === 'x-gzip' ? 'gzip' : coding
}

function failureOf(error: unknown): 'too-large' | 'malformed' {
  return (error as { code?: string }).code === 'ERR_BUFFER_TOO_LARGE' ? 'too-large' : 'malformed'
}

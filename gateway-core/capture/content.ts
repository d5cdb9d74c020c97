// The whole module, because zstd is missing from older runtimes and a named import of it would not link there.
import zlib from 'node:zlib'

/** Decoded bodies longer than this are not looked into (a decompression bomb must not fill memory). */
const decodedLimit = 16 * 1024 * 1024

/**
 * Undoes a Content-Encoding (RFC 9110 §8.4), also of a body that was cut off. Returns undefined when it cannot be
 * undone: unknown coding, damaged bytes, or more than 16 MB.
 */
export function decodeContent(bytes: Uint8Array, coding: string): Uint8Array | undefined {
  let content = bytes
  const codings = coding.toLowerCase().split(',').reverse()
  if (codings.length > 4) return undefined
  try {
    for (const name of codings) content = undo(content, name.trim())
    return content
  } catch {
    return undefined
  }
}

function undo(bytes: Uint8Array, coding: string): Uint8Array {
  const options = { maxOutputLength: decodedLimit, finishFlush: zlib.constants.Z_SYNC_FLUSH }
  if (bytes.byteLength === 0) return bytes
  switch (coding) {
    case '':
    case 'identity':
      return bytes
    case 'gzip':
    case 'x-gzip':
      return zlib.gunzipSync(bytes, options)
    case 'deflate':
      // Some servers send raw deflate under this name; the zlib header tells them apart.
      return (bytes[0]! & 0x0f) === 8 ? zlib.inflateSync(bytes, options) : zlib.inflateRawSync(bytes, options)
    case 'br':
      return zlib.brotliDecompressSync(bytes, {
        maxOutputLength: decodedLimit,
        finishFlush: zlib.constants.BROTLI_OPERATION_FLUSH,
      })
    case 'zstd':
      return zlib.zstdDecompressSync(bytes, { maxOutputLength: decodedLimit, finishFlush: zlib.constants.ZSTD_e_flush })
    default:
      throw new Error(`unknown coding ${coding}`)
  }
}

/** Whether the coding leaves the bytes as they are. */
export function isPlainCoding(coding: string | undefined): boolean {
  return coding === undefined || /^[\s,]*(?:identity)?[\s,]*$/i.test(coding)
}

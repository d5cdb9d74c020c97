import { promisify } from 'node:util'
// The whole module: zstd is missing from older runtimes, and a named import of it would not link there.
import zlib from 'node:zlib'
import type { RawHeaders } from '../exchange.ts'
import { decodeContent } from '../proxy/content-coding.ts'
import { valuesOf } from './framing.ts'

/** Most bytes that a body may decode to. */
const decodedLimit = 32 * 1024 * 1024

/** A body as a person reads it. `coded`: it could not be decoded, and these are the bytes of the wire. */
export interface Content {
  bytes: Uint8Array
  coded: boolean
}

type Encode = (bytes: Uint8Array) => Promise<Uint8Array>

const brotli = promisify(zlib.brotliCompress)
const inflateRaw = promisify(zlib.inflateRaw)
const encoders: Readonly<Record<string, Encode>> = {
  gzip: promisify(zlib.gzip),
  'x-gzip': promisify(zlib.gzip),
  deflate: promisify(zlib.deflate),
  // As servers do: the best compression takes seconds for each MB, and somebody waits.
  br: (bytes) => brotli(bytes, { params: { [zlib.constants.BROTLI_PARAM_QUALITY]: 5 } }),
  ...('zstdCompress' in zlib ? { zstd: promisify(zlib.zstdCompress) as Encode } : {}),
}

/** Takes the content coding off, where it is known and the bytes are what it says. */
export async function contentOf(bytes: Uint8Array, headers: RawHeaders): Promise<Content> {
  const coding = valuesOf(headers, 'content-encoding').join(', ')
  const decoded = await decodeContent(bytes, coding, decodedLimit)
  if (!('failure' in decoded)) return { bytes: decoded.bytes, coded: false }
  const bare = /^\s*deflate\s*$/i.test(coding) ? await withoutWrapper(bytes) : undefined
  return bare ? { bytes: bare, coded: false } : { bytes, coded: true }
}

/** Some servers send deflate without the zlib format around it (RFC 9110 §8.4.1.2), and clients take it. */
async function withoutWrapper(bytes: Uint8Array): Promise<Uint8Array | undefined> {
  try {
    return await inflateRaw(bytes, { maxOutputLength: decodedLimit })
  } catch {
    return undefined
  }
}

/** Puts the content coding on that the header names; undefined where one of them is not known here. */
export async function encodeContent(content: Uint8Array, headers: RawHeaders): Promise<Uint8Array | undefined> {
  let bytes = content
  for (const coding of codingsOf(headers)) {
    const encode = encoders[coding]
    if (!encode) return undefined
    bytes = await encode(bytes)
  }
  return bytes
}

/** The first coding of these headers that cannot be put on here. */
export function unknownCoding(headers: RawHeaders): string | undefined {
  return codingsOf(headers).find((coding) => !(coding in encoders))
}

function codingsOf(headers: RawHeaders): string[] {
  return valuesOf(headers, 'content-encoding')
    .flatMap((value) => value.toLowerCase().split(','))
    .map((coding) => coding.trim())
    .filter((coding) => coding !== '' && coding !== 'identity')
}

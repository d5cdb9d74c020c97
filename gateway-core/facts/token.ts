import type { TokenReading } from '../pipeline/facts.ts'
import { type JsonObject, quoted, readJsonObject } from './json-object.ts'

/** Longest token that is read, in characters. */
export const maxTokenLength = 16_384

/** A compact JWS taken apart (RFC 7515 §3.1), nothing verified. `signingInput` is what the signature covers. */
export interface CompactJws {
  readonly header: JsonObject
  readonly payload: Buffer
  readonly signingInput: string
  readonly signature: Buffer
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/**
 * Takes a compact JWS apart, stricter than most libraries: three parts, base64url (RFC 4648 §5) without padding, spaces
 * or set bits past the end, a header that is one UTF-8 JSON object without duplicate members. `malformed` says why not.
 */
export function splitToken(token: string): CompactJws | { malformed: string } {
  if (token.length > maxTokenLength) return { malformed: `it is longer than ${maxTokenLength} characters` }
  const first = token.indexOf('.')
  const second = token.indexOf('.', first + 1)
  if (first === -1 || second === -1) return { malformed: 'it does not have three parts' }
  if (token.includes('.', second + 1)) {
    const encrypted = token.split('.').length === 5
    return { malformed: encrypted ? 'it has five parts: encrypted (JWE), not signed' : 'it does not have three parts' }
  }
  const headerBytes = decodePart(token.slice(0, first))
  if (typeof headerBytes === 'string') return { malformed: `the header ${headerBytes}` }
  const payload = decodePart(token.slice(first + 1, second))
  if (typeof payload === 'string') return { malformed: `the payload ${payload}` }
  const signature = decodePart(token.slice(second + 1))
  if (typeof signature === 'string') return { malformed: `the signature ${signature}` }
  const header = readObject(headerBytes)
  if ('problem' in header) return { malformed: `the header ${header.problem}` }
  const wrong = wrongHeader(header.value)
  if (wrong !== undefined) return { malformed: wrong }
  return { header: header.value, payload, signingInput: token.slice(0, second), signature }
}

/** Reads the claims of a JWT (RFC 7519 §7.2): one UTF-8 JSON object without duplicate members. */
export function readClaims(payload: Uint8Array): { value: JsonObject } | { malformed: string } {
  const claims = readObject(payload)
  return 'problem' in claims ? { malformed: `the payload ${claims.problem}` } : claims
}

/** What a JWT says, decoded and not verified; never the token itself or its signature. */
export function readToken(token: string): Exclude<TokenReading, { form: 'absent' | 'several' }> {
  const jws = splitToken(token)
  if ('malformed' in jws) return { form: 'malformed', reason: jws.malformed }
  const claims = readClaims(jws.payload)
  if ('malformed' in claims) return { form: 'malformed', reason: claims.malformed }
  return { form: 'jws', header: jws.header, claims: claims.value }
}

function readObject(bytes: Uint8Array): { value: JsonObject } | { problem: string } {
  try {
    return readJsonObject(utf8.decode(bytes))
  } catch {
    return { problem: 'is not UTF-8' }
  }
}

/** The parameters that everything else rests on have their types (RFC 7515 §4.1); `b64` would change what was signed (RFC 7797). */
function wrongHeader(header: JsonObject): string | undefined {
  if (typeof header['alg'] !== 'string') return 'the header has no algorithm (alg)'
  for (const name of ['kid', 'typ', 'cty']) {
    if (header[name] !== undefined && typeof header[name] !== 'string')
      return `the header's ${quoted(name)} is not a text`
  }
  if (header['b64'] !== undefined) return 'the header has "b64": an unencoded payload is not accepted'
  return undefined
}

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'

/** The bytes of a part, or what is wrong with it. */
function decodePart(part: string): Buffer | string {
  if (!/^[A-Za-z0-9_-]*$/.test(part)) {
    return part.includes('=') ? 'is padded with "="' : 'has a character that base64url does not have'
  }
  const rest = part.length % 4
  if (rest === 1) return 'has a length that base64url cannot have'
  const unused = rest === 2 ? 0b1111 : rest === 3 ? 0b11 : 0
  if (unused !== 0 && (alphabet.indexOf(part.at(-1)!) & unused) !== 0) return 'has bits set past its end'
  return Buffer.from(part, 'base64url')
}

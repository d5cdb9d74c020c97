/**
 * The one normalized path (RFC 3986 §6.2.2) that is routed, judged and forwarded, or why a path has none.
 *
 * - Percent-encoded unreserved characters are decoded, other encodings get upper-case digits, and characters that a
 *   URI may not hold raw (`"<>^`{|}`) are encoded, so that one resource has one spelling.
 * - Dot segments are removed, encoded ones too. A path that climbs above the root is refused: some servers clamp it,
 *   some answer 400, so its meaning depends on who reads it.
 * - Refused as ambiguous: encoded slash, backslash or NUL, a raw backslash, a dot segment with parameters (`/..;/`,
 *   as Tomcat reads it), a broken percent-encoding, and encodings that are not UTF-8 (overlong forms among them).
 * - Repeated slashes and other path parameters stay as they are: they are legal. Where they would lead round a route, the
 *   router refuses them (`other-readings`).
 */
export type NormalizedPath = { path: string } | { problem: string; offset: number }

// A path of these alone, without a segment that begins with a dot, is already normal: nothing is allocated for it.
const plain = /^(?:\/(?!\.)[A-Za-z0-9\-._~!$&'()*+,=:@]*)+$/

/** Normalizes a raw absolute path (without query). The problem names the character offset in `raw`, never the path itself. */
export function normalizePath(raw: string): NormalizedPath {
  const path = plainPath(raw)
  if (path !== undefined) return { path }
  const decoded = decodeUnreserved(raw)
  return typeof decoded === 'string' ? removeDotSegments(decoded) : decoded
}

/** The same string when it is visibly normal already (the usual case), else undefined. */
export function plainPath(raw: string): string | undefined {
  return plain.test(raw) ? raw : undefined
}

type Problem = { problem: string; offset: number }

function decodeUnreserved(raw: string): string | Problem {
  if (raw.charCodeAt(0) !== 0x2f) return { problem: 'the path does not begin with a slash', offset: 0 }
  let out = ''
  // Bytes still expected of a UTF-8 sequence, and the range the next one has to be in (Unicode 15, table 3-7).
  let pending = 0
  let low = 0x80
  let high = 0xbf
  for (let at = 0; at < raw.length; at++) {
    const code = raw.charCodeAt(at)
    if (code !== 0x25) {
      if (pending > 0) return { problem: 'a percent-encoded character is not UTF-8', offset: at }
      if (code === 0x5c) return { problem: 'a backslash is read as a slash by some servers', offset: at }
      if (code <= 0x20 || code >= 0x7f) return { problem: 'a character has to be percent-encoded', offset: at }
      if (code === 0x23 || code === 0x3f) return { problem: 'a path holds no # and no ?', offset: at }
      out += isForbiddenRaw(code) ? encodeByte(code) : raw[at]
      continue
    }
    const byte = hexByte(raw, at + 1)
    if (byte < 0) return { problem: 'a percent sign is not followed by two hexadecimal digits', offset: at }
    if (pending > 0) {
      if (byte < low || byte > high) return { problem: 'a percent-encoded character is not UTF-8', offset: at }
      pending -= 1
      low = 0x80
      high = 0xbf
    } else if (byte >= 0x80) {
      if (byte < 0xc2 || byte > 0xf4) return { problem: 'a percent-encoded character is not UTF-8', offset: at }
      pending = byte < 0xe0 ? 1 : byte < 0xf0 ? 2 : 3
      low = byte === 0xe0 ? 0xa0 : byte === 0xf0 ? 0x90 : 0x80
      high = byte === 0xed ? 0x9f : byte === 0xf4 ? 0x8f : 0xbf
    } else if (byte === 0x2f || byte === 0x5c || byte === 0) {
      const name = byte === 0x2f ? 'slash' : byte === 0x5c ? 'backslash' : 'NUL'
      return { problem: `an encoded ${name} is read differently by different servers`, offset: at }
    }
    out += isUnreserved(byte) ? String.fromCharCode(byte) : encodeByte(byte)
    at += 2
  }
  if (pending > 0) return { problem: 'a percent-encoded character is not UTF-8', offset: raw.length }
  return out
}

// RFC 3986 §5.2.4 on segments. Offsets are those of the decoded path: near enough to point a person there.
function removeDotSegments(path: string): NormalizedPath {
  if (!path.includes('/.')) return { path }
  const kept: string[] = []
  let offset = 0
  const segments = path.split('/')
  for (let at = 1; at < segments.length; at++) {
    const segment = segments[at]!
    offset += segments[at - 1]!.length + 1
    const last = at === segments.length - 1
    if (segment === '.') {
      if (last) kept.push('')
    } else if (segment === '..') {
      if (kept.length === 0) return { problem: 'the path climbs above its root', offset }
      kept.pop()
      if (last) kept.push('')
    } else if (isDotsWithParameter(segment)) {
      return { problem: 'a dot segment with a parameter is removed by some servers', offset }
    } else kept.push(segment)
  }
  return { path: `/${kept.join('/')}` }
}

function isDotsWithParameter(segment: string): boolean {
  return /^\.{1,2}(?:;|%3B)/.test(segment)
}

function hexByte(text: string, at: number): number {
  const high = hexDigit(text.charCodeAt(at))
  const low = hexDigit(text.charCodeAt(at + 1))
  return high < 0 || low < 0 ? -1 : high * 16 + low
}

function hexDigit(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30
  const lower = code | 0x20
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1
}

function encodeByte(byte: number): string {
  return `%${byte < 16 ? '0' : ''}${byte.toString(16).toUpperCase()}`
}

function isUnreserved(code: number): boolean {
  const lower = code | 0x20
  if (lower >= 0x61 && lower <= 0x7a && code < 0x80) return true
  return (code >= 0x30 && code <= 0x39) || code === 0x2d || code === 0x2e || code === 0x5f || code === 0x7e
}

function isForbiddenRaw(code: number): boolean {
  return '"<>^`{|}[]'.includes(String.fromCharCode(code))
}

/**
 * What a client speaks inside CONNECT, by its first bytes. `h2c` is HTTP/2 without TLS, which would pass every policy by;
 * `other` is something that is not HTTP; `more`: too few bytes to tell.
 */
export type Spoken = 'tls' | 'http' | 'h2c' | 'other' | 'more'

const h2cPreface = 'PRI * HTTP/2.0\r\n'
// Longest method registered with IANA: UPDATEREDIRECTREF.
const longestMethod = 17

/** Tells what a client speaks. A TLS record begins with its type (22, a handshake) and major version 3 (RFC 8446 §5.1). */
export function spokenIn(bytes: Uint8Array): Spoken {
  if (bytes.length === 0) return 'more'
  if (bytes[0] === 0x16) {
    if (bytes.length === 1) return 'more'
    return bytes[1] === 0x03 ? 'tls' : 'other'
  }
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, 40)).toString('latin1')
  if (text.startsWith(h2cPreface)) return 'h2c'
  if (h2cPreface.startsWith(text)) return 'more'
  const method = /^[A-Z][A-Z-]*/.exec(text)?.[0]
  if (method === undefined || method.length > longestMethod) return 'other'
  const rest = text.slice(method.length)
  if (rest === '' || rest === ' ') return 'more'
  // A target is a path, `*` or absolute.
  if (/^ (?:[/*]|https?:)/i.test(rest)) return 'http'
  return /^ h(?:t(?:t(?:ps?)?)?)?$/i.test(rest) ? 'more' : 'other'
}

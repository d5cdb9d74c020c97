import type { HeadRefusal, RequestHead } from './strict.ts'

// Naming one of these in Connection would make a proxy drop what the next server needs to read the message alike.
const essential = new Set([
  'host',
  'content-length',
  'transfer-encoding',
  'content-type',
  'content-encoding',
  'authorization',
  'cookie',
])

/** True when a Connection field names a field that is not hop-by-hop (RFC 9110 §7.6.1). */
export function isForbiddenOption(connection: string): boolean {
  if (connection === 'keep-alive' || connection === 'close' || connection === 'Upgrade') return false
  return tokensOf(connection).some((token) => essential.has(token))
}

/** True when a Connection field asks for the upgrade. */
export function hasUpgradeToken(connection: string): boolean {
  return tokensOf(connection).includes('upgrade')
}

/** Judges any Transfer-Encoding other than the plain `chunked` (RFC 9112 §6.1); undefined when it means just that. */
export function readTransferCoding(value: string): HeadRefusal | undefined {
  const codings = value.toLowerCase().split(',').map(trimSpace)
  if (codings.length === 1 && codings[0] === 'chunked') return undefined
  if (codings.some((coding) => !isToken(coding))) {
    return { code: 'AMBIGUOUS_LENGTH', detail: 'Transfer-Encoding is not a list of codings.' }
  }
  if (codings.at(-1) !== 'chunked' || codings.indexOf('chunked') !== codings.length - 1) {
    return { code: 'AMBIGUOUS_LENGTH', detail: '`chunked` has to be the last transfer coding, once.' }
  }
  return { code: 'UNSUPPORTED_CODING', detail: 'Send the body with `Transfer-Encoding: chunked` alone.' }
}

/**
 * Judges an Upgrade field (RFC 9110 §7.8). `wanted` says that Connection asks for it. Unknown tokens are ignored, as
 * the RFC permits; `h2c` is told even unasked: see `http2Refused`.
 */
export function judgeUpgrade(
  value: string,
  wanted: boolean,
  head: RequestHead,
): 'websocket' | 'h2c' | 'ignored' | HeadRefusal {
  const tokens = tokensOf(value)
  if (tokens.some((token) => token === 'h2c' || token === 'h2')) return 'h2c'
  if (!tokens.includes('websocket') || !wanted) return 'ignored'
  if (tokens.length > 1) return { code: 'UPGRADE_REFUSED', detail: 'Offer `Upgrade: websocket` alone.' }
  const wrong = handshakeProblem(head)
  return wrong === undefined ? 'websocket' : { code: 'MALFORMED_REQUEST', detail: wrong }
}

/** Where policies judge, an offer of HTTP/2 is refused: a proxy behind might take it up past every one of them. */
export const http2Refused: HeadRefusal = {
  code: 'UPGRADE_REFUSED',
  detail: 'An upgrade to HTTP/2 would pass every policy by; use TLS with ALPN.',
}

function handshakeProblem(head: RequestHead): string | undefined {
  if (head.method !== 'GET') return 'A WebSocket handshake is a GET (RFC 6455 §4.1).'
  if (head.hasBody) return 'A WebSocket handshake has no body.'
  const keys: string[] = []
  const versions: string[] = []
  for (let at = 0; at < head.rawHeaders.length; at += 2) {
    const name = head.rawHeaders[at]!.toLowerCase()
    if (name === 'sec-websocket-key') keys.push(head.rawHeaders[at + 1]!)
    else if (name === 'sec-websocket-version') versions.push(head.rawHeaders[at + 1]!)
  }
  if (keys.length !== 1 || !/^[A-Za-z0-9+/]{21}[AQgw]==$/.test(keys[0]!)) {
    return 'Sec-WebSocket-Key has to be 16 bytes in base64, once (RFC 6455 §4.2.1).'
  }
  if (versions.length !== 1 || versions[0]! !== '13') return 'Sec-WebSocket-Version has to be 13.'
  return undefined
}

/** True for a token of RFC 9110 §5.6.2, as methods and field names are. */
export function isToken(text: string): boolean {
  return /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(text)
}

/**
 * Without the white space that HTTP allows around a value (RFC 9110 §5.6.3). `String.trim` would also take a
 * no-break space or a vertical tab, and read as `chunked` what the parser did not.
 */
export function trimSpace(text: string): string {
  let start = 0
  let end = text.length
  while (start < end && isSpace(text.charCodeAt(start))) start++
  while (end > start && isSpace(text.charCodeAt(end - 1))) end--
  return text.slice(start, end)
}

function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x09
}

function tokensOf(list: string): string[] {
  return list
    .toLowerCase()
    .split(',')
    .map(trimSpace)
    .filter((token) => token !== '')
}

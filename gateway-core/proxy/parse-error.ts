import type { DenialCode } from '../errors.ts'
import { isToken } from './strict-fields.ts'

/** An error of Node's HTTP/1 parser or of its timers, as `clientError` delivers it. */
export interface ClientError extends Error {
  code?: string
  /** Bytes of the last packet that were read before the error. */
  bytesParsed?: number
  rawPacket?: Buffer
  reason?: string
}

/** What the client did wrong, or undefined where nothing has to be answered (it left, or spoke after the end). */
export function explainClientError(error: ClientError): { code: DenialCode; detail: string } | undefined {
  switch (error.code) {
    case 'HPE_HEADER_OVERFLOW':
      return { code: 'HEADERS_TOO_LARGE', detail: 'The header section is longer than `limits.headerBytes`.' }
    case 'HPE_CHUNK_EXTENSIONS_OVERFLOW':
      return { code: 'MALFORMED_REQUEST', detail: 'The chunk extensions are too long.' }
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return { code: 'REQUEST_TIMEOUT', detail: 'The header section did not arrive within `limits.headersMs`.' }
    case 'HPE_INVALID_CONTENT_LENGTH':
      return { code: 'AMBIGUOUS_LENGTH', detail: 'Content-Length has to be one decimal number.' }
    case 'HPE_UNEXPECTED_CONTENT_LENGTH':
      return { code: 'AMBIGUOUS_LENGTH', detail: 'Content-Length is repeated, or stands beside Transfer-Encoding.' }
    case 'HPE_INVALID_TRANSFER_ENCODING':
      return {
        code: 'AMBIGUOUS_LENGTH',
        detail: '`chunked` has to be the last transfer coding, once, without Content-Length.',
      }
    case 'HPE_INVALID_VERSION':
      // A line that ends in a bare LF comes under the same code.
      if (error.reason?.includes('CRLF')) break
      return { code: 'UNSUPPORTED_VERSION', detail: 'Speak HTTP/1.1, or HTTP/2 over TLS.' }
    case 'HPE_PAUSED_H2_UPGRADE':
      return { code: 'UPGRADE_REFUSED', detail: 'HTTP/2 is spoken over TLS only.' }
    case 'HPE_INVALID_URL':
      return { code: 'BAD_TARGET', detail: 'The request target holds a character that no URI has.' }
    case 'HPE_INVALID_CHUNK_SIZE':
      return { code: 'MALFORMED_REQUEST', detail: 'A chunk size is not a hexadecimal number.' }
    case 'HPE_INVALID_HEADER_TOKEN':
      return {
        code: 'MALFORMED_REQUEST',
        detail: 'A header field holds a character it may not hold, or continues on the next line.',
      }
    case 'HPE_INVALID_METHOD':
      return isTls(error.rawPacket)
        ? { code: 'MALFORMED_REQUEST', detail: 'TLS on the port for plain HTTP: use the https address.' }
        : { code: 'MALFORMED_REQUEST', detail: 'The request does not begin with a method this gateway knows.' }
    case 'HPE_CLOSED_CONNECTION':
      return undefined
    case 'HPE_INVALID_EOF_STATE':
      return { code: 'MALFORMED_REQUEST', detail: 'The client stopped in the middle of a request.' }
  }
  if (error.code?.startsWith('HPE_')) {
    return { code: 'MALFORMED_REQUEST', detail: 'The request breaks the grammar of HTTP/1.1 (RFC 9112).' }
  }
  return undefined
}

/** What can be shown of a head that no parser could read: names, and how long each value was. */
export interface RedactedHead {
  method?: string
  target?: string
  rawHeaders: string[]
}

/**
 * Reads what is harmless out of a packet that begins with a malformed head: method, path without query, header names.
 * Values stay out, whatever the name: in a malformed head any of them may hold a credential.
 */
export function redactHead(packet: Buffer): RedactedHead {
  const lines = packet
    .subarray(0, 16_384)
    .toString('latin1')
    .split(/\r?\n|\r/)
  const rawHeaders: string[] = []
  const [method = '', target = ''] = (lines[0] ?? '').split(' ')
  for (const line of lines.slice(1, 101)) {
    if (line === '') break
    const colon = line.indexOf(':')
    if (colon < 1 || colon > 64 || !isToken(line.slice(0, colon))) continue
    rawHeaders.push(line.slice(0, colon), `<${line.slice(colon + 1).trim().length} characters>`)
  }
  const path = target.split('?')[0]!
  return {
    ...(/^[A-Z]{1,20}$/.test(method) ? { method } : {}),
    ...(/^\/[\x21-\x7e]{0,200}$/.test(path) ? { target: path } : {}),
    rawHeaders,
  }
}

function isTls(packet: Buffer | undefined): boolean {
  return packet !== undefined && packet[0] === 0x16 && packet[1] === 0x03
}

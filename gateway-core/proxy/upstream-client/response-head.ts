/** The head of a response of HTTP/1.1 (RFC 9112 §4) and what it says of the body behind it. */
export interface ResponseHead {
  readonly status: number
  readonly reason: string
  /** Flat: name, value, name, value. Case, order and repetitions as they came. */
  readonly headers: string[]
  readonly body: Framing
  /** The server goes on on this connection after the response. */
  readonly keepAlive: boolean
  /** Seconds that the server waits for the next request, where it says so (`Keep-Alive: timeout=5`). */
  readonly idleSeconds: number | undefined
}

/** How the end of a body is told (RFC 9112 §6.3): by its length in bytes, by chunks, or by the end of the connection. */
export type Framing = number | 'chunked' | 'until-close'

/** What a server sent is not HTTP/1.1, or can be read in two ways. */
export class BadResponse extends Error {}

/** Bytes of a head, or of trailers. */
export const headLimit = 64 * 1024

// Controls, and line ends that are not CRLF: what one reader takes for a value is another header field for the next one.
const forbidden = /[^\t\r\n\x20-\x7e\x80-\xff]|\r(?!\n)|(?<!\r)\n/
const statusLine = /^HTTP\/1\.([01]) ([1-9]\d\d)(?: (.*))?$/
const token = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/
const digits = /^\d{1,15}$/

/** Reads a head without the empty line that ends it. Throws `BadResponse` for what has no single meaning. */
export function readHead(text: string, method: string): ResponseHead {
  if (forbidden.test(text)) throw new BadResponse('a control character in the head of the answer')
  const lineEnd = text.indexOf('\r\n')
  const first = statusLine.exec(lineEnd < 0 ? text : text.slice(0, lineEnd))
  if (!first) throw new BadResponse('the answer does not begin with a status line of HTTP/1.1')
  const headers = lineEnd < 0 ? [] : readFields(text, lineEnd + 2)
  const status = Number(first[2])
  const old = first[1] === '0'
  let length: string | undefined
  let coding: string | undefined
  let connection = ''
  let idleSeconds: number | undefined
  for (let at = 0; at < headers.length; at += 2) {
    const name = headers[at]!
    // Only names of these lengths are looked at more closely.
    if (name.length === 14 && name.toLowerCase() === 'content-length') {
      if (length !== undefined) throw new BadResponse('two Content-Length fields')
      length = headers[at + 1]!
    } else if (name.length === 17 && name.toLowerCase() === 'transfer-encoding') {
      coding = coding === undefined ? headers[at + 1]! : `${coding},${headers[at + 1]!}`
    } else if (name.length === 10) {
      const lower = name.toLowerCase()
      if (lower === 'connection') connection += `,${headers[at + 1]!.toLowerCase()},`
      else if (lower === 'keep-alive') idleSeconds = idleSecondsOf(headers[at + 1]!)
    }
  }
  const body = framingOf(status, method, old, length, coding)
  const closes = says(connection, 'close') || (old && !says(connection, 'keep-alive'))
  const reason = first[3] ?? ''
  return { status, reason, headers, body, keepAlive: !closes && body !== 'until-close', idleSeconds }
}

/** Reads header fields, or trailers, from a place in a text; none of them may be folded. */
export function readFields(text: string, from: number): string[] {
  const fields: string[] = []
  let at = from
  while (at < text.length) {
    let end = text.indexOf('\r\n', at)
    if (end < 0) end = text.length
    const colon = text.indexOf(':', at)
    if (colon < 0 || colon > end) throw new BadResponse('a header line without a colon')
    const name = text.slice(at, colon)
    if (!isKnownName(name)) throw new BadResponse('a header field whose name is none')
    let begin = colon + 1
    let last = end
    while (begin < last && isBlank(text.charCodeAt(begin))) begin++
    while (last > begin && isBlank(text.charCodeAt(last - 1))) last--
    fields.push(name, text.slice(begin, last))
    at = end + 2
  }
  return fields
}

/** Reads the trailers behind the last chunk; as strict as a head. */
export function readTrailers(text: string): string[] {
  if (forbidden.test(text)) throw new BadResponse('a control character in the trailers of the answer')
  return readFields(text, 0)
}

function framingOf(
  status: number,
  method: string,
  old: boolean,
  length: string | undefined,
  coding: string | undefined,
): Framing {
  if (length !== undefined && !digits.test(length)) throw new BadResponse('a Content-Length that is no number')
  if (coding !== undefined) {
    // Nobody was asked for another coding, and one that is not undone here would reach the client without its name.
    if (coding.toLowerCase() !== 'chunked') throw new BadResponse('a Transfer-Encoding other than chunked')
    if (length !== undefined) throw new BadResponse('both Transfer-Encoding and Content-Length')
    if (old) throw new BadResponse('Transfer-Encoding in an answer of HTTP/1.0')
  }
  if (method === 'HEAD' || status < 200 || status === 204 || status === 304) return 0
  if (coding !== undefined) return 'chunked'
  return length === undefined ? 'until-close' : Number(length)
}

function says(connection: string, option: string): boolean {
  return connection !== '' && connection.split(',').some((one) => one.trim() === option)
}

function idleSecondsOf(value: string): number | undefined {
  const seconds = /(?:^|[\s,])timeout=(\d{1,6})/i.exec(value)?.[1]
  return seconds === undefined ? undefined : Number(seconds)
}

/** Names that came before are names: looking one up is cheaper than reading it. Bounded: a server may invent names. */
const known = new Set<string>()
export function isKnownName(name: string): boolean {
  if (known.has(name)) return true
  if (!token.test(name)) return false
  if (known.size < 2048) known.add(name)
  return true
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09
}

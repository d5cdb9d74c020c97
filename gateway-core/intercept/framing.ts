import type { RawHeaders } from '../exchange.ts'

/** What decides how long a message is, before and after somebody changed it. */
export interface Edited {
  before: RawHeaders
  after: RawHeaders
  /** Lengths of the bodies as they travel; undefined where a body was not read and streams on. */
  bytesBefore: number | undefined
  bytesAfter: number | undefined
  httpVersion: string
}

/**
 * Content-Length follows the body where it was right before and nobody touched it. Whoever writes another one means it:
 * `exact` says that the lengths of the message are wrong, on purpose.
 */
export function followLength(edited: Edited): { headers: RawHeaders; exact: boolean } {
  const { before, after, bytesBefore, bytesAfter, httpVersion } = edited
  if (bytesAfter === undefined) return { headers: after, exact: false }
  const untouched = JSON.stringify(framingOf(before)) === JSON.stringify(framingOf(after))
  // A body that streams by is as long as its parser takes it to be: as its head says.
  const right = isRight(before, bytesBefore ?? lengthOf(before), httpVersion)
  const headers = untouched && right && bytesBefore !== bytesAfter ? withLength(after, bytesAfter, httpVersion) : after
  return { headers, exact: !isRight(headers, bytesAfter, httpVersion) }
}

/** Whether a body of so many bytes is framed by these fields. */
export function isRight(headers: RawHeaders, bytes: number, httpVersion: string): boolean {
  const lengths = valuesOf(headers, 'content-length')
  const codings = valuesOf(headers, 'transfer-encoding')
  if (codings.length > 0) {
    return httpVersion !== '2' && lengths.length === 0 && codings.length === 1 && /^chunked$/i.test(codings[0]!.trim())
  }
  if (lengths.length === 0) return bytes === 0 || httpVersion === '2'
  return lengths.length === 1 && /^\d+$/.test(lengths[0]!) && Number(lengths[0]) === bytes
}

function lengthOf(headers: RawHeaders): number {
  return Number(valuesOf(headers, 'content-length')[0] ?? 0)
}

function withLength(headers: RawHeaders, bytes: number, httpVersion: string): RawHeaders {
  const at = headers.findIndex((name, index) => index % 2 === 0 && name.toLowerCase() === 'content-length')
  if (at !== -1) return headers.with(at + 1, String(bytes))
  if (httpVersion === '2' || valuesOf(headers, 'transfer-encoding').length > 0) return headers
  return [...headers, 'Content-Length', String(bytes)]
}

function framingOf(headers: RawHeaders): string[] {
  return ['content-length', 'transfer-encoding'].flatMap((name) => [name, ...valuesOf(headers, name)])
}

/** Values of a field (lower case name) in order. */
export function valuesOf(headers: RawHeaders, name: string): string[] {
  return headers.filter((_, at) => at % 2 === 1 && headers[at - 1]!.toLowerCase() === name)
}

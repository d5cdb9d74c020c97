import type { UpstreamCall } from './call.ts'
import { lowerCase } from '../forward-headers.ts'
import { isKnownName } from './response-head.ts'

/** How the body of a request goes out: not at all, whole, counted as it streams by, or in chunks. */
export type BodyKind = 'none' | 'whole' | 'counted' | 'chunked'

export interface RequestHead {
  /** The head with the empty line that ends it, to be written as Latin-1. */
  readonly text: string
  readonly body: BodyKind
  /** Bytes that were promised, where they are counted. */
  readonly length: number
}

// Anything else would end the line, or be cut to a byte that does: U+010A is written as a line feed.
const badTarget = /[^\x21-\x7e\x80-\xff]/
export const badValue = /[^\t\x20-\x7e\x80-\xff]/
const methodToken = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/
const methodsWithBody = new Set(['POST', 'PUT', 'PATCH'])

/**
 * The head of a request as its header list says (order, case and repetitions kept), with the framing that it lacks.
 * Throws where it could not be told apart from another request, or promises another body.
 */
export function requestHead(call: UpstreamCall): RequestHead {
  const { method, path, headers, body } = call
  if (!methodToken.test(method)) throw new Error('a method that is none')
  if (path === '' || badTarget.test(path)) throw new Error('a target with a character that must not stand in it')
  let text = `${method} ${path} HTTP/1.1\r\n`
  let promised: string | undefined
  for (let at = 0; at < headers.length; at += 2) {
    const name = headers[at]!
    const value = headers[at + 1]!
    if (!isKnownName(name)) throw new Error(`a header field whose name is none: ${JSON.stringify(name)}`)
    if (badValue.test(value)) throw new Error(`a character in ${name} that must not stand in a header field`)
    if (name.length === 14 && lowerCase(name) === 'content-length') {
      if (promised !== undefined) throw new Error('two Content-Length fields')
      promised = value
    } else if (name.length === 17 && lowerCase(name) === 'transfer-encoding') {
      throw new Error('a Transfer-Encoding, which belongs to one connection')
    }
    text += `${name}: ${value}\r\n`
  }
  if (call.expectContinue) text += 'Expect: 100-continue\r\n'
  const length = promised === undefined ? undefined : lengthOf(promised)
  if (body === undefined) {
    if (length !== undefined && length > 0) throw new Error('a Content-Length without a body')
    if (length === undefined && methodsWithBody.has(method)) text += 'Content-Length: 0\r\n'
    return { text: `${text}\r\n`, body: 'none', length: 0 }
  }
  if (body instanceof Uint8Array) {
    if (length === undefined) text += `Content-Length: ${body.length}\r\n`
    else if (length !== body.length) throw new Error('a Content-Length that differs from the body')
    return { text: `${text}\r\n`, body: 'whole', length: body.length }
  }
  if (length !== undefined) return { text: `${text}\r\n`, body: 'counted', length }
  return { text: `${text}Transfer-Encoding: chunked\r\n\r\n`, body: 'chunked', length: 0 }
}

function lengthOf(value: string): number {
  if (!/^\d{1,15}$/.test(value)) throw new Error('a Content-Length that is no number')
  return Number(value)
}

import type { RawHeaders } from '../exchange.ts'
import { decodeContent, isPlainCoding } from './content.ts'
import type { RecordedBody } from './record.ts'

/** A recorded body as text: Content-Encoding undone, read as UTF-8. Undefined without a body or when it does not decode. */
export function bodyText(message: { headers: RawHeaders; body?: RecordedBody } | undefined): string | undefined {
  if (!message?.body) return undefined
  const { body, headers } = message
  return contentText(body.bytes, body.decoded ? undefined : codingOf(headers))
}

export function contentText(bytes: Uint8Array, coding: string | undefined): string | undefined {
  const content = coding === undefined || isPlainCoding(coding) ? bytes : decodeContent(bytes, coding)
  return content && Buffer.from(content.buffer, content.byteOffset, content.byteLength).toString('utf8')
}

function codingOf(headers: RawHeaders): string | undefined {
  let coding: string | undefined
  for (let at = 0; at + 1 < headers.length; at += 2) {
    if (headers[at]!.toLowerCase() !== 'content-encoding') continue
    coding = coding === undefined ? headers[at + 1]! : `${coding}, ${headers[at + 1]!}`
  }
  return coding
}

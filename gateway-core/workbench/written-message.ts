import { encodeContent, unknownCoding } from '../intercept/coding.ts'
import { followLength } from '../intercept/framing.ts'
import type { Held, WrittenMessage } from '../intercept/held.ts'
import type { RawHeaders } from '../exchange.ts'
import { editedHead } from '../proxy/edited-head.ts'
import { isRefusal } from '../proxy/strict.ts'
import { refused } from '../protocol/rpc-error.ts'
import type { WrittenEdit } from './intercept-desk.ts'

const token = /^[\w!#$%&'*+.^`|~-]+$/
// What a field may hold (RFC 9110 §5.5): anything but control characters; beyond Latin-1 no byte stands for it.
const fieldValue = /^[\t\x20-\x7e\x80-\xff]*$/

/** Reads what a person wrote in the place of a held message. Everything wrong is a refusal that says where. */
export const checkWritten = {
  /** `open` puts values in the place of their markers. */
  read(edit: WrittenEdit, open: (text: string) => string, side: Held['side']): WrittenMessage {
    const headers = edit.headers.map((text, at) => (at % 2 === 0 ? text : open(text)))
    if (headers.length % 2 === 1) throw refused('the last header field has no value')
    checkHeaders(headers)
    const { body } = edit
    const written = body && {
      bytes: body.coded ? Buffer.from(body.base64, 'base64') : openBody(body.base64, open),
      coded: body.coded,
    }
    const unknown = written && !written.coded ? unknownCoding(headers) : undefined
    if (unknown !== undefined) {
      throw refused(
        `the content coding ${unknown} cannot be put on here`,
        'take Content-Encoding out, or edit the bytes',
      )
    }
    const start = side === 'request' ? requestStart(edit, open) : responseStart(edit)
    return { start, headers, ...(written && { body: written }) }
  },

  /** A body that a person wrote, with values in the place of their markers. */
  body: (base64: string, open: (text: string) => string): Uint8Array => openBody(base64, open),

  /** Refuses a request that the gateway would not take, while the person can still mend it. */
  async judge({ message }: Held, { start, headers, body }: WrittenMessage): Promise<void> {
    if (message.kind !== 'http' || message.side !== 'request' || !('method' in start)) return
    const { from, draft } = message
    const bytesBefore = draft.wire?.length ?? (from.message.hasBody ? undefined : 0)
    const bytesAfter = body ? (await checkWritten.encode(body, headers)).length : bytesBefore
    const { httpVersion } = draft
    const framed = followLength({ before: draft.headers, after: headers, bytesBefore, bytesAfter, httpVersion })
    const { scheme, authority, hasBody } = from.message
    const original = { ...from.message, scheme, authority, hasBody, rawHeaders: [], expectContinue: false }
    const judged = editedHead(
      { ...original, httpVersion: httpVersion as '1.1' },
      { ...start, headers: framed.headers, exact: framed.exact },
      bytesAfter,
      from.workspace.limits,
      from.asSent,
    )
    if (isRefusal(judged))
      throw refused(`the gateway would refuse this request: ${judged.detail}`, 'mend it, or drop it')
  },

  async encode(body: { bytes: Uint8Array; coded: boolean }, headers: RawHeaders): Promise<Uint8Array> {
    return body.coded ? body.bytes : ((await encodeContent(body.bytes, headers)) ?? body.bytes)
  },
}

function requestStart(edit: WrittenEdit, open: (text: string) => string) {
  if (!('method' in edit)) throw refused('a request has a method and a target')
  const { method } = edit
  const target = open(edit.target)
  if (!token.test(method)) throw refused(`${JSON.stringify(method)} is not a method`, 'write it like GET')
  if (!/^[\x21-\x7e]+$/.test(target)) {
    throw refused('the target holds a space or a character that is not ASCII', 'percent-encode it')
  }
  return { method, target }
}

function responseStart(edit: WrittenEdit) {
  if (!('status' in edit)) throw refused('a response has a status')
  const { status, reason } = edit
  if (status < 200 || status > 599)
    throw refused(`${status} is not the status of an answer`, 'write one from 200 to 599')
  if (!fieldValue.test(reason)) throw refused('the reason holds a control character')
  return { status, reason }
}

function checkHeaders(headers: readonly string[]): void {
  for (let at = 0; at < headers.length; at += 2) {
    const [name, value] = [headers[at]!, headers[at + 1]!]
    const where = `header ${at / 2 + 1}`
    if (!token.test(name))
      throw refused(`${JSON.stringify(name.slice(0, 60))} is not the name of a header field`, undefined, where)
    if (!fieldValue.test(value)) {
      throw refused(`the value of ${name} holds a control character, or one that is not Latin-1`, undefined, where)
    }
  }
}

/** Markers stand in texts only: other bytes are left as they are. */
function openBody(base64: string, open: (text: string) => string): Uint8Array {
  const bytes = Buffer.from(base64, 'base64')
  const text = bytes.toString('utf8')
  return text.includes('⟦sealed:') ? Buffer.from(open(text)) : bytes
}

import type { HeldMessage } from '../../gateway-core/protocol/intercept.ts'
import type { Params } from '../../gateway-core/protocol/protocol.ts'
import { base64Of, bytesOf, hexText, readHex } from '../ui/bytes.ts'
import { type BodyLook, editable, type LineEnds, lineEndsOf, prettyJson, textOf, typed } from './body-text.ts'
import { headText, type HeadProblem, readHead } from './head-text.ts'

/** What stands in the editor for one message: the original until somebody types. */
export interface Edit {
  head: string
  look: BodyLook
  /** Text as it is typed, in the look that it was typed in; undefined: untouched. */
  body: string | undefined
  /** How lines of a text end that is being typed; without it by line feeds. */
  ends?: LineEnds
  /** A file in the place of the body. */
  file?: { name: string; bytes: Uint8Array } | undefined
}

type RequestEdit = NonNullable<Params<'intercept.resume'>['request']>
type ResponseEdit = Params<'intercept.respond'>['response']

/** An edit as the core takes it, or what is wrong with it and where. */
export type Read<T> = { edit: T } | { problem: HeadProblem & { in: 'head' | 'body' } }

export function originalEdit(message: HeldMessage): Edit {
  const bytes = contentOf(message)
  const text = bytes && textOf(bytes)
  const json = message.body.state === 'whole' && /json/i.test(message.body.contentType ?? '')
  const look =
    bytes === undefined || bytes.length === 0
      ? 'text'
      : text === undefined
        ? 'hex'
        : json && prettyJson(text) !== undefined
          ? 'json'
          : 'text'
  return { head: headText(message.start, message.headers), look, body: undefined }
}

/** An answer to begin with. */
export function answerEdit(): Edit {
  return { head: '200 OK\nContent-Type: application/json\n', look: 'text', body: '{"ok":true}' }
}

/** Content of the body as it came; undefined where there is none to edit. */
export function contentOf({ body }: HeldMessage): Uint8Array | undefined {
  if (body.state === 'whole') return bytesOf(body.base64)
  return body.state === 'none' ? new Uint8Array() : undefined
}

/** Bytes of the body as the editor has them. */
export function bytesIn(edit: Edit, content: Uint8Array): Uint8Array | HeadProblem {
  if (edit.file) return edit.file.bytes
  if (edit.body === undefined) return content
  if (edit.look === 'hex') return readHex(edit.body)
  return new TextEncoder().encode(edit.look === 'text' ? typed(edit.body, edit.ends ?? 'lf') : edit.body)
}

/** The body in a look; undefined where it cannot be shown so. */
export function shownAs(bytes: Uint8Array, look: BodyLook): string | undefined {
  if (look === 'hex') return hexText(bytes)
  const text = textOf(bytes)
  if (text === undefined) return undefined
  return look === 'text' ? editable(text) : prettyJson(text)
}

/** What was typed into the body, with the line ends that its text had before. */
export function typedBody(edit: Edit, bytes: Uint8Array | undefined, look: BodyLook, body: string): Partial<Edit> {
  if (look !== 'text') return { look, body }
  const before = edit.body !== undefined && edit.look === 'text' ? edit.ends : undefined
  return { look, body, ends: before ?? lineEndsOf((bytes && textOf(bytes)) ?? '') }
}

/** Whether anything was changed. */
export function isChanged(edit: Edit, message: HeldMessage): boolean {
  return hasBody(edit) || edit.head !== headText(message.start, message.headers)
}

/** Whether another body was written, or put in its place. */
function hasBody(edit: Edit): boolean {
  return edit.body !== undefined || edit.file !== undefined
}

export function readRequest(edit: Edit, message: HeldMessage): Read<RequestEdit> {
  const head = readHead(edit.head, 'request')
  if ('message' in head) return { problem: { ...head, in: 'head' } }
  if (head.kind !== 'request') throw new TypeError('a request was read')
  const body = readBody(edit, message)
  if (body && 'message' in body) return { problem: { ...body, in: 'body' } }
  const { method, target, headers } = head
  return { edit: { method, target, headers, ...(body && { body }) } }
}

export function readResponse(edit: Edit, message: HeldMessage | undefined): Read<ResponseEdit> {
  const head = readHead(edit.head, 'response')
  if ('message' in head) return { problem: { ...head, in: 'head' } }
  if (head.kind !== 'response') throw new TypeError('a response was read')
  const body = readBody(edit, message)
  if (body && 'message' in body) return { problem: { ...body, in: 'body' } }
  const { status, reason, headers } = head
  return { edit: { status, reason, headers, ...(body && { body }) } }
}

function readBody(
  edit: Edit,
  message: HeldMessage | undefined,
): { base64: string; coded: boolean } | HeadProblem | undefined {
  if (!hasBody(edit)) return undefined
  const bytes = bytesIn(edit, new Uint8Array())
  if ('message' in bytes) return bytes
  const state = message?.body.state
  const coded = (state === 'whole' || state === 'long') && (message!.body as { coded: boolean }).coded
  return { base64: base64Of(bytes), coded }
}

/** The content of a single message of a WebSocket or an event stream. */
export function readMessage(edit: Edit, message: HeldMessage): Read<{ base64: string; coded: boolean }> {
  const body = readBody(edit, message)
  if (body && 'message' in body) return { problem: { ...body, in: 'body' } }
  return { edit: body ?? { base64: '', coded: false } }
}

/** What the lengths of an edited message come to, for people; undefined where there is nothing to say. */
export function lengthNote(edit: Edit, message: HeldMessage): { text: string; exact: boolean } | undefined {
  const { side } = message
  const head = readHead(edit.head, side)
  if ('message' in head || message.message !== undefined) return undefined
  if (side === 'request' && message.httpVersion === '2') return undefined
  const original = framing(message.headers)
  const now = framing(head.headers)
  if (JSON.stringify(original) === JSON.stringify(now)) {
    return !hasBody(edit) || original.lengths.length === 0
      ? undefined
      : { text: 'Content-Length follows the body.', exact: false }
  }
  const says = [
    ...now.lengths.map((value) => `Content-Length: ${value}`),
    ...now.codings.map((value) => `Transfer-Encoding: ${value}`),
  ]
  const goes =
    side === 'request'
      ? 'the request goes out byte by byte, on a connection of its own'
      : 'it goes to the client all the same, and the connection ends behind it'
  // How an answer is cut into chunks belongs to each connection.
  if (side === 'response' && now.lengths.length === 0) return undefined
  return {
    text: `${says.join(' and ') || 'No length'}, as you wrote it: where that is not the length of the body, ${goes}.`,
    exact: true,
  }
}

/** The same for an answer of one's own, which is always whole. */
export function answerNote(edit: Edit): { text: string; exact: boolean } | undefined {
  const head = readHead(edit.head, 'response')
  if ('message' in head) return undefined
  const { lengths, codings } = framing(head.headers)
  if (lengths.length + codings.length === 0) return undefined
  const text =
    'An answer of your own gets the length of its body. To send a wrong one, hold the response and change it.'
  return { text, exact: false }
}

function framing(headers: readonly string[]): { lengths: string[]; codings: string[] } {
  const values = (name: string) => headers.filter((_, at) => at % 2 === 1 && headers[at - 1]!.toLowerCase() === name)
  return { lengths: values('content-length'), codings: values('transfer-encoding') }
}

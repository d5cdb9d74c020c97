import { hash } from 'node:crypto'
import type { Context } from '../capture/decode-context.ts'
import { hasMarker } from '../capture/markers.ts'
import type { StoredMessage } from '../capture/record.ts'
import type { Body, StreamMessage } from '../exchange.ts'
import type { TraceEntry } from '../pipeline/outcome.ts'
import type { MessageEnd } from './said-otherwise.ts'
import { missingBody, recordedBody } from './sealed-message.ts'

/** What can lack of messages: some were not recorded; one is longer than the capture keeps; what was sealed is gone. */
export const lacking = { some: 'messages', body: 'message-body', sealed: 'message-sealed' } as const

/** A message as it is read for judging it again. `lost`: what it held was sealed as a whole and is gone. */
export type MessageAsStored = StoredMessage & { lost?: true }

/** A message as policies were given it, and what became of it. */
export interface RecordedMessage {
  readonly number: number
  readonly message: StreamMessage
  /** Length in bytes of what policies were given. */
  readonly length: number
  /** When it was recorded, in ms since the epoch. */
  readonly at: number
  readonly trace: readonly TraceEntry[]
  readonly end: MessageEnd
  /** What a policy made of it. */
  readonly sent: Sent | undefined
}

/** Content that a policy made; `bytes` is its beginning where `length` is more. */
interface Sent {
  readonly bytes: Uint8Array
  readonly length: number
}

/** Undefined for what policies never saw: that a side closes, and what a person dropped. */
export function recordedMessage(
  stored: MessageAsStored,
  startedAt: number,
  context: Context,
): RecordedMessage | undefined {
  const { number, side, kind, fate, trace, edited, sent: bytes, sentLength } = stored
  if (kind === 'close' || fate === 'dropped') return undefined
  const body = givenOf(stored)
  const sent = bytes && (!edited || changes(trace)) ? { bytes, length: sentLength ?? bytes.length } : undefined
  const message = {
    number,
    message: { side, kind, body },
    length: edited && bytes ? bytes.length : stored.length,
    at: startedAt + stored.at / 1000,
    trace,
    sent,
  }
  const end = fate === 'denied' ? denied(trace, context) : sent ? changed(sent, body) : undefined
  return { ...message, end: end ?? { end: 'sent', length: message.length } }
}

/** What policies were given. Of what a person changed and a policy changed after that, only the last is kept. */
function givenOf({ bytes, length, truncated, lost, edited, sent, sentLength, trace }: MessageAsStored): Body {
  if (edited) return !sent || sentLength !== undefined || changes(trace) ? missingBody(lacking.body) : readable(sent)
  if (truncated || bytes.length < length) return missingBody(lost ? lacking.sealed : lacking.body)
  return lost ? missingBody(lacking.sealed) : readable(bytes)
}

function readable(bytes: Uint8Array): Body {
  return recordedBody(bytes, lacking.sealed)
}

/** Whether a policy changed the message. */
function changes(trace: readonly TraceEntry[]): boolean {
  return trace.some(({ mode, changes: made }) => mode === 'enforce' && made?.some(({ kind }) => kind === 'set-body'))
}

/** How a message goes on with this body. */
export function sentOf({ message, length }: RecordedMessage, body: Body): Extract<MessageEnd, { end: 'sent' }> {
  if (body === message.body) return { end: 'sent', length }
  const { bytes } = body
  return changed({ bytes, length: bytes.length }, message.body)
}

/** Changed content is told from other content by its hash; what is changed to the same is not changed. */
function changed({ bytes, length }: Sent, given: Body): Extract<MessageEnd, { end: 'sent' }> {
  return alike(bytes, given) ? { end: 'sent', length } : { end: 'sent', content: hash('sha1', bytes, 'base64'), length }
}

function alike(sent: Uint8Array, given: Body): boolean {
  try {
    return Buffer.compare(sent, given.bytes) === 0
  } catch {
    // What cannot be read any more was changed from something.
    return false
  }
}

/** Whether changed content is that of the record; undefined: its secrets are gone, so nobody can tell. */
export function sameContent({ bytes, length }: Sent, now: Uint8Array): boolean | undefined {
  if (hasMarker(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8'))) return undefined
  return length === now.length && Buffer.compare(bytes, now.subarray(0, bytes.length)) === 0
}

function denied(trace: readonly TraceEntry[], context: Context): MessageEnd {
  const last = trace.findLast(({ mode, verdict }) => mode === 'enforce' && verdict in ends)
  const decidedBy = last?.policy ?? context.decidedBy ?? ''
  const code = last ? (last.code ?? (last.verdict === 'error' ? 'INTERNAL_ERROR' : undefined)) : context.code
  const verdict = last ? ends[last.verdict as keyof typeof ends] : 'deny'
  return { end: 'denied', verdict, decidedBy, ...(code !== undefined && { code }) }
}

const ends = { deny: 'deny', respond: 'respond', error: 'error' } as const

import { isUtf8 } from 'node:buffer'
import type { StoredMessage } from '../capture/record.ts'
import { schemaErrors } from '../config/json-schema.ts'
import type { MessageEnd } from '../rejudge/said-otherwise.ts'
import type { MessageAsStored } from '../rejudge/recorded-message.ts'
import { stepSchema } from './sound-record.ts'

/** Most messages of one exchange, and bytes of all of them together, that a case holds. */
export const mostMessages = 5000
const mostBytes = 8 * 1024 * 1024

/** A message as a case holds it: bytes as text where they are some. */
export type CaseMessage = Omit<StoredMessage, 'exchange' | 'bytes' | 'sent' | 'secrets'> & {
  content: { text: string } | { base64: string }
  sent?: { text: string } | { base64: string }
  lost?: true
}

/** The messages of an exchange, from the first on, as many as a case holds. */
export function caseMessages(messages: Iterable<StoredMessage>): CaseMessage[] {
  const held: CaseMessage[] = []
  let bytes = 0
  for (const { exchange: _, secrets: _secrets, bytes: content, sent, ...rest } of messages) {
    bytes += content.byteLength + (sent?.byteLength ?? 0)
    if (held.length >= mostMessages || bytes > mostBytes) break
    held.push({ ...rest, content: textOf(content), ...(sent && { sent: textOf(sent) }) })
  }
  return held
}

function textOf(bytes: Uint8Array): CaseMessage['content'] {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return isUtf8(buffer) ? { text: buffer.toString('utf8') } : { base64: buffer.toString('base64') }
}

const text = { type: 'string' } as const
const integer = { type: 'integer', minimum: 0 } as const
const content = { type: 'object', properties: { text, base64: text }, minProperties: 1, maxProperties: 1 } as const
const schema = {
  type: 'array',
  maxItems: mostMessages,
  items: {
    type: 'object',
    required: ['number', 'at', 'side', 'kind', 'content', 'length', 'truncated', 'fate', 'trace'],
    properties: {
      number: { type: 'integer', minimum: 1 },
      at: { type: 'number' },
      side: { enum: ['request', 'response'] },
      kind: { enum: ['text', 'binary', 'event', 'close'] },
      content,
      sent: content,
      length: integer,
      sentLength: integer,
      truncated: { type: 'boolean' },
      fate: { enum: ['sent', 'dropped', 'denied'] },
      from: { const: 'injected' },
      edited: { const: true },
      lost: { const: true },
      trace: { type: 'array', items: stepSchema },
    },
  },
} as const

/** Messages of a case that somebody sent; undefined where they are none that anybody recorded. */
export function readMessages(value: unknown): MessageAsStored[] | undefined {
  if (schemaErrors(schema, value).length > 0) return undefined
  return (value as CaseMessage[]).map(({ content: given, sent, ...rest }) => ({
    ...rest,
    exchange: 'case',
    bytes: bytesOf(given),
    ...(sent && { sent: bytesOf(sent) }),
    secrets: 'sealed',
  }))
}

function bytesOf(given: CaseMessage['content']): Uint8Array {
  return 'text' in given ? Buffer.from(given.text) : Buffer.from(given.base64, 'base64')
}

/** What became of a message, for a person. */
export function shownEnd(end: MessageEnd): string {
  switch (end.end) {
    case 'sent':
      return end.content === undefined ? 'sent as it came' : `sent with other content (${end.length} bytes)`
    case 'denied':
      return `${end.verdict} by ${end.decidedBy}${end.code === undefined ? '' : ` (${end.code})`}`
    case 'undecidable':
      return `undecidable, without ${end.missing}`
  }
}

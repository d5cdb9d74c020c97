import { isUtf8 } from 'node:buffer'
import type { StoredMessage } from '../capture/record.ts'
import type { Captures } from '../capture/store.ts'
import type { MessageContent, MessageList } from '../protocol/types.ts'

/** Most bytes of one message that a list shows. */
const shownBytes = 65_536

/** Messages of an exchange, by parts; secrets stay markers. */
export function messagesOf(captures: Captures, exchange: string, from: number, count: number): MessageList {
  const messages = captures.messages(exchange, { from, count, secrets: 'sealed' })
  return { total: captures.countMessages(exchange), messages: messages.map(listed) }
}

/** Messages that are there as a whole, by parts. */
export function messagesAmong(all: readonly StoredMessage[], from: number, count: number): MessageList {
  const messages = all.filter(({ number }) => number >= from).slice(0, count)
  return { total: all.length, messages: messages.map(listed) }
}

function listed(message: StoredMessage): MessageList['messages'][number] {
  const { number, at, side, kind, fate, length, truncated, trace, sent } = message
  return {
    number,
    at,
    side,
    kind,
    fate,
    length,
    truncated,
    trace,
    content: contentOf(message.bytes, message.kind),
    ...(sent && { sent: contentOf(sent, message.kind) }),
    ...(message.from && { from: message.from }),
    ...(message.touch && { touch: message.touch }),
  }
}

function contentOf(bytes: Uint8Array, kind: StoredMessage['kind']): MessageContent {
  const cut = bytes.byteLength > shownBytes
  const shown = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.byteLength, shownBytes))
  const isText = kind !== 'binary' || isUtf8(shown)
  return { ...(isText ? { text: shown.toString('utf8') } : { base64: shown.toString('base64') }), ...(cut && { cut }) }
}

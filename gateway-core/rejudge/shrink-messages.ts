import { recordedMessage, type MessageAsStored } from './recorded-message.ts'
import type { RecordedExchange } from './recorded-exchange.ts'
import { smallerBodies } from './shrink.ts'

/** Most that is tried out. */
const budget = 200

/** Messages of an exchange until one of them, as they are tried out. */
export function messagesUntil(base: RecordedExchange, last: number): MessageAsStored[] {
  const messages: MessageAsStored[] = []
  for (const stored of base.messages() ?? []) {
    const message = recordedMessage(stored, base.startedAt, base.context)
    if (message) messages.push(stored)
    if (stored.number >= last) break
  }
  return messages
}

/**
 * Leaves messages out as long as `still` holds of the rest, then members of the last one. Values are never cut: a part of a
 * secret would not be known as one.
 */
export async function shrinkMessages(
  messages: readonly MessageAsStored[],
  still: (messages: readonly MessageAsStored[]) => Promise<boolean>,
): Promise<{ messages: readonly MessageAsStored[]; dropped: string[] }> {
  let tries = 0
  const holds = async (some: readonly MessageAsStored[]) => ++tries <= budget && (await still(some).catch(() => false))
  const last = messages.at(-1)!
  let left: readonly MessageAsStored[] = messages
  const dropped: string[] = []
  if (messages.length > 1 && (await holds([last]))) {
    left = [last]
    dropped.push(messages.length === 2 ? 'the message before' : `the ${messages.length - 1} messages before`)
  }
  for (const one of left.slice(0, -1)) {
    const others = left.filter((other) => other !== one)
    if (!(await holds(others))) continue
    left = others
    dropped.push(`message ${one.number}`)
  }
  for (let progress = true; progress; ) {
    progress = false
    const content = left.at(-1)!
    if (content.truncated || content.edited || content.lost) break
    for (const { what, body } of smallerBodies('message', content.bytes, false)) {
      const { sent: _, ...came } = content
      const smaller = { ...came, bytes: body, length: body.length }
      if (!(await holds([...left.slice(0, -1), smaller]))) continue
      left = [...left.slice(0, -1), smaller]
      dropped.push(what)
      progress = true
      // What is left has other members now.
      break
    }
  }
  return { messages: left, dropped }
}

/** As if nothing else had been said. */
export function alone(messages: readonly MessageAsStored[]): MessageAsStored[] {
  return messages.map((message, at) => ({ ...message, number: at + 1 }))
}

import type { ExchangeRecord } from '../capture/record.ts'
import type { Workspace } from '../config/workspace.ts'
import type { ChangedMessage, ExplainedMessage, MessageUnder } from '../protocol/what-if.ts'
import { MissingFact } from '../pipeline/facts.ts'
import type { Difference } from './first-difference.ts'
import type { RecordedExchange } from './recorded-exchange.ts'
import { type RecordedMessage, recordedMessage } from './recorded-message.ts'
import { partingOf, placedIn, type Traced } from './traced.ts'

/** Longer texts are not shown: a part of one could show half of a secret. */
const longestText = 64 * 1024

/** One message of an exchange as it was recorded. */
export function messageIn(recorded: RecordedExchange, { number }: ChangedMessage): RecordedMessage | undefined {
  for (const stored of recorded.messages() ?? []) {
    if (stored.number === number) return recordedMessage(stored, recorded.startedAt, recorded.context)
  }
  return undefined
}

/** One side of a comparison with the steps of one message at its end, in the place of what its messages came to together. */
export function withMessage(side: Traced, message: RecordedMessage, workspace: Workspace): Traced {
  const heard = side.run?.dialogue?.heard.get(message.number)
  const steps = heard?.trace ?? message.trace.map(placedIn(workspace))
  return { ...side, trace: [...side.trace.filter(({ phase }) => phase !== 'message'), ...steps] }
}

/** A message under both versions. `text` is in clear: whoever shows it puts the markers of its secrets back. */
export function explainedMessage(
  { side, kind, number }: ChangedMessage,
  message: RecordedMessage,
  before: Traced,
  after: Traced,
): ExplainedMessage {
  const isText = kind !== 'binary'
  const text = isText ? textOf(() => message.message.body.bytes) : undefined
  const at = message.trace[0]?.now ?? message.at
  return {
    number,
    side,
    kind,
    at,
    length: message.length,
    ...(text !== undefined && { text }),
    before: under(before, message, isText),
    after: under(after, message, isText),
  }
}

function under({ run }: Traced, { number, message, end, sent }: RecordedMessage, isText: boolean): MessageUnder {
  const heard = run?.dialogue?.heard.get(number)
  if (!heard) {
    if (end.end !== 'sent') return { end: end.end }
    return sent ? { end: 'changed', ...shown(isText, () => sent.bytes) } : { end: 'sent' }
  }
  const { decision, body } = heard
  if (decision) return { end: decision.verdict === 'undecidable' ? 'undecidable' : 'denied' }
  return body === message.body ? { end: 'sent' } : { end: 'changed', ...shown(isText, () => body.bytes) }
}

function shown(isText: boolean, bytes: () => Uint8Array): { text?: string } {
  const text = isText ? textOf(bytes) : undefined
  return text === undefined ? {} : { text }
}

function textOf(read: () => Uint8Array): string | undefined {
  try {
    const bytes = read()
    return bytes.length > longestText ? undefined : Buffer.from(bytes).toString('utf8')
  } catch (error) {
    if (error instanceof MissingFact) return undefined
    throw error
  }
}

/** Where the steps of a message part, or what it is sent on as. */
export function messageParting(
  before: Traced,
  after: Traced,
  stored: ExchangeRecord,
  message: ExplainedMessage,
): Difference {
  const parting = partingOf(before, after, stored.route?.id)
  if (parting && parting.step !== 'outcome') return parting
  const [a, b] = [message.before, message.after].map(({ end, text }) =>
    text === undefined ? end : `${text.length} characters`,
  )
  return { step: 'message', field: 'content', a, b }
}

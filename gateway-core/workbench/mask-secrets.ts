import { bodyText } from '../capture/body-text.ts'
import { hasMarker } from '../capture/markers.ts'
import type { RecordedRequest, RecordedResponse, StoredExchange, StoredMessage } from '../capture/record.ts'
import type { Captures } from '../capture/store.ts'

const marker = /"⟦sealed:[\w-]+:\d+:literal⟧"|⟦sealed:[\w-]+:\d+⟧/g
/** Shorter values are found by chance in other texts: they are masked where they stand by themselves. */
const leastInside = 4

/**
 * Puts the markers back into what was judged with open secrets, in every text of it, wherever policies carried them:
 * what a screen gets holds none of the exchange's secrets, and none of its messages from `message` on.
 */
export function maskOf(captures: Pick<Captures, 'get' | 'messages'>, id: string, message = 1): <T>(value: T) => T {
  const sealed = captures.get(id, { secrets: 'sealed' })
  const open = sealed?.secrets === 'sealed' ? captures.get(id, { secrets: 'open' }) : undefined
  const [sealedMessages, openMessages] = (['sealed', 'open'] as const).map((secrets) =>
    captures.messages(id, { secrets, from: message }).flatMap(textsSaid),
  ) as [string[], string[]]
  if (!sealed || (!open && sealedMessages.length === 0)) return (value) => value
  const whole = new Map<string, string>()
  const secrets = new Map<string, string>()
  const masked = [...textsOf(sealed), ...sealedMessages]
  const clear = [...textsOf(open ?? sealed), ...openMessages]
  for (const [at, text] of clear.entries()) {
    const hidden = masked[at] ?? ''
    if (text === hidden || !hasMarker(hidden)) continue
    whole.set(text, hidden)
    for (const [secret, mark] of secretsIn(text, hidden)) secrets.set(secret, mark)
  }
  const longestFirst = [...secrets].sort(([one], [other]) => other.length - one.length)
  return <T>(value: T) => maskValue(value, whole, longestFirst) as T
}

/** Every text of an exchange that may be sealed, in the same order for both readings. */
function textsOf({ request, forwarded, response, upstreamResponse }: StoredExchange): string[] {
  return [request, forwarded, response, upstreamResponse].flatMap((message) =>
    message ? textsOfMessage(message) : [''],
  )
}

function textsOfMessage(message: RecordedRequest | RecordedResponse): string[] {
  const line = 'target' in message ? [message.target, message.path, message.query] : []
  // The body stands before the headers: both readings have as many texts of it.
  return [...line, bodyText(message) ?? '', ...message.headers, ...(message.trailers ?? [])]
}

/** What a policy made of a message holds masks where its secrets stood. */
function textsSaid({ bytes, edited, sent = bytes }: StoredMessage): string[] {
  return [bytes, edited ? sent : bytes].map((content) => Buffer.from(content).toString('utf8'))
}

/** What stands in the clear text where the masked one has its markers. */
function secretsIn(clear: string, masked: string): [secret: string, mark: string][] {
  const marks = masked.match(marker) ?? []
  const [first = '', ...others] = masked.split(marker)
  const found: [string, string][] = []
  let from = first.length
  for (const [at, between] of others.entries()) {
    const end = between === '' ? (at === others.length - 1 ? clear.length : from) : clear.indexOf(between, from)
    if (end < from) break
    if (end > from) found.push([clear.slice(from, end), marks[at]!])
    from = end + between.length
  }
  return found
}

function maskValue(value: unknown, whole: ReadonlyMap<string, string>, secrets: readonly [string, string][]): unknown {
  if (typeof value === 'string') return maskText(value, whole, secrets)
  if (Array.isArray(value)) return value.map((one) => maskValue(one, whole, secrets))
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return value
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, maskValue(one, whole, secrets)]))
}

function maskText(text: string, whole: ReadonlyMap<string, string>, secrets: readonly [string, string][]): string {
  const known = whole.get(text)
  if (known !== undefined) return known
  let masked = text
  for (const [secret, mark] of secrets) {
    if (secret.length >= leastInside) masked = masked.replaceAll(secret, () => mark)
    else if (masked === secret) masked = mark
    else masked = masked.replaceAll(`"${secret}"`, () => `"${mark.replaceAll('"', '')}"`)
  }
  return masked
}

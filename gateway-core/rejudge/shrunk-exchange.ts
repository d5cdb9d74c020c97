import { hasMarker } from '../capture/markers.ts'
import type { ExchangeRecord } from '../capture/record.ts'
import { classify, type Judged } from './judged.ts'
import type { RecordedExchange } from './recorded-exchange.ts'
import type { MessageAsStored } from './recorded-message.ts'
import { shrinkRequest, type Untouched } from './shrink.ts'
import { alone, messagesUntil, shrinkMessages } from './shrink-messages.ts'
import { VariedExchange, type Variation } from './varied-exchange.ts'
import { WhatIfError } from './what-if-error.ts'
import type { SmallestMessage, SmallestRequest } from '../protocol/what-if.ts'

/**
 * The smallest request that still shows the difference between two workspaces. `judge` tries one out on both; `stored`: the
 * record without secrets.
 */
export async function shrinkExchange(
  base: RecordedExchange,
  stored: () => ExchangeRecord,
  judge: (varied: VariedExchange) => Promise<readonly [before: Judged, after: Judged]>,
): Promise<SmallestRequest> {
  const tried = async (variation: Variation) => {
    const varied = new VariedExchange(base, variation)
    const [before, after] = await judge(varied)
    return { varied, before, after, found: classify(before, after) }
  }
  const whole = await tried({})
  if (!whole.found) throw new WhatIfError('this exchange comes out the same, so there is nothing to shrink')
  const still = async (smaller: Variation) => {
    const { before, after, found } = await tried(smaller)
    return (
      found?.kind === whole.found!.kind &&
      ends(before) === ends(whole.before) &&
      ends(after) === ends(whole.after) &&
      found.message?.side === whole.found!.message?.side &&
      (found.kind !== 'transformed' || found.differs?.join() === whole.found!.differs?.join())
    )
  }
  const said = whole.found.message && messagesUntil(base, whole.found.message.number)
  const talk = said && (await shrinkMessages(said, (messages) => still({ messages: alone(messages) })))
  const messages = talk && { messages: alone(talk.messages) }
  const recorded = stored()
  const stays: Untouched = {
    // Without these it is no handshake.
    header: (name) => recorded.upgrade !== undefined && /^(?:connection|upgrade|sec-websocket-.*)$/.test(name),
    values: holdsSecrets(recorded),
  }
  const { variation, dropped } = await shrinkRequest(base.request, base.requestBody?.bytes, stays, (smaller) =>
    still({ ...smaller, ...messages }),
  )
  const { varied, before, after } = await tried({ ...variation, ...messages })
  const { request, requestBody } = varied
  return {
    ...(talk && { messages: talk.messages.map(shownMessage) }),
    method: request.method,
    target: request.query === '' ? request.path : `${request.path}?${request.query}`,
    headers: pairs(sealedHeaders(recorded, request.headers.raw, base.request.headers.raw)),
    ...(requestBody && { body: Buffer.from(requestBody.bytes).toString('utf8') }),
    dropped: [...(talk?.dropped ?? []), ...dropped],
    before: before.outcome,
    after: after.outcome,
  }
}

function shownMessage({ number, side, kind, bytes, edited, sent = bytes }: MessageAsStored): SmallestMessage {
  const content = edited ? sent : bytes
  const text = Buffer.from(content).toString(kind === 'binary' ? 'hex' : 'utf8')
  return { number, side, kind: kind as SmallestMessage['kind'], text }
}

function holdsSecrets({ request: { target, path, query, body } }: ExchangeRecord): boolean {
  return [target, path, query].some(hasMarker) || (body !== undefined && hasMarker(Buffer.from(body.bytes).toString()))
}

function ends({ outcome: { verdict, code, decidedBy } }: Judged): string {
  return `${verdict} ${code} ${decidedBy}`
}

/** The fields that are left, with their secrets sealed. */
function sealedHeaders(stored: ExchangeRecord, left: readonly string[], all: readonly string[]): string[] {
  const sealed: string[] = []
  let from = 0
  for (let at = 0; at + 1 < left.length; at += 2) {
    while (from + 1 < all.length && (all[from] !== left[at] || all[from + 1] !== left[at + 1])) from += 2
    sealed.push(left[at]!, stored.request.headers[from + 1] ?? left[at + 1]!)
    from += 2
  }
  return sealed
}

function pairs(raw: readonly string[]): [string, string][] {
  const list: [string, string][] = []
  for (let at = 0; at + 1 < raw.length; at += 2) list.push([raw[at]!, raw[at + 1]!])
  return list
}

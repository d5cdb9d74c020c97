import type { ExchangeRecord, RecordedRequest, RecordedResponse } from './record.ts'
import type { Claims } from '../exchange.ts'
import type { RecordedFact } from '../pipeline/facts.ts'

/**
 * How a record crosses to the store worker: a run of numbers and a run of strings, because cloning a deep object costs five
 * times as much. What tends to be equal between exchanges (context, headers, evidence, facts) is one text each; such a
 * text crosses once and is a number afterwards, -1 where there is none.
 */
export const slot = {
  startedAt: 0,
  duration: 1,
  /** 1: the exchange is still open. */
  state: 2,
  /** Method, route, verdict, the shape of the trace, …: see `context-text.ts`. */
  context: 3,
  client: 4,
  peerPort: 5,
  /** -1 where it is the client's. */
  peerAddress: 6,
  requestHeaders: 7,
  responseHeaders: 8,
  /** How many of the batch's `changes` belong to either list. */
  requestChanges: 9,
  responseChanges: 10,
  /** Evidence, changes and findings of the trace. */
  detail: 11,
  /** Facts and claims. */
  knowledge: 12,
  /** Rare parts: forwarded request, upstream response, trailers, certificates, body hashes, sealed places. */
  extra: 13,
  requestSize: 14,
  responseSize: 15,
  /** `[start, length, number]` each for {@link bodySlots}: a range of the batch's bytes, or a length of {@link bodyMark}. */
  bodies: 16,
} as const

/** What stands there instead of a body's length. `known`: the store has it under the number. */
export const bodyMark = { none: -1, sameAsBefore: -2, known: -3 } as const

/** Bodies of a record in their order. */
export const bodySlots = ['request', 'response', 'forwarded', 'upstreamResponse'] as const
export type BodySlot = (typeof bodySlots)[number]

export const numbersPerRecord = slot.bodies + bodySlots.length * 3

/** Strings of one exchange alone. `target` is null where it is path and query; `own`: see {@link ownOf}. */
export const stringSlot = { id: 0, path: 1, query: 2, target: 3, own: 4 } as const
export const stringsPerRecord = 5

/** Records of one message to the store. */
export interface Batch {
  records: number
  /** Every text and body of the batches before is forgotten; numbers begin at 0 again. */
  anew: boolean
  /** Texts that the store does not know yet, in the order of their numbers. */
  texts: readonly string[]
  numbers: Float64Array
  strings: readonly (string | null)[]
  /** Header values that are otherwise than in the text: position and value in turn, record by record. */
  changes: readonly (number | string)[]
  bytes: Uint8Array
}

/** Facts and claims as `[facts, claims]`, or null when there are none. Claims that a fact holds are written as its number. */
export function knowledgeOf({ facts, claims }: Pick<ExchangeRecord, 'facts' | 'claims'>): string | null {
  if (!claims) return facts.length > 0 ? JSON.stringify([facts]) : null
  const holder = facts.findIndex(({ answer }) => claimsIn(answer) === claims)
  return JSON.stringify([facts, holder === -1 ? claims : holder])
}

/** Claims of a `token` fact. */
export function claimsIn(answer: RecordedFact['answer']): Claims | undefined {
  const value = 'value' in answer ? (answer.value as { claims?: Claims } | null) : null
  return typeof value === 'object' ? value?.claims : undefined
}

/** `[policyMicros, upstreamMicros, firstByteMicros, parameters, upstreamPath, (at, micros, now − startedAt, sequence)…, numbers of `detailOf`…]`. */
export function ownOf(record: ExchangeRecord, numbers: readonly number[]): string {
  const { timings, route, trace, startedAt } = record
  const own: unknown[] = [timings.policyMicros, timings.upstreamMicros, timings.firstByteMicros, 0, 0]
  if (route) {
    for (const _ in route.parameters) {
      own[3] = route.parameters
      break
    }
    if (route.upstreamPath !== record.request.path) own[4] = route.upstreamPath
  }
  for (const entry of trace) own.push(entry.at, entry.micros, entry.now - startedAt, entry.sequence)
  for (const number of numbers) own.push(number)
  return JSON.stringify(own)
}

/** The rare parts of a record; a property is there only where it says something. */
export interface Extra {
  forwarded?: Partial<Omit<RecordedRequest, 'body'>>
  /** Of its headers, a number stands for the pair of that place in the response. */
  upstreamResponse?: Omit<RecordedResponse, 'body' | 'headers'> & { headers: readonly (string | number)[] }
  requestTrailers?: readonly string[]
  responseTrailers?: readonly string[]
  /** DER, base64. */
  certificates?: string[]
  /** Where a body is not whole or not as long as its bytes. */
  bodies?: Partial<Record<BodySlot, { length: number; truncated?: true; sha256?: string; decoded?: true }>>
  sealed?: ExchangeRecord['sealed']
  tunnel?: ExchangeRecord['tunnel']
  intercepted?: ExchangeRecord['intercepted']
}

export function extraOf(record: ExchangeRecord): Extra | undefined {
  const { request, response, forwarded, upstreamResponse, peer } = record
  let extra: Extra | undefined
  if (request.trailers?.length) (extra ??= {}).requestTrailers = request.trailers
  if (response?.trailers?.length) (extra ??= {}).responseTrailers = response.trailers
  if (peer.certificates?.length)
    (extra ??= {}).certificates = peer.certificates.map((der) => Buffer.from(der).toString('base64'))
  if (forwarded) (extra ??= {}).forwarded = difference(forwarded, request)
  if (upstreamResponse) {
    const { status, reason, from, headers, trailers } = upstreamResponse
    const kept = keptOf(headers, response?.headers ?? [])
    const head = { status, reason, from, headers: kept, ...(trailers && { trailers }) }
    ;(extra ??= {}).upstreamResponse = head
  }
  for (const name of bodySlots) {
    const body = record[name]?.body
    const received = name === 'request' || name === 'response'
    if (!body || (received && !body.truncated && !body.decoded)) continue
    const bodies = ((extra ??= {}).bodies ??= {})
    const note: (typeof bodies)[BodySlot] = { length: body.length }
    if (body.truncated) Object.assign(note, { truncated: true, sha256: body.sha256 })
    if (body.decoded) note.decoded = true
    bodies[name] = note
  }
  if (record.sealed.length > 0) (extra ??= {}).sealed = record.sealed
  if (record.tunnel) (extra ??= {}).tunnel = record.tunnel
  if (record.intercepted) (extra ??= {}).intercepted = record.intercepted
  return extra
}

/** Header pairs that stand in the response as well, in the same order, as their number there; others as they are. */
function keptOf(headers: readonly string[], response: readonly string[]): (string | number)[] {
  const kept: (string | number)[] = []
  let next = 0
  for (let at = 0; at < headers.length; at += 2) {
    const name = headers[at]!
    const value = headers[at + 1]!
    let found = next
    while (found < response.length && (response[found] !== name || response[found + 1] !== value)) found += 2
    if (found < response.length) {
      kept.push(found / 2)
      next = found + 2
    } else kept.push(name, value)
  }
  return kept
}

/** Undoes {@link keptOf}. */
export function wholeHeaders(kept: readonly (string | number)[], response: readonly string[]): string[] {
  const whole: string[] = []
  for (const item of kept) {
    if (typeof item === 'number') whole.push(response[item * 2] ?? '', response[item * 2 + 1] ?? '')
    else whole.push(item)
  }
  return whole
}

/** What the forwarded request has otherwise than the received one. */
function difference(forwarded: RecordedRequest, request: RecordedRequest): Extra['forwarded'] {
  const changed: Record<string, unknown> = {}
  for (const key of ['method', 'scheme', 'authority', 'target', 'path', 'query', 'httpVersion', 'trailers'] as const) {
    if (forwarded[key] !== request[key]) changed[key] = forwarded[key] ?? null
  }
  if (!sameList(forwarded.headers, request.headers)) changed['headers'] = forwarded.headers
  return changed
}

function sameList(a: readonly string[], b: readonly string[]): boolean {
  return a === b || (a.length === b.length && a.every((value, at) => value === b[at]))
}

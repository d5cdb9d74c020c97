import type { ExchangeRecord, RecordedBody, RecordedRequest, RecordedResponse } from './record.ts'
import type { Claims } from '../exchange.ts'
import type { RecordedFact } from '../pipeline/facts.ts'
import { detailOf } from './trace-detail.ts'

/**
 * How a record crosses to the store worker and how it is laid out in the database. A record becomes one run of
 * strings and numbers ({@link fieldsPerRecord} of them), because cloning a deep object costs five times as much; what
 * tends to be equal between exchanges (context, headers, evidence, facts) is one text each, so that the store keeps
 * each such text once.
 */
export const slot = {
  id: 0,
  startedAt: 1,
  duration: 2,
  state: 3,
  /** Method, route, verdict, the shape of the trace, …: see {@link contextOf}. */
  context: 4,
  client: 5,
  peerPort: 6,
  peerAddress: 7,
  path: 8,
  query: 9,
  /** Null where it is path and query. */
  target: 10,
  requestHeaders: 11,
  responseHeaders: 12,
  /** Evidence, changes and findings of the trace. */
  detail: 13,
  /** Facts and claims. */
  knowledge: 14,
  /** Numbers of this exchange alone: timings, trace times, path parameters. */
  own: 15,
  /** Rare parts: forwarded request, upstream response, trailers, certificates, body hashes, sealed places. */
  extra: 16,
  requestSize: 17,
  responseSize: 18,
  /** Byte ranges in the batch's buffer: `[start, length]` each for {@link bodySlots}; length -1: no body, -2: same as the message before it. */
  bodies: 19,
} as const

/** Bodies of a record in their order. */
export const bodySlots = ['request', 'response', 'forwarded', 'upstreamResponse'] as const
export type BodySlot = (typeof bodySlots)[number]

export const fieldsPerRecord = slot.bodies + bodySlots.length * 2

export type Field = string | number | null

/** What `context` holds, in order. Values of one route, client and outcome repeat, so this text is shared by many exchanges. */
export function contextOf(record: ExchangeRecord): string {
  const { request, route, upstream, consumer, response } = record
  const context: unknown[] = [
    request.method,
    request.scheme,
    request.authority,
    request.httpVersion,
    record.listener,
    record.environment,
    record.revision,
    route?.id,
    route?.api,
    route?.template,
    upstream?.name,
    upstream?.url,
    record.verdict,
    record.status,
    record.code,
    record.decidedBy,
    consumer?.name,
    consumer?.groups,
    record.state,
    record.upgrade,
    response?.status,
    response?.reason,
    response?.from,
    record.error,
  ]
  // One flat list: nested ones would take JSON twice as long.
  for (const entry of record.trace) {
    const { position } = entry
    context.push(entry.policy, entry.type, entry.phase, entry.verdict, entry.mode)
    context.push(position.file, position.line, position.column, entry.code, entry.reason, entry.branch)
  }
  return JSON.stringify(context)
}

/** Fields of a context before its trace, and of each trace entry in it. */
export const contextHead = 24
export const contextPerEntry = 11

/** Facts and claims as `[facts, claims]`, or null when there are none. Claims that a fact holds are written as its number. */
export function knowledgeOf({ facts, claims }: Pick<ExchangeRecord, 'facts' | 'claims'>): string | null {
  if (!claims) return facts.length > 0 ? JSON.stringify([facts]) : null
  // The same token brings the same objects again and again: its text is kept with its claims.
  const known = knowledgeTexts.get(claims)
  if (known && sameFacts(known.facts, facts)) return known.text
  const holder = facts.findIndex(({ answer }) => claimsIn(answer) === claims)
  const text = JSON.stringify([facts, holder === -1 ? claims : holder])
  knowledgeTexts.set(claims, { facts, text })
  return text
}

/** Claims of a `token` fact. */
export function claimsIn(answer: RecordedFact['answer']): Claims | undefined {
  const value = 'value' in answer ? (answer.value as { claims?: Claims } | null) : null
  return typeof value === 'object' ? value?.claims : undefined
}

const knowledgeTexts = new WeakMap<Claims, { facts: readonly RecordedFact[]; text: string }>()

function sameFacts(one: readonly RecordedFact[], other: readonly RecordedFact[]): boolean {
  if (one.length !== other.length) return false
  for (let at = 0; at < one.length; at++) {
    if (one[at]!.answer !== other[at]!.answer || one[at]!.key !== other[at]!.key) return false
  }
  return true
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
  upstreamResponse?: Omit<RecordedResponse, 'body'>
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

export function extraOf(record: ExchangeRecord): string | null {
  const { request, response, forwarded, upstreamResponse, peer } = record
  let extra: Extra | undefined
  if (request.trailers?.length) (extra ??= {}).requestTrailers = request.trailers
  if (response?.trailers?.length) (extra ??= {}).responseTrailers = response.trailers
  if (peer.certificates?.length)
    (extra ??= {}).certificates = peer.certificates.map((der) => Buffer.from(der).toString('base64'))
  if (forwarded) (extra ??= {}).forwarded = difference(forwarded, request)
  if (upstreamResponse) {
    const { body: _, ...head } = upstreamResponse
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
  return extra ? JSON.stringify(extra) : null
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

/** Records of one message to the store worker. */
export interface Batch {
  fields: Field[]
  bytes: Uint8Array
}

/** Lays records out one after the other. Runs on the hot path: measured at 4 µs for a plain GET with three policies. */
export class BatchEncoder {
  #fields: Field[] = []
  #bodies: Uint8Array[] = []
  #bytes = 0
  #records = 0

  get records(): number {
    return this.#records
  }

  /** Rough size in memory, in bytes. */
  get size(): number {
    return this.#bytes + this.#records * 3000
  }

  add(record: ExchangeRecord, keepBodies: boolean): void {
    const { request, response } = record
    const fields = this.#fields
    const { path, query } = request
    const plainTarget = request.target.length === path.length + (query === '' ? 0 : query.length + 1)
    const target = plainTarget && request.target === (query === '' ? path : `${path}?${query}`) ? null : request.target
    const { peer } = record
    const numbers: number[] = []
    const detail = detailOf(record, numbers)
    fields.push(
      record.id,
      record.startedAt,
      record.durationMicros,
      record.state === 'open' ? 1 : 0,
      contextOf(record),
      record.clientAddress,
      peer.port,
      peer.address === record.clientAddress ? null : peer.address,
      path,
      query,
      target,
      JSON.stringify(request.headers),
      response ? JSON.stringify(response.headers) : null,
      detail,
      knowledgeOf(record),
      ownOf(record, numbers),
      extraOf(record),
      request.body?.length ?? 0,
      response?.body?.length ?? 0,
    )
    this.#addBody(request.body, undefined, keepBodies)
    this.#addBody(response?.body, undefined, keepBodies)
    this.#addBody(record.forwarded?.body, request.body, keepBodies)
    this.#addBody(record.upstreamResponse?.body, response?.body, keepBodies)
    this.#records++
  }

  #addBody(body: RecordedBody | undefined, before: RecordedBody | undefined, keep: boolean): void {
    if (!body || !keep) this.#fields.push(0, -1)
    else if (before && (before === body || before.bytes === body.bytes)) this.#fields.push(0, -2)
    else {
      this.#fields.push(this.#bytes, body.bytes.byteLength)
      this.#bodies.push(body.bytes)
      this.#bytes += body.bytes.byteLength
    }
  }

  /** Everything added since the last call. `bytes` owns its memory and may be transferred. */
  take(): Batch {
    const bytes = new Uint8Array(this.#bytes)
    let at = 0
    for (const body of this.#bodies) {
      bytes.set(body, at)
      at += body.byteLength
    }
    const batch = { fields: this.#fields, bytes }
    this.#fields = []
    this.#bodies = []
    this.#bytes = 0
    this.#records = 0
    return batch
  }
}

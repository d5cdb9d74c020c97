import type { Context } from '../capture/decode-context.ts'
import { decodeContext } from '../capture/decode-context.ts'
import { contextOf } from '../capture/context-text.ts'
import { hasMarker } from '../capture/markers.ts'
import type { ExchangeRecord, RecordedBody, RecordedRequest, RecordedResponse } from '../capture/record.ts'
import type { Peer, RequestMessage } from '../exchange.ts'
import type { FactAnswer } from '../pipeline/facts.ts'
import type { Change, Learned } from '../pipeline/outcome.ts'
import type { MessageAsStored } from './recorded-message.ts'
import { RecordedHeaders, recordedRequest } from './sealed-message.ts'

/** What a recorded step did besides its verdict. */
export interface StepDetail {
  changes?: readonly Change[] | undefined
  learned?: Learned | undefined
}

export type FactAnswers = ReadonlyMap<string, FactAnswer<unknown>>

/** One exchange of the record as judging it again reads it: every part on demand, because most are never asked for. */
export interface RecordedExchange {
  readonly id: string
  /** Place in the order recorded. */
  readonly order: number
  /** Milliseconds since the epoch. */
  readonly startedAt: number
  readonly peer: Peer
  /** What exchanges that were judged alike share: the same object for all of them. */
  readonly context: Context
  readonly request: RequestMessage
  readonly facts: FactAnswers
  readonly requestBody: RecordedBody | undefined
  /** What was sent on, where policies changed it. */
  readonly forwarded: RecordedRequest | undefined
  /** Path that the route gave the request; undefined without a route. */
  readonly upstreamPath: string | undefined
  /** What the client got. */
  readonly response: RecordedResponse | undefined
  /** What the upstream answered, or the gateway in its place. */
  readonly answer: RecordedResponse | undefined
  /** Whether policies may have changed the body of the answer; told without reading it. */
  readonly answerBodyChanged: boolean
  /** Whether messages of it were recorded; undefined where nobody knows whether there were any. */
  readonly said: boolean | undefined
  /** Its messages in their order, read as they are asked for; undefined where they were not recorded. */
  messages(): Iterable<MessageAsStored> | undefined
  /** The answer counts though the request may be another: somebody tries out what would come of it. */
  readonly answerStands?: true
  /** Time and place of a step of the trace. */
  now(step: number): number
  sequence(step: number): number
  detail(step: number): StepDetail
}

/** Revision of what no Gatehouse recorded: an entry of a foreign HAR. */
export const foreignRevision = 'har'

const contexts = new Map<string, Context>()

/** A record that is there as a whole: of a HAR, or just made. */
export class PlainExchange implements RecordedExchange {
  readonly #record: ExchangeRecord
  readonly #messages: readonly MessageAsStored[] | undefined
  readonly order: number
  readonly context: Context
  #request: RequestMessage | undefined
  #facts: FactAnswers | undefined

  /** `messages`: undefined where nobody knows whether there were any. */
  constructor(record: ExchangeRecord, order: number, messages?: readonly MessageAsStored[]) {
    this.#record = record
    this.#messages = messages
    this.order = order
    this.context = sharedContext(record)
  }

  get id(): string {
    return this.#record.id
  }

  get startedAt(): number {
    return this.#record.startedAt
  }

  get peer(): Peer {
    const { address, port, certificates } = this.#record.peer
    return certificates ? { address, port, certificates } : { address, port }
  }

  get request(): RequestMessage {
    const { request } = this.#record
    this.#request ??= requestOf(request, new RecordedHeaders(request.headers), request.body !== undefined)
    return this.#request
  }

  get facts(): FactAnswers {
    this.#facts ??= readableFacts(this.#record.facts)
    return this.#facts
  }

  get requestBody(): RecordedBody | undefined {
    return this.#record.request.body
  }

  get forwarded(): RecordedRequest | undefined {
    return this.#record.forwarded
  }

  get upstreamPath(): string | undefined {
    const { route, revision, request } = this.#record
    // What went straight to its server went there unchanged.
    return route?.upstreamPath ?? (revision === foreignRevision ? request.path : undefined)
  }

  get response(): RecordedResponse | undefined {
    return this.#record.response
  }

  get answer(): RecordedResponse | undefined {
    return answerOf(this.#record.upstreamResponse, this.#record.response)
  }

  get answerBodyChanged(): boolean {
    const { upstreamResponse, response } = this.#record
    return upstreamResponse?.body !== undefined && upstreamResponse.body.bytes !== response?.body?.bytes
  }

  get said(): boolean | undefined {
    return this.#messages && this.#messages.length > 0
  }

  messages(): readonly MessageAsStored[] | undefined {
    return this.#messages
  }

  now(step: number): number {
    return this.#record.trace[step]!.now
  }

  sequence(step: number): number {
    return this.#record.trace[step]!.sequence
  }

  detail(step: number): StepDetail {
    return this.#record.trace[step]!
  }
}

/**
 * The upstream's answer: the client's, where policies left it alone. One that they changed was held, and its body kept
 * without its coding; where only its head was changed, the body is the client's.
 */
export function answerOf(
  upstream: RecordedResponse | undefined,
  response: RecordedResponse | undefined,
): RecordedResponse | undefined {
  if (!upstream) return response
  if (upstream.body) return { ...upstream, body: { ...upstream.body, decoded: true } }
  return response?.body && response.from === 'upstream' ? { ...upstream, body: response.body } : upstream
}

function sharedContext(record: ExchangeRecord): Context {
  const text = JSON.stringify(contextOf(record))
  let context = contexts.get(text)
  if (!context) {
    if (contexts.size > 10_000) contexts.clear()
    context = decodeContext(text)
    contexts.set(text, context)
  }
  return context
}

/** A fact that holds a masked value says nothing true any more: it counts as not recorded. */
export function readableFacts(facts: ExchangeRecord['facts']): FactAnswers {
  const readable = new Map<string, FactAnswer<unknown>>()
  for (const { key, answer } of facts) if (!holdsMarker(answer)) readable.set(key, answer)
  return readable
}

function holdsMarker(answer: FactAnswer<unknown>): boolean {
  if (!('value' in answer) || typeof answer.value !== 'object') return false
  return hasMarker(JSON.stringify(answer.value))
}

export function requestOf(
  recorded: Pick<RecordedRequest, 'method' | 'scheme' | 'authority' | 'target' | 'path' | 'query'>,
  headers: RecordedHeaders,
  bodyKept: boolean,
): RequestMessage {
  const { method, scheme, authority, target, path, query } = recorded
  const length = headers.get('content-length')
  const hasBody = bodyKept || (length !== undefined && length !== '0') || headers.has('transfer-encoding')
  const contentLength = length === undefined ? undefined : Number(length)
  return recordedRequest({ method, scheme, authority, target, path, query, headers, hasBody, contentLength })
}

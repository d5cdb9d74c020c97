import type { RecordedBody, RecordedRequest, RecordedResponse } from '../capture/record.ts'
import type { Exchange, Place, RequestMessage } from '../exchange.ts'
import { type FactAnswer, factKey, type FactQuery, type FactSource, placeKey } from '../pipeline/facts.ts'
import { readPlace } from '../pipeline/place.ts'
import type { FactAnswers, RecordedExchange, StepDetail } from './recorded-exchange.ts'
import type { MessageAsStored } from './recorded-message.ts'
import { RecordedHeaders } from './sealed-message.ts'

/** What of a request is tried out otherwise. */
export interface Variation {
  headers?: readonly string[]
  query?: string
  path?: string
  body?: Uint8Array | null
  /** All that is said. */
  messages?: readonly MessageAsStored[]
}

/** A recorded exchange whose request is another. The recorded answer stands, and so do facts of what was left alone. */
export class VariedExchange implements RecordedExchange {
  readonly answerStands = true
  readonly request: RequestMessage
  readonly requestBody: RecordedBody | undefined
  readonly #base: RecordedExchange
  readonly #messages: readonly MessageAsStored[] | undefined

  constructor(base: RecordedExchange, { headers, query, path, body, messages }: Variation) {
    this.#base = base
    this.#messages = messages
    const was = base.request
    const list = headers === undefined ? was.headers : new RecordedHeaders(headers)
    const [newPath, newQuery] = [path ?? was.path, query ?? was.query]
    const bytes = body === undefined ? base.requestBody?.bytes : (body ?? undefined)
    this.requestBody =
      body === undefined
        ? base.requestBody
        : body === null
          ? undefined
          : { bytes: body, length: body.length, truncated: false }
    this.request = {
      ...was,
      path: newPath,
      query: newQuery,
      target:
        path === undefined && query === undefined ? was.target : newQuery === '' ? newPath : `${newPath}?${newQuery}`,
      headers: list,
      hasBody: body === null ? false : was.hasBody || bytes !== undefined,
      contentLength: body === undefined ? was.contentLength : body?.length,
    }
  }

  get id(): string {
    return this.#base.id
  }

  get order(): number {
    return this.#base.order
  }

  get startedAt(): number {
    return this.#base.startedAt
  }

  get peer() {
    return this.#base.peer
  }

  get context() {
    return this.#base.context
  }

  get facts(): FactAnswers {
    return this.#base.facts
  }

  get forwarded(): RecordedRequest | undefined {
    return undefined
  }

  get upstreamPath(): string | undefined {
    return this.#base.upstreamPath
  }

  get response(): RecordedResponse | undefined {
    return this.#base.response
  }

  get answer(): RecordedResponse | undefined {
    return this.#base.answer
  }

  get answerBodyChanged(): boolean {
    return this.#base.answerBodyChanged
  }

  get said(): boolean | undefined {
    return this.#messages ? true : this.#base.said
  }

  messages(): Iterable<MessageAsStored> | undefined {
    return this.#messages ?? this.#base.messages()
  }

  now(step: number): number {
    return this.#base.now(step)
  }

  sequence(step: number): number {
    return this.#base.sequence(step)
  }

  detail(step: number): StepDetail {
    return this.#base.detail(step)
  }

  /** Facts of places that hold the same as before; of a place that is empty now it is known that it is. */
  facted(source: FactSource): FactSource {
    const before = { request: this.#base.request } as Exchange
    return {
      ask: (query, exchange) => {
        const place = 'place' in query ? query.place : undefined
        if (!place || same(place, before, exchange)) return source.ask(query, exchange)
        return emptied(query, place, exchange) ?? source.ask(query, exchange)
      },
    }
  }
}

function same(place: Place, before: Exchange, now: Exchange): boolean {
  if (before.request === now.request) return true
  try {
    const [one, other] = [readPlace(before, place), readPlace(now, place)]
    return one.length === other.length && one.every((value, at) => value === other[at])
  } catch {
    // Sealed on both sides: a header that is still there is what it was.
    return place.in === 'header' && now.request.headers.has(place.name.toLowerCase())
  }
}

function emptied(query: FactQuery, place: Place, exchange: Exchange): FactAnswer<unknown> | undefined {
  if (readPlace(exchange, place).length > 0) {
    throw new Error(`the value at ${placeKey(place)} was changed, and ${factKey(query)} is about the one before`)
  }
  if (query.kind === 'token') return { value: { form: 'absent' } }
  if (query.kind === 'tag') return { value: null }
  return query.kind === 'signature' ? { value: { valid: false, reason: 'there is no token' } } : undefined
}

import type { Context } from '../capture/decode-context.ts'
import { readValues, type ValuesOfBoth, withValues } from '../capture/header-values.ts'
import { type Extra, wholeHeaders } from '../capture/layout.ts'
import type { RecordedBody, RecordedRequest, RecordedResponse } from '../capture/record.ts'
import type { Claims, Peer, RawHeaders, RequestMessage } from '../exchange.ts'
import type { CapturedParts } from './captured-parts.ts'
import type { Rows } from './captured-rows.ts'
import { perStep } from './own-numbers.ts'
import { otherBodies } from './read-ahead.ts'
import { type FactAnswers, type RecordedExchange, requestOf, type StepDetail } from './recorded-exchange.ts'
import type { MessageAsStored } from './recorded-message.ts'
import { RecordedHeaders } from './sealed-message.ts'
import type { OwnParts, StepTemplate } from './step-template.ts'

const noStep: StepDetail = {}
const noSteps: readonly (StepTemplate | undefined)[] = []

/** One exchange of the capture, decoded part by part as it is asked for. */
export class CapturedExchange implements RecordedExchange, OwnParts {
  readonly context: Context
  readonly #rows: Rows
  readonly #at: number
  readonly #parts: CapturedParts
  #request: RequestMessage | undefined
  #ownValues: ValuesOfBoth | undefined
  #response: RecordedResponse | undefined
  #answer: RecordedResponse | undefined
  #detail: readonly (StepTemplate | undefined)[] | undefined

  constructor(rows: Rows, at: number, parts: CapturedParts) {
    this.#rows = rows
    this.#at = at
    this.#parts = parts
    this.context = rows.contexts[at]!
  }

  get id(): string {
    return this.#rows.id[this.#at]!
  }

  get order(): number {
    return this.#rows.seq[this.#at]!
  }

  get startedAt(): number {
    return this.#rows.startedAt[this.#at]!
  }

  get peer(): Peer {
    const { peerAddress, client, peerPort } = this.#rows
    const peer = { address: peerAddress[this.#at] ?? client[this.#at]!, port: peerPort[this.#at]! }
    const certificates = this.#extra?.certificates?.map((der) => Buffer.from(der, 'base64'))
    return certificates ? { ...peer, certificates } : peer
  }

  get request(): RequestMessage {
    if (!this.#request) {
      this.#request = requestOf(this.#requestHead(), this.#requestHeaders, this.#rows.requestSize[this.#at]! > 0)
    }
    return this.#request
  }

  get facts(): FactAnswers {
    return this.#parts.knowledge(this.#rows.knowledge[this.#at]!).facts
  }

  get requestBody(): RecordedBody | undefined {
    const { requestBody, requestSize } = this.#rows
    return this.#body('request', requestBody[this.#at]!, requestSize[this.#at]!)
  }

  get forwarded(): RecordedRequest | undefined {
    const changed = this.#extra?.forwarded
    if (!changed) return undefined
    const headers = changed.headers ?? this.#requestHeaders.raw
    const body = this.#other(0, 'forwarded')
    const forwarded: RecordedRequest = { httpVersion: '', ...this.#requestHead(), ...changed, headers }
    return body ? { ...forwarded, body } : forwarded
  }

  get upstreamPath(): string | undefined {
    if (this.context.route === undefined) return undefined
    return this.#rows.upstreamPaths.get(this.#at) ?? this.#parts.open(this.#rows.path[this.#at]!)
  }

  get response(): RecordedResponse | undefined {
    this.#response ??= this.#readResponse()
    return this.#response
  }

  #readResponse(): RecordedResponse | undefined {
    const head = this.context.response
    if (!head) return undefined
    const part = this.#rows.responseHeaders[this.#at]!
    const headers =
      part === null ? noHeaders : withValues(this.#parts.headers(part, 'responseHeaders').raw, this.#values.response)
    return new LazyResponse(head, headers, () => {
      const { responseBody, responseSize } = this.#rows
      return this.#body('response', responseBody[this.#at]!, responseSize[this.#at]!)
    })
  }

  get answer(): RecordedResponse | undefined {
    this.#answer ??= this.#readAnswer()
    return this.#answer
  }

  /** See `answerOf`: a body that was held is kept without its coding, else it is the client's. */
  #readAnswer(): RecordedResponse | undefined {
    const { response } = this
    const changed = this.#extra?.upstreamResponse
    if (!changed) return response
    const headers = wholeHeaders(changed.headers, response?.headers ?? [])
    return new LazyResponse(changed, headers, () => {
      if (this.#otherPart(1) === undefined) return response?.from === 'upstream' ? response.body : undefined
      const body = this.#other(1, 'upstreamResponse')
      return body && { ...body, decoded: true }
    })
  }

  get answerBodyChanged(): boolean {
    const part = this.#otherPart(1)
    return part !== undefined && part !== this.#rows.responseBody[this.#at]
  }

  get said(): boolean {
    return this.#parts.messages.exchanges.has(this.id)
  }

  messages(): Iterable<MessageAsStored> {
    return this.#parts.messages.read(this.id)
  }

  now(step: number): number {
    return this.startedAt + this.#number(step * perStep)
  }

  sequence(step: number): number {
    return this.#number(step * perStep + 1)
  }

  detail(step: number): StepDetail {
    const part = this.#rows.detail[this.#at]!
    this.#detail ??= part === null ? noSteps : this.#parts.detail(part)
    return this.#detail[step]?.of(this) ?? noStep
  }

  get claims(): Claims | undefined {
    return this.#parts.knowledge(this.#rows.knowledge[this.#at]!).claims
  }

  get responseFields(): RawHeaders {
    return this.response?.headers ?? noHeaders
  }

  ownNumber(at: number): number {
    return this.#number(this.context.shape.length * perStep + at)
  }

  get #requestHeaders(): RecordedHeaders {
    const shared = this.#parts.headers(this.#rows.requestHeaders[this.#at]!, 'requestHeaders')
    const { request } = this.#values
    return request.length === 0 ? shared : new RecordedHeaders(withValues(shared.raw, request))
  }

  get #values(): ValuesOfBoth {
    if (!this.#ownValues) {
      const text = this.#rows.headerValues[this.#at]!
      this.#ownValues = readValues(text === null ? null : this.#parts.openJson(text))
    }
    return this.#ownValues
  }

  get #extra(): Extra | undefined {
    const part = this.#rows.extra[this.#at]!
    return part === null ? undefined : this.#parts.extra(part)
  }

  #number(at: number): number {
    return this.#rows.numbers[this.#rows.numbersAt[this.#at]! + at]!
  }

  #requestHead() {
    const { method, scheme, authority } = this.context
    const path = this.#parts.open(this.#rows.path[this.#at]!)
    const query = this.#parts.open(this.#rows.query[this.#at]!)
    const target = this.#rows.target[this.#at]!
    const whole = target === null ? (query === '' ? path : `${path}?${query}`) : this.#parts.open(target)
    return { method, scheme, authority, target: whole, path, query }
  }

  #body(name: 'request' | 'response', part: number | null, size: number): RecordedBody | undefined {
    const note = this.#extra?.bodies?.[name]
    if (part === null) return size > 0 ? { bytes: noBytes, length: size, truncated: true } : undefined
    return this.#noted(this.#parts.body(part, `${name}Body`), note, size)
  }

  #other(which: 0 | 1, name: 'forwarded' | 'upstreamResponse'): RecordedBody | undefined {
    const part = this.#otherPart(which)
    return part === undefined
      ? undefined
      : this.#noted(this.#parts.body(part, 'otherBodies'), this.#extra?.bodies?.[name], 0)
  }

  #otherPart(which: 0 | 1): number | undefined {
    const { requestBody, responseBody } = this.#rows
    const id = otherBodies(this.#rows, this.#at)[which]
    return (id === 'same' ? [requestBody, responseBody][which]![this.#at] : id) ?? undefined
  }

  #noted(
    { bytes, decoded }: { bytes: Uint8Array; decoded?: true },
    note: NonNullable<Extra['bodies']>['request'],
    size: number,
  ): RecordedBody {
    const body: RecordedBody = { bytes, length: note?.length ?? size, truncated: note?.truncated ?? false }
    if (decoded || note?.decoded) body.decoded = true
    return body
  }
}

const noBytes = new Uint8Array(0)
const noHeaders: RawHeaders = []

/** A response whose body is read at first use. */
class LazyResponse implements RecordedResponse {
  readonly status: number
  readonly reason: string
  readonly from: RecordedResponse['from']
  readonly headers: RawHeaders
  readonly #read: () => RecordedBody | undefined
  #body: RecordedBody | undefined
  #known = false

  constructor(
    { status, reason, from }: Context['response'] & {},
    headers: RawHeaders,
    read: () => RecordedBody | undefined,
  ) {
    this.status = status
    this.reason = reason
    this.from = from
    this.headers = headers
    this.#read = read
  }

  get body(): RecordedBody | undefined {
    if (!this.#known) this.#body = this.#read()
    this.#known = true
    return this.#body
  }
}

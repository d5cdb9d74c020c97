import type { DenialCode } from '../errors.ts'
import type { Body, RequestMessage, ResponseMessage } from '../exchange.ts'
import { isEventStream } from '../headers.ts'
import { type Maybe, whenReady } from '../pipeline/facts.ts'
import type { JudgedExchange } from '../pipeline/judged-exchange.ts'
import type { GatewayResponse } from '../pipeline/outcome.ts'
import type { Phase } from '../pipeline/phases.ts'
import type { Plan } from '../pipeline/plan.ts'
import type { Run } from '../pipeline/runner.ts'
import { type Routing, refusalFields, refusalOf } from './own-refusals.ts'
import { answerOf, denialResponse, messageOf } from './own-response.ts'

/** A refusal by the gateway itself. */
export interface Refused {
  refused: DenialCode
}

/** What an exchange meets on its way that policies do not decide: its bodies and the upstream's answer. */
export interface Surroundings {
  /** The request's body, decoded, or why it is refused. */
  requestBody(limit: number): Maybe<Body | Refused>
  /** The upstream's answer, or what came in its place; undefined: nobody knows, and the way ends with the request phases. */
  response(): ResponseMessage | Refused | undefined
  responseBody(limit: number): Maybe<Body | Refused | undefined>
}

/** What is settled about an exchange before its way begins. */
export interface Departure extends Routing {
  plan: Plan
  run: Run
  /** Largest request body that is forwarded, in bytes. */
  bodyBytes: number | undefined
  /** Length of the body where it is known otherwise than by Content-Length. */
  bodyLength?: number | undefined
}

type Stage = 'arrived' | 'headers' | 'body' | 'response' | 'response body' | 'answer' | 'answer body' | 'over'

/**
 * The order of the phases of one exchange, for everything that judges without sending: strictly the way that `Passage`
 * takes on the wire. `next` enters one phase after the other in the run, whose steps the caller runs.
 */
export class Course {
  /** Why the gateway itself refused, where it did. */
  refused: DenialCode | undefined
  /** Whether the request would be forwarded. */
  forwarded = false
  phase: Phase | undefined
  readonly #exchange: JudgedExchange
  readonly #plan: Plan
  readonly #run: Run
  readonly #departure: Departure
  /** Of the request body as it came, whatever the policies make of it. */
  readonly #length: number
  readonly #around: Surroundings
  #stage: Stage = 'arrived'

  constructor(departure: Departure, around: Surroundings) {
    this.#exchange = departure.exchange
    this.#plan = departure.plan
    this.#run = departure.run
    this.#departure = departure
    this.#length = departure.exchange.request.contentLength ?? departure.bodyLength ?? 0
    this.#around = around
  }

  /** Enters the next phase; false when the way is over. */
  next(): Maybe<boolean> {
    const { decision } = this.#run
    switch (this.#stage) {
      case 'arrived':
        return this.#enter('headers', 'requestHeaders')
      case 'headers':
        return decision ? this.#answer(answerOf(decision, this.#exchange.id)) : this.#headersJudged()
      case 'body':
        return decision ? this.#answer(answerOf(decision, this.#exchange.id)) : this.#forward()
      case 'response':
        return decision ? this.#answer(answerOf(decision, this.#exchange.id)) : this.#responseHeadJudged()
      case 'response body':
        return decision ? this.#answer(answerOf(decision, this.#exchange.id)) : this.#finish()
      case 'answer':
        return this.#exchange.response?.body ? this.#enter('answer body', 'responseBody') : this.#finish()
      case 'answer body':
      case 'over':
        return this.#finish()
    }
  }

  /** Whether what comes now judges an answer that the gateway made itself. */
  get answers(): boolean {
    return this.#stage === 'answer' || this.#stage === 'answer body'
  }

  #enter(stage: Stage, phase: Phase): true {
    this.#stage = stage
    this.phase = phase
    this.#run.enter(phase)
    return true
  }

  #finish(): false {
    if (this.#stage !== 'over') this.#run.noteUnreached()
    this.#stage = 'over'
    return false
  }

  #headersJudged(): Maybe<boolean> {
    const refused = refusalOf(this.#departure, this.#length, this.#departure.bodyBytes)
    if (refused) return this.#refuse(refused)
    const limit = this.#plan.requestBodyBytes
    if (!this.#exchange.request.hasBody || limit === 0) return this.#forward()
    return whenReady(this.#around.requestBody(limit), (body) => {
      if ('refused' in body) return this.#refuse(body.refused)
      this.#exchange.request = withBody(this.#exchange.request, body)
      return this.#enter('body', 'requestBody')
    })
  }

  #forward(): boolean {
    if (this.#exchange.route?.upstream === undefined && !this.#departure.observed) return this.#refuse('NO_UPSTREAM')
    this.forwarded = true
    const response = this.#around.response()
    if (!response) return this.#finish()
    if ('refused' in response) return this.#refuse(response.refused)
    this.#exchange.response = response
    return this.#enter('response', 'responseHeaders')
  }

  #responseHeadJudged(): Maybe<boolean> {
    if (!readsResponseBody(this.#plan, this.#exchange)) return this.#finish()
    return whenReady(this.#around.responseBody(this.#plan.responseBodyBytes), (body) => {
      if (!body) return this.#finish()
      if ('refused' in body) return this.#refuse(body.refused)
      this.#exchange.response = { ...this.#exchange.response!, body }
      return this.#enter('response body', 'responseBody')
    })
  }

  #refuse(code: DenialCode): true {
    this.refused = code
    return this.#answer(denialResponse(code, this.#exchange.id, refusalFields(code, this.#departure.allowedMethods)))
  }

  #answer(own: GatewayResponse): true {
    this.#exchange.response = messageOf(own)
    return this.#enter('answer', 'responseHeaders')
  }
}

/** Statuses of responses without a body; behind 101 come messages. */
const bodiless: ReadonlySet<number> = new Set([101, 204, 304])

/** Whether a policy wants the body of this response held: never that of an event stream, nor where there is none. */
export function readsResponseBody(plan: Plan, { request, response }: JudgedExchange): boolean {
  if (plan.responseBodyBytes === 0 || plan.phases.responseBody.length === 0) return false
  if (request.method === 'HEAD' || bodiless.has(response!.status)) return false
  return !isEventStream(response!.headers)
}

/** Parts of a recorded request may be getters that name what lacks; copying must not read them. */
function withBody(request: RequestMessage, body: Body): RequestMessage {
  const descriptors = Object.getOwnPropertyDescriptors(request)
  const copy = descriptors.path.get || descriptors.query.get ? Object.create(null, descriptors) : { ...request }
  return Object.defineProperty(copy, 'body', { value: body, enumerable: true, configurable: true }) as RequestMessage
}

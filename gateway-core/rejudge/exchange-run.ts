import { HeldBody } from '../body.ts'
import type { Workspace } from '../config/workspace.ts'
import type { DenialCode } from '../errors.ts'
import type { Body, ResponseMessage } from '../exchange.ts'
import { isEventStream } from '../headers.ts'
import { ExchangeFacts } from '../pipeline/exchange-facts.ts'
import { type FactSource, type Maybe, whenReady } from '../pipeline/facts.ts'
import { JudgedExchange } from '../pipeline/judged-exchange.ts'
import type { Phase } from '../pipeline/phases.ts'
import type { PolicyInstance } from '../pipeline/plan.ts'
import { Run } from '../pipeline/runner.ts'
import type { Timeline } from '../pipeline/timeline.ts'
import { bodyFailures, decodeContent } from '../proxy/content-coding.ts'
import { Course, type Refused, type Surroundings } from '../proxy/course.ts'
import { type Routed, routeExchange } from '../proxy/route-exchange.ts'
import type { Router } from '../proxy/router.ts'
import type { ColdState } from './cold-state.ts'
import { Dialogue } from './dialogue.ts'
import { Follower, type Moment } from './follower.ts'
import { requestDifferences, responseDifferences } from './message-differences.ts'
import { clientGot, openedStream } from './opened-stream.ts'
import type { RecordedExchange } from './recorded-exchange.ts'
import { ExchangeOfUnknown, missingBody, RecordedHeaders, recordedBody } from './sealed-message.ts'

/** What judging recorded exchanges by one workspace shares. */
export interface Bench {
  readonly workspace: Workspace
  readonly router: Router
  readonly state: ColdState
  readonly timeline: RecordedTimeline
  facts(recorded: RecordedExchange): FactSource
  /** How an exchange on this way differs from the one that was recorded; `everything`: nothing is taken from the record. */
  concern(recorded: RecordedExchange, routed: Routed): Concern | 'everything'
  /** Whether messages of such an exchange have to be judged again, where it comes to them as it did. */
  concernsMessages(recorded: RecordedExchange, routed: Routed): boolean
  /** Place in the global order of what happened at a time (ms since the epoch) and took no place. */
  placeAt(now: number): number
  /** Traces are asked for: what is taken from the record is noted. */
  readonly tracing: boolean
  /** Whether a step has to wait for its place in the global order. */
  waits(instance: PolicyInstance, phase: Phase): boolean
}

/** What of an exchange has to be judged again. */
export interface Concern {
  /** Nothing. */
  readonly untouched: boolean
  /** Steps whose outcome may be taken from the record. */
  recallable(instance: PolicyInstance): boolean
  /** Whether from this step on everything may be taken from the record. */
  settled(instance: PolicyInstance, phase: Phase): boolean
  /** Whether the response phases, or what the gateway decides itself, may come out otherwise though every step comes to the same. */
  readonly further: boolean
}

/** Time as it was: each step is given the time and the place that it had. */
export class RecordedTimeline implements Timeline {
  at: Moment = { now: 0, sequence: 0 }
  /** Added to every time, in ms. */
  shift = 0
  readonly #measured: boolean

  constructor(measured = false) {
    this.#measured = measured
  }

  now(): number {
    return this.at.now + this.shift
  }

  next(): number {
    return this.at.sequence
  }

  micros(): number {
    return this.#measured ? performance.now() * 1000 : 0
  }
}

/** Codes with which the gateway itself refuses, whatever the upstream does. */
const ownRefusals: ReadonlySet<string> = new Set<DenialCode>([
  'NO_ROUTE',
  'METHOD_NOT_ROUTED',
  'AMBIGUOUS_ROUTE',
  'NO_UPSTREAM',
  'BAD_CONTENT_CODING',
  'UNSUPPORTED_CONTENT_CODING',
  'BODY_TOO_LARGE',
])

/**
 * One recorded exchange judged again, step by step, at the time of each step. Steps that cannot come out otherwise are
 * taken from the record; as soon as nothing more can differ, the rest is the record.
 */
export class ExchangeRun implements Surroundings {
  readonly recorded: RecordedExchange
  readonly exchange: JudgedExchange
  readonly run: Run
  readonly facts: ExchangeFacts
  readonly follower: Follower
  readonly course: Course
  /** Everything from here on is as recorded. */
  asRecorded = false
  /** What of the message to the upstream differs from the one that was sent; undefined before it is known. */
  requestDiffers: readonly string[] | undefined
  /** The upstream's answer is not known. */
  answerMissing = false
  /** Its messages, where they are judged. */
  dialogue: Dialogue | undefined
  /** Messages would have to be judged, and are not there. */
  messagesMissing = false
  /** Steps of the run's trace that were taken from the record, with their places in it; only where traces are asked for. */
  readonly recalled = new Map<number, number>()
  /** Some step was judged or taken from the record. */
  reached = false
  readonly #bench: Bench
  readonly #concern: Concern | 'everything'
  /** Its messages would be judged where it comes to them. */
  readonly #concernsMessages: boolean
  /** There are some: they stand behind everything else. */
  readonly #messages: boolean
  #phase: Phase | undefined
  #moment: Moment
  #placed = false
  /** The decision was taken from the record. */
  #decisionRecalled = false
  /** Bodies as policies are given them. */
  #requestBody: Body | undefined
  #responseBody: Body | undefined

  /** Throws MissingFact where the way cannot be found because something of the request was sealed and is gone. */
  constructor(recorded: RecordedExchange, bench: Bench, begin: Moment) {
    this.recorded = recorded
    this.#bench = bench
    this.#moment = begin
    const { id, startedAt, peer, request, context } = recorded
    const exchange =
      peer.address === ''
        ? new ExchangeOfUnknown(id, startedAt, peer, request)
        : new JudgedExchange(id, startedAt, peer, request, context.upgrade)
    this.exchange = exchange
    const proxied = context.listener === 'proxy'
    const routed = routeExchange(bench.workspace, bench.router, exchange, proxied)
    const { plan, allowedMethods, contested } = routed
    const { state, timeline, workspace } = bench
    this.facts = new ExchangeFacts(bench.facts(recorded), exchange)
    this.run = new Run(exchange, plan, { state, timeline, onError: workspace.onError }, this.facts)
    this.#concern = bench.concern(recorded, routed)
    this.follower = new Follower(recorded, this.#concern !== 'everything')
    const { bodyBytes } = workspace.limits
    const bodyLength = recorded.requestBody?.length
    const observed = proxied && routed.route === undefined && !contested
    this.course = new Course(
      { exchange, plan, run: this.run, allowedMethods, contested, observed, bodyBytes, bodyLength },
      this,
    )
    this.#concernsMessages = bench.concernsMessages(recorded, routed)
    this.#messages = this.#concernsMessages && recorded.said !== false
    this.asRecorded = !this.#messages && this.#concern !== 'everything' && this.#concern.untouched
  }

  /** Goes on until a step has to wait for its place, which it returns, or to the end (undefined). `placed`: the step that waited has its turn. */
  goOn(placed: boolean): Maybe<Moment | undefined> {
    this.#placed = placed
    for (;;) {
      if (this.asRecorded) return undefined
      const instance = this.run.next
      if (!instance) {
        const entered = this.#enterNext()
        if (entered instanceof Promise) return entered.then((more) => (more ? this.goOn(this.#placed) : undefined))
        if (!entered) return undefined
        continue
      }
      const phase = this.#phase!
      const { dialogue } = this
      if (!dialogue && this.#isSettled(instance, phase)) return undefined
      const place = dialogue ? -1 : this.follower.find(instance, phase)
      if (dialogue ? this.#recallOf(dialogue, instance) : this.#recall(instance, place)) continue
      const moment = dialogue
        ? dialogue.momentOf(instance, this.#moment, (now) => this.#bench.placeAt(now))
        : this.follower.momentOf(place, phase, this.#moment)
      if (!this.#placed && (this.#bench.waits(instance, phase) || dialogue?.rests)) return moment
      this.#placed = false
      this.#moment = this.#bench.timeline.at = moment
      const judged = this.run.advance()
      if (judged instanceof Promise) return judged.then(() => this.#judged(place)).then(() => this.goOn(false))
      this.#judged(place)
    }
  }

  #isSettled(instance: PolicyInstance, phase: Phase): boolean {
    const concern = this.#concern
    if (this.#messages || !this.follower.inStep) return false
    if (concern === 'everything' || !concern.settled(instance, phase)) return false
    this.asRecorded = true
    return true
  }

  #judged(place: number): void {
    this.reached = true
    const entry = this.run.trace.at(-1)!
    if (this.dialogue) {
      this.dialogue.judged(entry)
      return
    }
    this.follower.judged(entry, place)
    const { decision } = this.run
    // A denial by a counter tells of it in its header fields.
    if (decision?.verdict === 'deny' && entry.evidence?.some(({ at }) => at.in === 'state')) {
      for (const [name] of decision.headers) this.follower.counters.add(name.toLowerCase())
    }
    // What a new decision answers is in no record, even where verdict and code are the same.
    if (decision) this.follower.inStep = false
  }

  #recall(instance: PolicyInstance, place: number): boolean {
    const concern = this.#concern
    if (!this.follower.inStep || concern === 'everything' || !concern.recallable(instance)) return false
    const recalled = this.follower.recall(place, !concern.further)
    if (!recalled) return false
    // Its own time matters to no one, except as a floor for what the edit adds behind it.
    this.#moment = this.follower.momentOf(place, this.#phase!, this.#moment)
    if (this.#bench.tracing) this.recalled.set(this.run.trace.length, place)
    this.reached = true
    this.run.recall(recalled, this.#bench.tracing)
    if (this.run.decision) this.#decisionRecalled = true
    return true
  }

  /** The same for a step of a message. */
  #recallOf(dialogue: Dialogue, instance: PolicyInstance): boolean {
    const concern = this.#concern
    if (!this.follower.inStep || concern === 'everything' || !concern.recallable(instance)) return false
    const recalled = dialogue.recall(instance)
    if (recalled) this.run.recall(recalled)
    return recalled !== undefined
  }

  #enterNext(): Maybe<boolean> {
    if (this.dialogue) return this.dialogue.next()
    const { decision } = this.run
    if (this.#phase !== undefined && !decision) this.follower.passRest(this.#phase)
    if (decision && this.#decisionRecalled && this.#restIsRecorded()) return false
    return whenReady(this.course.next(), (more) => {
      if (this.asRecorded) return false
      if (!more) return this.#talk()
      // A refusal by the gateway itself, reached on the recorded way.
      if (this.course.answers && !decision && this.#restIsRecorded()) return false
      this.#phase = this.course.phase
      return true
    })
  }

  /** Goes to the first message, where there are some to judge. */
  #talk(): boolean {
    const { exchange, run, recorded, course } = this
    const { response } = exchange
    if (run.decision || course.refused || this.answerMissing || response?.from !== 'upstream') return false
    const judges = run.plan.phases.message.length > 0
    const events = isEventStream(response.headers)
    if (events) exchange.response = openedStream(response, recorded, judges)
    else if (exchange.upgrade === undefined || response.status !== 101) return false
    // What such exchanges said before is not told from what they would say now.
    const anew = !this.follower.inStep && judges
    if (!anew && !this.#concernsMessages) return false
    // Events that reached the client coded were read by nobody.
    const unread = events && judges && clientGot(recorded, 'content-encoding')
    const messages = unread ? undefined : recorded.messages()
    if (messages) {
      this.#phase = 'message'
      this.dialogue = new Dialogue(recorded, messages, run, this.#bench.tracing)
      return this.dialogue.next()
    }
    this.messagesMissing = judges
    return false
  }

  #restIsRecorded(): boolean {
    const concern = this.#concern
    if (!this.follower.inStep || concern === 'everything' || concern.further) return false
    this.asRecorded = true
    return true
  }

  requestBody(limit: number): Maybe<Body | Refused> {
    const body = this.recorded.requestBody
    if (!body || body.truncated) return (this.#requestBody = missingBody('request-body'))
    const encoding = body.decoded ? undefined : this.exchange.request.headers.list('content-encoding')
    if (body.bytes.length > limit) return { refused: 'BODY_TOO_LARGE' }
    return whenReady(decodeContent(body.bytes, encoding, limit), (decoded) => {
      if ('failure' in decoded) return { refused: bodyFailures[decoded.failure] }
      return (this.#requestBody = recordedBody(decoded.bytes))
    })
  }

  /** The recorded answer counts only for the request that it was given to. */
  response(): ResponseMessage | Refused | undefined {
    if (!this.run.decision && !this.#messages && this.#restIsRecorded()) return undefined
    const { recorded } = this
    const { context, answer } = recorded
    this.requestDiffers =
      this.follower.inStep || recorded.answerStands
        ? []
        : requestDifferences(recorded, this.exchange, this.#requestBody)
    const reached = context.decidedBy === undefined || recorded.answer?.from === 'upstream'
    const code = context.code
    const event = code !== undefined && context.decidedBy === undefined && !ownRefusals.has(code) ? code : undefined
    if (this.requestDiffers.length > 0 || !reached || !answer || (answer.from === 'gateway' && !event)) {
      this.answerMissing = true
      return undefined
    }
    if (answer.from === 'gateway') return { refused: event! }
    const { status, reason } = answer
    return { status, reason, headers: new RecordedHeaders(answer.headers), from: 'upstream' }
  }

  responseBody(limit: number): Maybe<Body | Refused | undefined> {
    const { answer, context } = this.recorded
    const body = answer?.body
    if (context.code === 'UPSTREAM_BODY_TOO_LARGE' || context.code === 'UPSTREAM_BAD_CODING') {
      return { refused: context.code }
    }
    if (!body) return (this.#responseBody = new HeldBody(noBytes))
    if (body.truncated) return (this.#responseBody = missingBody('response-body'))
    const encoding = body.decoded ? undefined : this.exchange.response!.headers.list('content-encoding')
    return whenReady(decodeContent(body.bytes, encoding, limit), (decoded) => {
      if (!('failure' in decoded)) return (this.#responseBody = recordedBody(decoded.bytes))
      return { refused: decoded.failure === 'too-large' ? 'UPSTREAM_BODY_TOO_LARGE' : 'UPSTREAM_BAD_CODING' }
    })
  }

  /** What of the messages differs from the recorded ones, as far as they are known. */
  differences(): readonly string[] {
    const { response } = this.exchange
    const answered = response
      ? responseDifferences(this.recorded, response, this.#responseBody, this.follower.counters)
      : []
    return [...(this.requestDiffers ?? []), ...answered]
  }
}

const noBytes = new Uint8Array(0)

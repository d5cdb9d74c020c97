import { HeldBody } from '../body.ts'
import type { Workspace } from '../config/workspace.ts'
import type { RawHeaders, RequestMessage, ResponseMessage, StreamMessage } from '../exchange.ts'
import type { HeaderList } from '../headers.ts'
import type { FactSource } from '../pipeline/facts.ts'
import type { JudgedExchange } from '../pipeline/judged-exchange.ts'
import type { StateSnapshot } from '../pipeline/state.ts'
import { Router } from '../proxy/router.ts'
import { ColdState } from './cold-state.ts'
import { ExchangeRun, RecordedTimeline } from './exchange-run.ts'
import type { Moment } from './follower.ts'
import { judgedOf, positionsOf } from './judged.ts'
import { pathOf, queryOf } from './message-differences.ts'
import type { RecordedExchange } from './recorded-exchange.ts'
import type { HeaderField, TraceEntry } from '../pipeline/outcome.ts'
import type { ExchangeThere, SteppedThrough } from '../protocol/what-if.ts'

/** A value changed by hand before a step runs. */
export interface ChangedValue {
  /** Place of the step in `steps`, 0-based, before which the value is changed. */
  step: number
  /** `message`: of a WebSocket or an event stream; only its body can be changed. */
  of: 'request' | 'response' | 'message'
  /** `value` null removes a header. */
  change:
    | { kind: 'header'; name: string; value: string | null }
    | { kind: 'path' | 'query' | 'body'; value: string }
    | { kind: 'status'; value: number }
    | { kind: 'now'; value: number }
    | { kind: 'consumer'; name: string | null; groups: readonly string[] }
}

export interface StepThroughOptions {
  workspace: Workspace
  /** State before its first step. */
  state: StateSnapshot
  facts: (recorded: RecordedExchange) => FactSource
  /** Where it begins in the global order. */
  begin: Moment
  changed: readonly ChangedValue[]
}

/** Judges one exchange step by step, with values changed by hand before some of the steps. */
export async function stepThrough(recorded: RecordedExchange, options: StepThroughOptions): Promise<SteppedThrough> {
  const { workspace, facts, begin, changed } = options
  const state = new ColdState({ since: begin.now })
  state.restore(options.state)
  const timeline = new RecordedTimeline(true)
  const bench = {
    workspace,
    router: new Router(workspace.routes),
    state,
    timeline,
    facts,
    concern: () => 'everything' as const,
    tracing: true,
    waits: () => true,
    concernsMessages: () => true,
    placeAt: () => 0,
  }
  // What is changed by hand is another request, and what came back stands for it.
  const stands = Object.create(recorded, { answerStands: { value: true } }) as RecordedExchange
  const run = new ExchangeRun(changed.length > 0 ? bound(stands, recorded) : recorded, bench, begin)
  const before: ExchangeThere[] = []
  let moved = 0
  let moment = await run.goOn(false)
  let step = -1
  while (moment) {
    step++
    for (const { of, change } of changed.filter((one) => one.step === step)) {
      if (change.kind === 'now') moved = change.value - moment.now
      else apply(run.exchange, of, change)
    }
    timeline.shift = moved
    if (isShown(run)) before.push(thereOf(run, moment.now + moved))
    moment = await run.goOn(true)
  }
  before.push(thereOf(run, timeline.now()))
  const { outcome } = judgedOf(run, positionsOf(workspace), false)
  return { trace: stepsOf(run), before, outcome }
}

/** So many messages are gone through; what is said after them is judged all the same. */
const shownMessages = 200

function isShown({ dialogue }: ExchangeRun): boolean {
  return !dialogue || dialogue.heard.size < shownMessages
}

/** The steps of the exchange, and then of each message in the place of what its messages came to together. */
function stepsOf({ run, dialogue }: ExchangeRun): TraceEntry[] {
  if (!dialogue) return run.trace
  const heard = [...dialogue.heard.values()].slice(0, shownMessages)
  return [...run.trace.filter(({ phase }) => phase !== 'message'), ...heard.flatMap(({ trace }) => trace)]
}

/** Getters of a record work on the record itself. */
function bound(stands: RecordedExchange, recorded: RecordedExchange): RecordedExchange {
  return new Proxy(stands, {
    get: (_, name) => {
      if (name === 'answerStands') return true
      const value: unknown = Reflect.get(recorded, name, recorded)
      return typeof value === 'function' ? (value as (...given: unknown[]) => unknown).bind(recorded) : value
    },
  })
}

function apply(
  exchange: JudgedExchange,
  of: ChangedValue['of'],
  change: Exclude<ChangedValue['change'], { kind: 'now' }>,
): void {
  if (change.kind === 'consumer') {
    exchange.consumer = change.name === null ? undefined : { name: change.name, groups: change.groups }
    return
  }
  if (of === 'message') {
    if (exchange.message && change.kind === 'body') {
      exchange.message = { ...exchange.message, body: new HeldBody(Buffer.from(change.value)) }
    }
  } else if (of === 'request') exchange.request = changedRequest(exchange.request, change)
  else if (exchange.response) exchange.response = changedResponse(exchange.response, change)
}

type MessageChange = Exclude<ChangedValue['change'], { kind: 'now' | 'consumer' }>

function changedRequest(request: RequestMessage, change: MessageChange): RequestMessage {
  switch (change.kind) {
    case 'header':
      return { ...request, headers: withHeader(request.headers, change.name, change.value) }
    case 'path':
      return { ...request, path: change.value }
    case 'query':
      return { ...request, query: change.value }
    case 'body':
      return { ...request, body: new HeldBody(Buffer.from(change.value)), hasBody: true }
    case 'status':
      return request
  }
}

function changedResponse(response: ResponseMessage, change: MessageChange): ResponseMessage {
  switch (change.kind) {
    case 'header':
      return { ...response, headers: withHeader(response.headers, change.name, change.value) }
    case 'status':
      return { ...response, status: change.value, reason: '' }
    case 'body':
      return { ...response, body: new HeldBody(Buffer.from(change.value)) }
    default:
      return response
  }
}

function withHeader(headers: HeaderList, name: string, value: string | null): HeaderList {
  return value === null ? headers.without(name) : headers.with(name, value)
}

function thereOf({ exchange, dialogue }: ExchangeRun, now: number): ExchangeThere {
  const { request, response, message, clientAddress, consumer, claims } = exchange
  const query = queryOf(request) ?? '⟦sealed⟧'
  const path = pathOf(request) ?? '⟦sealed⟧'
  const there: ExchangeThere = {
    request: {
      head: `${request.method} ${path}${query === '' ? '' : `?${query}`}`,
      headers: fields(request.headers.raw),
      ...textOf(request),
    },
    clientAddress,
    now,
  }
  if (response) {
    there.response = {
      head: `${response.status}${response.reason === '' ? '' : ` ${response.reason}`}`,
      headers: fields(response.headers.raw),
      ...textOf(response),
    }
  }
  if (message && dialogue?.current) {
    const { number } = dialogue.current
    const { side, kind } = message
    there.message = { number, side, kind, ...(kind !== 'binary' && wholeText(message)) }
  }
  if (consumer) there.consumer = { name: consumer.name, groups: consumer.groups }
  if (claims) there.claims = claims
  return there
}

const shownBytes = 64 * 1024

function textOf({ body }: Pick<RequestMessage, 'body'>): { body?: string } {
  try {
    if (!body) return {}
    const text = body.text.slice(0, shownBytes)
    return { body: text }
  } catch {
    return {}
  }
}

/** A part of a text could show half of a secret. */
function wholeText(message: StreamMessage): { body?: string } {
  const { body } = textOf(message)
  return body === undefined || body.length === shownBytes ? {} : { body }
}

function fields(raw: RawHeaders): HeaderField[] {
  const list: HeaderField[] = []
  for (let at = 0; at + 1 < raw.length; at += 2) list.push([raw[at]!, raw[at + 1]!])
  return list
}

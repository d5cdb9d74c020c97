import { HeldBody } from '../body.ts'
import type { ExchangeRecord, RecordedRequest } from '../capture/record.ts'
import type { Workspace } from '../config/workspace.ts'
import type { RequestMessage, ResponseMessage } from '../exchange.ts'
import { HeaderList } from '../headers.ts'
import { ExchangeFacts } from '../pipeline/exchange-facts.ts'
import type { FactSource, Maybe } from '../pipeline/facts.ts'
import { JudgedExchange } from '../pipeline/judged-exchange.ts'
import type { GatewayResponse, TraceEntry } from '../pipeline/outcome.ts'
import type { Phase } from '../pipeline/phases.ts'
import { type Decision, Run, type World } from '../pipeline/runner.ts'
import { decodeContent } from '../proxy/content-coding.ts'
import { answerOf, denialResponse } from '../proxy/own-response.ts'
import { routeExchange } from '../proxy/route-exchange.ts'
import type { Router } from '../proxy/router.ts'
import { RecordedHeaders, recordedBody, recordedRequest } from './sealed-message.ts'

/**
 * One recorded exchange, judged again step by step. The steps of a phase that the record does not know (an edit added
 * them) run when their phase is passed; recorded steps that an edit removed are passed over.
 */
export class RecordedRun {
  readonly record: ExchangeRecord
  readonly run: Run
  readonly exchange: JudgedExchange
  readonly facts: ExchangeFacts
  readonly #phases: Phase[]
  #phase: Phase | undefined
  readonly #allowedMethods: readonly string[]
  /** The decision whose response the response phases have seen. */
  #answered: Decision | undefined

  constructor(record: ExchangeRecord, workspace: Workspace, router: Router, world: World, facts: FactSource) {
    this.record = record
    const { id, startedAt, peer, request, upgrade } = record
    const { address, port, certificates } = peer
    const from = certificates ? { address, port, certificates } : { address, port }
    this.exchange = new JudgedExchange(id, startedAt, from, recordedRequest(requestOf(request)), upgrade)
    const { plan, allowedMethods } = routeExchange(workspace, router, this.exchange)
    this.#allowedMethods = allowedMethods
    this.facts = new ExchangeFacts(facts, this.exchange)
    this.run = new Run(this.exchange, plan, world, this.facts)
    this.#phases = ['requestHeaders', 'requestBody', 'responseHeaders', 'responseBody']
  }

  /** Runs every step up to and including the one that the entry recorded. */
  async reach(entry: TraceEntry): Promise<void> {
    if (!(await this.#enter(entry.phase))) return
    if (!this.#isAhead(entry)) return
    for (;;) {
      const { upcoming } = this.run
      if (!upcoming) return
      const there = upcoming.instance.id === entry.policy
      await this.run.advance()
      if (there) return
    }
  }

  /** Runs what is left. */
  async finish(): Promise<void> {
    for (;;) {
      await this.#drain()
      const next = this.#isSuperseded() ? 'responseHeaders' : this.#phases[0]
      if (next === undefined) break
      await this.#enter(next)
    }
    this.run.noteUnreached()
  }

  /** Whether the step is still to come in this phase. */
  #isAhead(entry: TraceEntry): boolean {
    const nodes = this.run.plan.phases[entry.phase]
    return nodes.some((node) =>
      node.kind === 'policy'
        ? node.instance.id === entry.policy
        : node.branches.some((branch) => branch.some((instance) => instance.id === entry.policy)),
    )
  }

  async #enter(phase: Phase): Promise<boolean> {
    if (this.#phase === phase && !this.#isSuperseded()) return true
    for (;;) {
      await this.#drain()
      // A response phase that denied: its answer passes the response phases in turn.
      if (this.#isSuperseded()) this.#phases.splice(0, Infinity, 'responseHeaders', 'responseBody')
      if (!this.#phases.includes(phase)) return false
      const next = this.#phases.shift()
      if (next === undefined) return false
      const ready = await this.#prepare(next)
      if (ready) {
        this.#phase = next
        this.run.enter(next)
      }
      if (next === phase) return ready
    }
  }

  #isSuperseded(): boolean {
    const { decision } = this.run
    return this.exchange.response !== undefined && decision !== undefined && decision !== this.#answered
  }

  async #drain(): Promise<void> {
    if (this.#phase === undefined) return
    for (;;) if (!(await this.run.advance())) return
  }

  /** Brings the exchange to where a phase finds it; false when the exchange never gets there. */
  #prepare(phase: Phase): Maybe<boolean> {
    const { exchange, run } = this
    switch (phase) {
      case 'requestHeaders':
        return true
      case 'requestBody':
        return !run.decision && exchange.request.hasBody && run.plan.requestBodyBytes > 0 && this.#readRequestBody()
      case 'responseHeaders':
        exchange.response = this.#response()
        return exchange.response !== undefined
      case 'responseBody':
        return exchange.response !== undefined && run.plan.responseBodyBytes > 0 && this.#readResponseBody()
      default:
        return false
    }
  }

  async #readRequestBody(): Promise<boolean> {
    const { body } = this.record.request
    if (body?.truncated) return false
    const encoding = this.exchange.request.headers.list('content-encoding')
    const decoded = await decodeContent(body?.bytes ?? new Uint8Array(), encoding, this.run.plan.requestBodyBytes)
    if ('failure' in decoded) return false
    this.exchange.request = { ...this.exchange.request, body: recordedBody(decoded.bytes) }
    return true
  }

  #response(): ResponseMessage | undefined {
    const { decision } = this.run
    const { id, code } = this.record
    if (decision) {
      this.#answered = decision
      return ownResponse(answerOf(decision, id))
    }
    const recorded = this.record.upstreamResponse ?? this.record.response
    if (!recorded) return undefined
    // What the gateway answered by itself is recorded as the client got it; the phases saw it as it was made.
    if (recorded.from === 'gateway') {
      const allow = code === 'METHOD_NOT_ROUTED' ? ([['Allow', this.#allowedMethods.join(', ')]] as const) : []
      return code && ownResponse(denialResponse(code, id, allow))
    }
    return {
      status: recorded.status,
      reason: recorded.reason,
      headers: new RecordedHeaders(recorded.headers),
      from: 'upstream',
    }
  }

  async #readResponseBody(): Promise<boolean> {
    const response = this.exchange.response!
    if (response.body) return true
    if (response.headers.get('content-type')?.startsWith('text/event-stream')) return false
    const recorded = (this.record.upstreamResponse ?? this.record.response)?.body
    if (!recorded || recorded.truncated || this.exchange.request.method === 'HEAD') return false
    const decoded = await decodeContent(
      recorded.bytes,
      response.headers.list('content-encoding'),
      this.run.plan.responseBodyBytes,
    )
    if ('failure' in decoded) return false
    this.exchange.response = { ...response, body: recordedBody(decoded.bytes) }
    return true
  }
}

function requestOf(recorded: RecordedRequest): RequestMessage {
  const { method, scheme, authority, target, path, query, body } = recorded
  const headers = new RecordedHeaders(recorded.headers)
  const length = headers.get('content-length')
  const hasBody = body !== undefined || (length !== undefined && length !== '0') || headers.has('transfer-encoding')
  return {
    method,
    scheme,
    authority,
    target,
    path,
    query,
    headers,
    hasBody,
    contentLength: length === undefined ? undefined : Number(length),
  }
}

function ownResponse(own: GatewayResponse): ResponseMessage {
  const bytes = typeof own.body === 'string' ? Buffer.from(own.body) : own.body
  const body = bytes === undefined ? undefined : new HeldBody(bytes)
  return { status: own.status, reason: '', headers: HeaderList.of(own.headers), from: 'gateway', body }
}

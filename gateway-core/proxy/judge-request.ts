import { HeldBody } from '../body.ts'
import type { Workspace } from '../config/workspace.ts'
import { type DenialCode, denials } from '../errors.ts'
import type { Peer, ResponseMessage } from '../exchange.ts'
import { HeaderList } from '../headers.ts'
import { ExchangeFacts } from '../pipeline/exchange-facts.ts'
import type { FactSource, RecordedFact } from '../pipeline/facts.ts'
import { JudgedExchange } from '../pipeline/judged-exchange.ts'
import type { GatewayResponse, TraceEntry } from '../pipeline/outcome.ts'
import type { Plan } from '../pipeline/plan.ts'
import { type Decision, Run, type World } from '../pipeline/runner.ts'
import { bodyFailures, decodeContent } from './content-coding.ts'
import { exchangeId } from './exchange-id.ts'
import { answerOf, denialResponse } from './own-response.ts'
import { requestOfHead } from './request-of-head.ts'
import { routeExchange } from './route-exchange.ts'
import type { Router } from './router.ts'
import { type HeadInput, isRefusal, judgeHead } from './strict.ts'

/** A request as it would come in, and, where it is known, what the upstream would answer. */
export interface RequestToJudge {
  /** Id of the exchange, where it has to be a certain one; a new one otherwise. */
  id?: string
  head: HeadInput
  /** Content of the message: with its Content-Encoding still on, unless `decoded` says otherwise. */
  body?: { bytes: Uint8Array; decoded: boolean }
  peer: Peer
  response?: {
    status: number
    reason: string
    rawHeaders: readonly string[]
    body?: { bytes: Uint8Array; decoded: boolean }
  }
}

/** What the gateway would do with a request. */
export interface Judgement {
  /** `pass`: it would be forwarded (and, where a response was given, that would reach the client). `refused`: by the gateway itself. */
  verdict: 'pass' | 'deny' | 'respond' | 'refused' | 'error' | 'undecidable'
  /** What the client would get; 200 for a request that would be forwarded and whose response is not known. */
  status: number
  /** Instance id of the policy that denied, answered or failed. */
  decidedBy?: string
  code?: DenialCode
  /** Why the gateway itself refused, for people. */
  detail?: string
  trace: readonly TraceEntry[]
  facts: readonly RecordedFact[]
  /** Undefined where the head was refused before anything could judge it. */
  exchange?: JudgedExchange
  /** Response as the client would get it, where there is one. */
  response?: ResponseMessage
}

/**
 * Judges one request as the gateway would, without sending anything: strict parsing, routing, request phases with the
 * body read and decoded, and the response phases over the gateway's own answer or over a given response. Policies,
 * router, runner and parser are those of the gateway.
 */
export async function judgeRequest(
  workspace: Workspace,
  router: Router,
  world: World,
  facts: FactSource,
  given: RequestToJudge,
): Promise<Judgement> {
  const head = judgeHead(given.head, workspace.limits)
  if (isRefusal(head)) {
    const { code, detail } = head
    return { verdict: 'refused', status: denials[code].status, code, detail, trace: [], facts: [] }
  }
  const request = requestOfHead({ ...head, hasBody: head.hasBody || (given.body?.bytes.length ?? 0) > 0 })
  const now = world.timeline.now()
  const exchange = new JudgedExchange(given.id ?? exchangeId(now), now, given.peer, request, head.upgrade)
  return new Judging(workspace, router, world, facts, given, exchange).judge()
}

class Judging {
  readonly #workspace: Workspace
  readonly #given: RequestToJudge
  readonly #exchange: JudgedExchange
  readonly #facts: ExchangeFacts
  readonly #plan: Plan
  readonly #run: Run
  readonly #routed: ReturnType<typeof routeExchange>

  constructor(
    workspace: Workspace,
    router: Router,
    world: World,
    facts: FactSource,
    given: RequestToJudge,
    exchange: JudgedExchange,
  ) {
    this.#workspace = workspace
    this.#given = given
    this.#exchange = exchange
    this.#routed = routeExchange(workspace, router, exchange)
    this.#plan = this.#routed.plan
    this.#facts = new ExchangeFacts(facts, exchange)
    this.#run = new Run(exchange, this.#plan, world, this.#facts)
  }

  async judge(): Promise<Judgement> {
    const run = this.#run
    await run.run('requestHeaders')
    if (run.decision) return this.#decided(run.decision)
    const limit = this.#workspace.limits.bodyBytes
    const length = this.#exchange.request.contentLength ?? this.#given.body?.bytes.length ?? 0
    if (limit !== undefined && length > limit) return this.#refuse('BODY_TOO_LARGE')
    if (!this.#exchange.route) return this.#refuseUnrouted()
    const refused = await this.#judgeRequestBody()
    if (refused) return this.#refuse(refused)
    if (run.decision) return this.#decided(run.decision)
    if (this.#exchange.route.upstream === undefined) return this.#refuse('NO_UPSTREAM')
    return this.#given.response ? this.#judgeResponse(this.#given.response) : this.#result('pass', 200)
  }

  async #judgeRequestBody(): Promise<DenialCode | undefined> {
    const limit = this.#plan.requestBodyBytes
    const { request } = this.#exchange
    if (!request.hasBody || limit === 0) return undefined
    const { body } = this.#given
    const bytes = body?.bytes ?? new Uint8Array()
    if (bytes.length > limit) return 'BODY_TOO_LARGE'
    const encoding = body?.decoded ? undefined : request.headers.list('content-encoding')
    const decoded = await decodeContent(bytes, encoding, limit)
    if ('failure' in decoded) return bodyFailures[decoded.failure]
    this.#exchange.request = { ...request, body: new HeldBody(decoded.bytes) }
    await this.#run.run('requestBody')
    return undefined
  }

  async #judgeResponse(given: NonNullable<RequestToJudge['response']>): Promise<Judgement> {
    const { status, reason, rawHeaders } = given
    const run = this.#run
    const headers = new HeaderList(rawHeaders)
    this.#exchange.response = { status, reason, headers, from: 'upstream', body: undefined }
    await run.run('responseHeaders')
    if (run.decision) return this.#decided(run.decision)
    if (this.#readsResponseBody()) {
      const limit = this.#plan.responseBodyBytes
      const bytes = given.body?.bytes ?? new Uint8Array()
      const encoding = given.body?.decoded ? undefined : headers.list('content-encoding')
      const decoded = await decodeContent(bytes, encoding, limit)
      if ('failure' in decoded) {
        return this.#refuse(decoded.failure === 'too-large' ? 'UPSTREAM_BODY_TOO_LARGE' : 'UPSTREAM_BAD_CODING')
      }
      this.#exchange.response = { ...this.#exchange.response, body: new HeldBody(decoded.bytes) }
      await run.run('responseBody')
      if (run.decision) return this.#decided(run.decision)
    }
    return this.#result('pass', this.#exchange.response.status)
  }

  #readsResponseBody(): boolean {
    const { request, response } = this.#exchange
    if (this.#plan.responseBodyBytes === 0 || this.#plan.phases.responseBody.length === 0) return false
    if (request.method === 'HEAD' || response!.status === 204 || response!.status === 304) return false
    return !response!.headers.get('content-type')?.startsWith('text/event-stream')
  }

  async #decided(decision: Decision): Promise<Judgement> {
    await this.#answer(answerOf(decision, this.#exchange.id))
    const code = 'code' in decision ? decision.code : undefined
    const detail = decision.verdict === 'undecidable' ? `missing fact ${decision.missing}` : undefined
    const { status } = this.#exchange.response!
    return this.#result(decision.verdict, status, { decidedBy: decision.decidedBy, code, detail })
  }

  async #refuseUnrouted(): Promise<Judgement> {
    const { allowedMethods } = this.#routed
    if (allowedMethods.length === 0) return this.#refuse('NO_ROUTE')
    const allow = allowedMethods.join(', ')
    return this.#refuse('METHOD_NOT_ROUTED', [['Allow', allow]], `The path has routes for ${allow}.`)
  }

  async #refuse(
    code: DenialCode,
    fields: [string, string][] = [],
    detail: string = denials[code].help,
  ): Promise<Judgement> {
    await this.#answer(denialResponse(code, this.#exchange.id, fields))
    return this.#result('refused', this.#exchange.response!.status, { code, detail })
  }

  /** The gateway's own responses pass the response phases too. */
  async #answer(own: GatewayResponse): Promise<void> {
    const body = typeof own.body === 'string' ? Buffer.from(own.body) : own.body
    const headers = HeaderList.of(own.headers)
    const held = body === undefined ? undefined : new HeldBody(body)
    this.#exchange.response = { status: own.status, reason: '', headers, from: 'gateway', body: held }
    await this.#run.run('responseHeaders')
    if (held) await this.#run.run('responseBody')
    this.#run.noteUnreached()
  }

  #result(verdict: Judgement['verdict'], status: number, more: Partial<Judgement> = {}): Judgement {
    const exchange = this.#exchange
    const { response } = exchange
    return { verdict, status, ...more, trace: this.#run.trace, facts: this.#facts.recorded, exchange, response }
  }
}

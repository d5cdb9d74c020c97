import { HeldBody } from '../body.ts'
import type { Workspace } from '../config/workspace.ts'
import { type DenialCode, denials } from '../errors.ts'
import type { Peer, ResponseMessage } from '../exchange.ts'
import { HeaderList } from '../headers.ts'
import { ExchangeFacts } from '../pipeline/exchange-facts.ts'
import { type FactSource, type RecordedFact, whenReady } from '../pipeline/facts.ts'
import { JudgedExchange } from '../pipeline/judged-exchange.ts'
import type { TraceEntry } from '../pipeline/outcome.ts'
import { Run, type World } from '../pipeline/runner.ts'
import { bodyFailures, decodeContent, responseBodyFailures } from './content-coding.ts'
import { Course, type Surroundings } from './course.ts'
import { exchangeId } from './exchange-id.ts'
import { refusalDetail } from './own-refusals.ts'
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
  const { plan, allowedMethods, contested } = routeExchange(workspace, router, exchange)
  const asked = new ExchangeFacts(facts, exchange)
  const run = new Run(exchange, plan, world, asked)
  const { bodyBytes } = workspace.limits
  const departure = { exchange, plan, run, allowedMethods, contested, bodyBytes, bodyLength: given.body?.bytes.length }
  const course = new Course(departure, surroundingsOf(given, exchange))
  while (await course.next()) for (;;) if (!(await run.advance())) break
  return judgementOf(course, run, asked, allowedMethods)
}

function judgementOf(course: Course, run: Run, facts: ExchangeFacts, allowedMethods: readonly string[]): Judgement {
  const { exchange, trace } = run
  const { response } = exchange
  const decision = course.refused ? undefined : run.decision
  const judgement: Judgement = {
    verdict: course.refused ? 'refused' : (decision?.verdict ?? 'pass'),
    status: response?.status ?? 200,
    trace,
    facts: facts.recorded,
    exchange,
  }
  if (response) judgement.response = response
  if (decision) judgement.decidedBy = decision.decidedBy
  const code = decision ? 'code' in decision && decision.code : course.refused
  if (code) judgement.code = code
  if (decision?.verdict === 'undecidable') judgement.detail = `missing fact ${decision.missing}`
  else if (course.refused) judgement.detail = refusalDetail(course.refused, allowedMethods)
  return judgement
}

function surroundingsOf(given: RequestToJudge, exchange: JudgedExchange): Surroundings {
  return {
    requestBody(limit) {
      const { body } = given
      const bytes = body?.bytes ?? new Uint8Array()
      if (bytes.length > limit) return { refused: 'BODY_TOO_LARGE' }
      const encoding = body?.decoded ? undefined : exchange.request.headers.list('content-encoding')
      return whenReady(decodeContent(bytes, encoding, limit), (decoded) =>
        'failure' in decoded ? { refused: bodyFailures[decoded.failure] } : new HeldBody(decoded.bytes),
      )
    },
    response() {
      if (!given.response) return undefined
      const { status, reason, rawHeaders } = given.response
      return { status, reason, headers: new HeaderList(rawHeaders), from: 'upstream', body: undefined }
    },
    responseBody(limit) {
      const { body } = given.response!
      const encoding = body?.decoded ? undefined : exchange.response!.headers.list('content-encoding')
      return whenReady(decodeContent(body?.bytes ?? new Uint8Array(), encoding, limit), (decoded) =>
        'failure' in decoded ? { refused: responseBodyFailures[decoded.failure] } : new HeldBody(decoded.bytes),
      )
    },
  }
}

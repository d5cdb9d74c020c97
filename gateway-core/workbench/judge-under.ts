import type { RecordedBody, StoredExchange } from '../capture/record.ts'
import { loadWorkspace } from '../config/load.ts'
import type { Workspace } from '../config/workspace.ts'
import type { Exchange } from '../exchange.ts'
import { createLiveFacts } from '../facts/live.ts'
import { type FactQuery, type FactSource, MissingFact } from '../pipeline/facts.ts'
import { MemoryState } from '../pipeline/memory-state.ts'
import type { TraceEntry } from '../pipeline/outcome.ts'
import { RecordedFacts } from '../pipeline/recorded-facts.ts'
import { refused } from '../protocol/rpc-error.ts'
import type { JudgedUnder } from '../protocol/types.ts'
import { type Judgement, judgeRequest, type RequestToJudge } from '../proxy/judge-request.ts'
import { Router } from '../proxy/router.ts'
import { type Difference, firstDifference } from '../rejudge/first-difference.ts'
import { plainStep } from './exchange-detail.ts'
import type { OpenedWorkspace } from './opened-workspace.ts'

/**
 * Judges a recorded request (read with open secrets) again under another environment, and under its own, both alike:
 * at its time, by its recorded facts, on fresh limits. What differs is due to the environment.
 */
export async function judgeUnder(
  opened: OpenedWorkspace,
  exchange: StoredExchange,
  environment: string,
): Promise<JudgedUnder> {
  if (exchange.listener === 'none' || exchange.trace.length === 0) {
    throw refused('this exchange was refused before any policy, in every environment alike')
  }
  const own = await workspaceOf(opened, exchange.environment)
  const other = await workspaceOf(opened, environment)
  const facts = factsFor(opened, exchange)
  const request = requestOf(exchange)
  const [recorded, judged] = [await judge(own, exchange, facts, request), await judge(other, exchange, facts, request)]
  const difference = firstDifference(recorded, judged)
  const note = noteOf(exchange, recorded)
  const result: JudgedUnder = {
    environment,
    verdict: judged.verdict,
    status: judged.status,
    trace: judged.trace.map(withoutSecrets),
    firstDifference: difference && shown(difference),
  }
  if (judged.decidedBy !== undefined) result.decidedBy = judged.decidedBy
  if (judged.code !== undefined) result.code = judged.code
  if (note !== undefined) result.note = note
  return result
}

async function workspaceOf(opened: OpenedWorkspace, environment: string | undefined): Promise<Workspace> {
  const { workspace, problems } = await loadWorkspace(opened.folder, opened.loading(environment))
  if (workspace) return workspace
  const [problem] = problems.filter(({ severity }) => severity === 'error')
  const where = problem && `${problem.file}:${problem.line}:${problem.column}`
  throw refused(`${environment ?? 'the workspace'} does not load: ${problem?.message}`, problem?.suggestion, where)
}

function judge(
  workspace: Workspace,
  exchange: StoredExchange,
  facts: FactSource,
  request: RequestToJudge,
): Promise<Judgement> {
  let sequence = 0
  const timeline = { now: () => exchange.startedAt, next: () => ++sequence, micros: () => performance.now() * 1000 }
  const world = { state: new MemoryState(), timeline, onError: workspace.onError }
  return judgeRequest(workspace, new Router(workspace.routes), world, facts, request)
}

/**
 * What was recorded counts; what another environment asks besides (another issuer, say) is asked of the world now, but
 * only while the credentials are there: of a marker nothing true can be said.
 */
function factsFor(opened: OpenedWorkspace, exchange: StoredExchange): FactSource {
  const recorded = new RecordedFacts(exchange.facts)
  const live = createLiveFacts({ key: opened.key })
  return {
    ask(query: FactQuery, of: Exchange) {
      try {
        return recorded.ask(query)
      } catch (error) {
        if (!(error instanceof MissingFact) || exchange.secrets === 'sealed') throw error
        return live.ask(query, of)
      }
    },
  }
}

function requestOf({ request, peer, response, upstreamResponse }: StoredExchange): RequestToJudge {
  const { method, target, scheme, authority, headers, body } = request
  const named = headers.some((name, at) => at % 2 === 0 && name.toLowerCase() === 'host')
  const upstream = upstreamResponse ?? (response?.from === 'upstream' ? response : undefined)
  return {
    head: {
      method,
      target,
      scheme,
      // HTTP/2 names its host beside the header list; what is judged is the same request over HTTP/1.1.
      httpVersion: request.httpVersion === '2' ? '1.1' : request.httpVersion,
      rawHeaders: named ? [...headers] : ['Host', authority, ...headers],
    },
    ...(body && { body: bodyOf(body) }),
    peer,
    ...(upstream && {
      response: {
        status: upstream.status,
        reason: upstream.reason,
        rawHeaders: [...upstream.headers],
        ...(upstream.body && { body: bodyOf(upstream.body) }),
      },
    }),
  }
}

function bodyOf({ bytes, decoded }: RecordedBody): { bytes: Uint8Array; decoded: boolean } {
  return { bytes, decoded: decoded === true }
}

/** Credentials were open for judging; what steps learned from them and changed to them is not shown. */
function withoutSecrets(entry: TraceEntry): TraceEntry {
  const { learned, changes, ...rest } = plainStep(entry)
  return {
    ...rest,
    ...(learned?.consumer && { learned: { consumer: learned.consumer } }),
    ...(changes && { changes: changes.map((change) => ('value' in change ? { ...change, value: '…' } : change)) }),
  }
}

function shown({ step, field, a, b, fact }: Difference): NonNullable<JudgedUnder['firstDifference']> {
  const hidden = field === 'changes' || field === 'learned'
  const text = (value: unknown) =>
    value === null ? '–' : hidden ? 'another' : typeof value === 'string' ? value : JSON.stringify(value)
  return { policy: step, field, recorded: text(a), judged: text(b), ...(fact && { fact: fact.key }) }
}

function noteOf(exchange: StoredExchange, again: Judgement): string | undefined {
  const was = exchange.code ?? exchange.verdict
  const is = again.code ?? again.verdict
  if (was === is) return undefined
  return `Judged again in its own environment it comes out as ${is}, and was ${was}: limits start fresh, and files may have changed since.`
}

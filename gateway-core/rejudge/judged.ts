import type { Context } from '../capture/decode-context.ts'
import type { Position } from '../pipeline/outcome.ts'
import type { Workspace } from '../config/workspace.ts'
import type { ColdState } from './cold-state.ts'
import type { ExchangeRun } from './exchange-run.ts'
import { headerDifferences, pathOf, queryOf } from './message-differences.ts'
import type { WhatIfKind, WhatIfOutcome } from '../protocol/what-if.ts'

/** How an exchange ends when it is judged again. */
export interface Judged {
  /** Verdict and messages are those of the record. */
  readonly asRecorded: boolean
  /** No step was run for it. */
  readonly reused: boolean
  readonly outcome: WhatIfOutcome
  readonly missing?: string
  readonly warming?: true
  /** What of the messages differs from the recorded ones. */
  readonly differs: readonly string[]
  /** Final messages where they are not the recorded ones, to compare two judgements. */
  readonly messages?: Messages
}

interface Messages {
  readonly request?: { path: string; query: string; headers: readonly string[]; body?: Uint8Array | undefined }
  readonly response?: { status: number; headers: readonly string[]; body?: Uint8Array | undefined }
  readonly counters: ReadonlySet<string>
}

/** Positions of policies in the files of a workspace, by instance id. */
export function positionsOf(workspace: Workspace): ReadonlyMap<string, Position> {
  const plans = [workspace.unrouted, ...workspace.routes.map(({ plan }) => plan)]
  return new Map(plans.flatMap(({ instances }) => instances.map(({ id, position }) => [id, position] as const)))
}

/** The outcome that the record tells, with places in the files of a workspace. */
export function recordedOutcome(context: Context, positions: ReadonlyMap<string, Position>): WhatIfOutcome {
  const { verdict, status, decidedBy, code } = context
  const outcome: WhatIfOutcome = { verdict, status }
  if (decidedBy !== undefined) outcome.decidedBy = decidedBy
  if (code !== undefined) outcome.code = code
  const position = decidedBy === undefined ? undefined : positions.get(decidedBy)
  if (position) outcome.position = position
  return outcome
}

/** What a finished run came to. */
export function judgedOf(
  run: ExchangeRun,
  positions: ReadonlyMap<string, Position>,
  warming: ColdState['warming'],
): Judged {
  const { recorded, exchange, course } = run
  const { context } = recorded
  // A counter that is left alone and comes to what it came to then was not too mild.
  const warm = warming === 'changed' ? { warming: true as const } : {}
  if (run.asRecorded) {
    const reused = !run.reached
    return { asRecorded: true, reused, outcome: recordedOutcome(context, positions), differs: none, ...warm }
  }
  const decision = course.refused ? undefined : run.run.decision
  const outcome: WhatIfOutcome = { verdict: verdictOf(run) }
  const status = exchange.response?.status
  if (status !== undefined) outcome.status = status
  else if (!run.answerMissing) outcome.status = context.status
  const code = course.refused ?? (decision && 'code' in decision ? decision.code : undefined)
  if (code) outcome.code = code
  if (decision) outcome.decidedBy = decision.decidedBy
  const position = decision && positions.get(decision.decidedBy)
  if (position) outcome.position = position
  // Of an exchange that ends otherwise nobody asks for the differences of its messages.
  const endsAlike =
    outcome.code === context.code && outcome.decidedBy === context.decidedBy && denies(outcome) === denies(context)
  const differs = endsAlike ? run.differences() : none
  const asRecorded = endsAlike && !run.answerMissing && differs.length === 0 && sameOutcome(outcome, context)
  const missing =
    decision?.verdict === 'undecidable' ? decision.missing : run.answerMissing ? 'upstream-response' : undefined
  return {
    asRecorded,
    reused: false,
    outcome,
    differs,
    ...(missing !== undefined && { missing }),
    ...(warming === 'kept' && !asRecorded ? { warming: true as const } : warm),
    ...(!asRecorded && { messages: messagesOf(run) }),
  }
}

function verdictOf({ course, run, recorded }: ExchangeRun): WhatIfOutcome['verdict'] {
  const was = recorded.context.verdict
  if (course.refused) return was === 'failed' && course.refused === recorded.context.code ? 'failed' : 'refused'
  if (run.decision) return run.decision.verdict
  return was === 'aborted' || was === 'failed' ? was : 'pass'
}

function sameOutcome(one: WhatIfOutcome, other: Pick<Context, 'verdict' | 'status' | 'code' | 'decidedBy'>): boolean {
  // What a client that left, or an upstream that failed, made of it is no matter of the policies.
  const verdicts = one.verdict === other.verdict
  const passed = one.verdict === 'aborted' || one.verdict === 'failed'
  return (
    verdicts &&
    (passed || (one.status === other.status && one.code === other.code && one.decidedBy === other.decidedBy))
  )
}

/** The messages of a run as they are now. */
export function messagesOf({ exchange, follower }: ExchangeRun): Messages {
  const { request, response } = exchange
  return {
    request: {
      path: `${pathOf(request)} ${exchange.route?.upstreamPath}`,
      query: queryOf(request) ?? '',
      headers: request.headers.raw,
      body: bytes(() => request.body?.bytes),
    },
    ...(response && {
      response: { status: response.status, headers: response.headers.raw, body: bytes(() => response.body?.bytes) },
    }),
    counters: follower.counters,
  }
}

function bytes(read: () => Uint8Array | undefined): Uint8Array | undefined {
  try {
    return read()
  } catch {
    return undefined
  }
}

/** What an edit makes of an exchange; undefined: the same. */
export function classify(before: Judged, after: Judged): { kind: WhatIfKind; differs?: readonly string[] } | undefined {
  if (before.asRecorded && after.asRecorded) return undefined
  const [one, other] = [before.outcome, after.outcome]
  if (one.verdict === 'undecidable' || other.verdict === 'undecidable') return { kind: 'undecidable' }
  if (denies(one) !== denies(other)) return { kind: denies(other) ? 'newlyDenied' : 'newlyAllowed' }
  const alike = one.code === other.code && one.decidedBy === other.decidedBy && passes(one) === passes(other)
  const statuses = one.status === undefined || other.status === undefined || one.status === other.status
  if (!alike || !statuses) return { kind: 'otherPolicy' }
  const differs = before.asRecorded ? after.differs : messageDifferences(before, after)
  return differs.length > 0 ? { kind: 'transformed', differs } : undefined
}

function denies({ verdict }: Pick<WhatIfOutcome, 'verdict'>): boolean {
  return verdict === 'deny' || verdict === 'refused' || verdict === 'error'
}

function passes({ verdict }: WhatIfOutcome): boolean {
  return verdict === 'pass' || verdict === 'failed' || verdict === 'aborted'
}

function messageDifferences(before: Judged, after: Judged): readonly string[] {
  if (after.asRecorded) return before.differs
  const [one, other] = [before.messages, after.messages]
  if (!one || !other) return none
  const differs: string[] = []
  if (passes(after.outcome) && one.request && other.request) {
    if (one.request.path !== other.request.path) differs.push('request path')
    if (one.request.query !== other.request.query) differs.push('request query')
    differs.push(...headerDifferences('request', one.request.headers, other.request.headers, none))
    if (!alikeBytes(one.request.body, other.request.body)) differs.push('request body')
  }
  if (one.response && other.response) {
    const counters = new Set([...one.counters, ...other.counters])
    differs.push(...headerDifferences('response', one.response.headers, other.response.headers, counters))
    if (!alikeBytes(one.response.body, other.response.body)) differs.push('response body')
  }
  return differs
}

function alikeBytes(one: Uint8Array | undefined, other: Uint8Array | undefined): boolean {
  if (!one || !other) return true
  return one === other || Buffer.compare(one, other) === 0
}

const none: readonly string[] = []

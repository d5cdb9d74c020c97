import type { Context } from '../capture/decode-context.ts'
import type { Position } from '../pipeline/outcome.ts'
import type { Workspace } from '../config/workspace.ts'
import type { ColdState } from './cold-state.ts'
import type { ExchangeRun } from './exchange-run.ts'
import { headerDifferences, pathOf, queryOf } from './message-differences.ts'
import { lacking } from './recorded-message.ts'
import { firstOther, messageFrom, type OtherMessage, type SaidOtherwise } from './said-otherwise.ts'
import type { ChangedMessage, WhatIfKind, WhatIfOutcome } from '../protocol/what-if.ts'

/** Name of what lacks where the request that is sent on is another. */
export const answerMissing = 'upstream-response'

/** How an exchange ends when it is judged again. */
export interface Judged {
  /** Verdict and messages are those of the record. */
  readonly asRecorded: boolean
  /** No step was run for it. */
  readonly reused: boolean
  readonly outcome: WhatIfOutcome
  /** How it stood before its messages, where one of them decided. */
  readonly head?: WhatIfOutcome
  /** Its messages that end otherwise than recorded; absent where it does not come to them as it did. */
  readonly said?: readonly SaidOtherwise[]
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

type Recorded = Pick<Context, 'verdict' | 'status' | 'code' | 'decidedBy'>

/** Whether a message was what ended it. */
export function deniedInMessage({ shape, decidedBy }: Context): boolean {
  const last = shape.at(-1)
  return decidedBy !== undefined && last?.phase === 'message' && last.policy === decidedBy && last.verdict in ends
}

const ends = { deny: true, respond: true, error: true }

/** How the record says that it stood before its messages. */
function headOf(context: Context): Recorded {
  return deniedInMessage(context) ? { verdict: 'pass', status: context.status } : context
}

/** What the record says of an exchange. `reused`: nothing was run for that. */
export function judgedAsRecorded(context: Context, positions: ReadonlyMap<string, Position>, reused: boolean): Judged {
  const judged = {
    asRecorded: true,
    reused,
    outcome: recordedOutcome(context, positions),
    said: nothing,
    differs: none,
  }
  return deniedInMessage(context) ? { ...judged, head: recordedOutcome(headOf(context), positions) } : judged
}

/** The outcome that the record tells, with places in the files of a workspace. */
function recordedOutcome(recorded: Recorded, positions: ReadonlyMap<string, Position>): WhatIfOutcome {
  const { verdict, status, decidedBy, code } = recorded
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
  if (run.asRecorded) return warmed(judgedAsRecorded(context, positions, !run.reached), warming)
  const { dialogue } = run
  const was = headOf(context)
  const decision = course.refused || dialogue ? undefined : run.run.decision
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
  const endsAlike = outcome.code === was.code && outcome.decidedBy === was.decidedBy && denies(outcome) === denies(was)
  const differs = endsAlike ? run.differences() : none
  const headAsRecorded = endsAlike && !run.answerMissing && differs.length === 0 && sameOutcome(outcome, was)
  const said = dialogue ? dialogue.said : endsAlike && !run.answerMissing ? nothing : undefined
  const asRecorded = headAsRecorded && said?.length === 0 && !dialogue?.missing && !run.messagesMissing
  if (asRecorded) return warmed(judgedAsRecorded(context, positions, false), warming)
  const spoken = said && endOfMessages(run, outcome, positions)
  const missing =
    decision?.verdict === 'undecidable' ? decision.missing : run.answerMissing ? answerMissing : spoken?.missing
  return {
    asRecorded,
    reused: false,
    outcome: spoken?.outcome ?? outcome,
    ...(spoken && { head: outcome }),
    ...(said && { said }),
    differs,
    ...(missing !== undefined && { missing }),
    ...(warming && { warming: true as const }),
    messages: messagesOf(run),
  }
}

/** A counter that is left alone and comes to what it came to then was not too mild. */
function warmed(judged: Judged, warming: ColdState['warming']): Judged {
  return warming === 'changed' ? { ...judged, warming: true } : judged
}

/** How it ends where a message of it decides, or lacks; `head`: how it stands before them. */
function endOfMessages(
  { dialogue, run, messagesMissing, recorded }: ExchangeRun,
  head: WhatIfOutcome,
  positions: ReadonlyMap<string, Position>,
): Pick<Judged, 'outcome' | 'missing'> | undefined {
  const { context } = recorded
  const lacks = dialogue?.missing ?? (messagesMissing ? lacking.some : undefined)
  if (!dialogue && !lacks) {
    return deniedInMessage(context) ? { outcome: recordedOutcome(context, positions) } : undefined
  }
  const decision = dialogue && run.decision
  if (!decision && lacks === undefined) return undefined
  const { status } = head
  const outcome: WhatIfOutcome = {
    verdict: decision?.verdict ?? 'undecidable',
    ...(status !== undefined && { status }),
  }
  if (!decision) return { outcome, missing: lacks! }
  if ('code' in decision) outcome.code = decision.code
  outcome.decidedBy = decision.decidedBy
  const position = positions.get(decision.decidedBy)
  if (position) outcome.position = position
  return decision.verdict === 'undecidable' ? { outcome, missing: decision.missing } : { outcome }
}

function verdictOf({ course, run, recorded, dialogue }: ExchangeRun): WhatIfOutcome['verdict'] {
  const was = headOf(recorded.context).verdict
  if (dialogue) return was === 'aborted' || was === 'failed' ? was : 'pass'
  if (course.refused) return was === 'failed' && course.refused === recorded.context.code ? 'failed' : 'refused'
  if (run.decision) return run.decision.verdict
  return was === 'aborted' || was === 'failed' ? was : 'pass'
}

function sameOutcome(one: WhatIfOutcome, other: Recorded): boolean {
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

/** What an edit makes of an exchange. */
export interface Classified {
  readonly kind: WhatIfKind
  readonly differs?: readonly string[]
  /** The message of a WebSocket or an event stream that makes it so. */
  readonly message?: ChangedMessage
  /** What lacks of that message. */
  readonly missing?: string
}

/** Undefined: it ends the same. */
export function classify(before: Judged, after: Judged): Classified | undefined {
  if (before.asRecorded && after.asRecorded) return undefined
  const heads = !endsEarly(before) && !endsEarly(after)
  const one = (heads ? before.head : undefined) ?? before.outcome
  const other = (heads ? after.head : undefined) ?? after.outcome
  if (one.verdict === 'undecidable' || other.verdict === 'undecidable') return { kind: 'undecidable' }
  if (denies(one) !== denies(other)) return { kind: denies(other) ? 'newlyDenied' : 'newlyAllowed' }
  const alike = one.code === other.code && one.decidedBy === other.decidedBy && passes(one) === passes(other)
  const statuses = one.status === undefined || other.status === undefined || one.status === other.status
  if (!alike || !statuses) return { kind: 'otherPolicy' }
  const said = before.said && after.said && firstOther(before.said, after.said)
  if (said && said.kind !== 'transformed') return { kind: said.kind, message: said.message, ...lackOf(said) }
  if (before.outcome.verdict === 'undecidable' || after.outcome.verdict === 'undecidable')
    return { kind: 'undecidable' }
  const differs = before.asRecorded ? after.differs : messageDifferences(before, after)
  if (said) return { kind: 'transformed', differs: [...differs, messageFrom(said.message)], message: said.message }
  return differs.length > 0 ? { kind: 'transformed', differs } : undefined
}

/** Whether it is over before its messages. */
function endsEarly({ said, missing }: Judged): boolean {
  return !said && missing !== answerMissing
}

function lackOf({ before, after }: OtherMessage): { missing?: string } {
  if (after.end === 'undecidable') return { missing: after.missing }
  return before.end === 'undecidable' ? { missing: before.missing } : {}
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
const nothing: readonly SaidOtherwise[] = []

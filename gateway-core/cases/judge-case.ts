import { isDeepStrictEqual } from 'node:util'
import { hasMarker } from '../capture/markers.ts'
import type { ExchangeRecord } from '../capture/record.ts'
import type { Workspace } from '../config/workspace.ts'
import { type Maybe, MissingFact } from '../pipeline/facts.ts'
import type { Outcome, TraceEntry } from '../pipeline/outcome.ts'
import type { Plan, PlanNode, PolicyInstance } from '../pipeline/plan.ts'
import type { Step } from '../pipeline/policy.ts'
import type { StateAnswer, StateOperation } from '../pipeline/state.ts'
import { ColdState } from '../rejudge/cold-state.ts'
import { judgeTraffic } from '../rejudge/judge-traffic.ts'
import { recordedFacts } from '../rejudge/shared-facts.ts'
import { RecordsTraffic } from '../rejudge/traffic.ts'
import type { MessageAsStored } from '../rejudge/recorded-message.ts'
import type { SaidOtherwise } from '../rejudge/said-otherwise.ts'
import type { StateRead } from './case-file.ts'
import { shownEnd } from './case-messages.ts'

/** An exchange of a case, judged again. */
export interface JudgedCase {
  readonly trace: readonly TraceEntry[]
  /** Steps whose input was sealed or not kept: they stand as they were recorded. */
  readonly taken: readonly string[]
  /** Messages that end otherwise than recorded, each with the policy that makes it so. */
  readonly said: readonly (SaidOtherwise & { readonly policy: string })[]
}

/**
 * Judges the exchange again: at its time, on its facts, with the state that its steps read. A step that would have to
 * read what was sealed is taken from the record.
 */
export async function judgeCase(
  workspace: Workspace,
  record: ExchangeRecord,
  state: readonly StateRead[],
  messages: readonly MessageAsStored[] = [],
): Promise<JudgedCase> {
  const taken: string[] = []
  let said: JudgedCase['said'] = []
  let trace: readonly TraceEntry[] = []
  await judgeTraffic({
    workspace: takingFromRecord(workspace, record, messages, taken),
    traffic: new RecordsTraffic([record], () => (messages.length > 0 ? messages : undefined)),
    recordedUnder: () => undefined,
    facts: recordedFacts,
    reuse: false,
    everyStep: true,
    tracing: true,
    state: () => new RecordedState(state),
    judged: (_at, judged, run) => {
      trace = run?.run.trace ?? []
      // What was sealed in a message stands as it was recorded, and so does what became of it.
      for (const { number, now } of judged.said ?? []) if (now.end === 'undecidable') taken.push(`message ${number}`)
      const others = (judged.said ?? []).filter(({ now }) => now.end !== 'undecidable')
      said = others.map((one) => {
        const now = run?.dialogue?.heard.get(one.number)?.trace ?? []
        const was = messages.find(({ number }) => number === one.number)?.trace ?? []
        const policy = [...now, ...was].find(({ verdict }) => verdict !== 'pass' && verdict !== 'skipped')?.policy
        return { ...one, policy: policy ?? '' }
      })
    },
  })
  return { trace, taken, said }
}

/** Answers as they were recorded; what was not asked then cannot be known. */
class RecordedState extends ColdState {
  readonly #reads: StateRead[]

  constructor(reads: readonly StateRead[]) {
    super({ since: 0 })
    this.#reads = [...reads]
  }

  override apply<O extends StateOperation>(stateId: string, operation: O): Maybe<StateAnswer<O>> {
    const at = this.#reads.findIndex((read) => read.stateId === stateId && isDeepStrictEqual(read.operation, operation))
    if (at < 0) throw new MissingFact(`state|${stateId}|${operation.key}`)
    return this.#reads.splice(at, 1)[0]!.answer as StateAnswer<O>
  }
}

/** The workspace with steps that fall back on the record where they lack something. */
function takingFromRecord(
  workspace: Workspace,
  record: ExchangeRecord,
  messages: readonly MessageAsStored[],
  taken: string[],
): Workspace {
  const entries = new Map(record.trace.map((entry) => [`${entry.policy} ${entry.phase}`, entry]))
  const known = new Map<PolicyInstance, PolicyInstance>()
  const wrapped = (instance: PolicyInstance): PolicyInstance => {
    let other = known.get(instance)
    if (other) return other
    const phases = Object.fromEntries(
      Object.entries(instance.policy.phases).map(([phase, step]) => {
        const entry = entries.get(`${instance.id} ${phase}`)
        const recorded =
          phase === 'message' ? recordedSteps(instance.id, messages) : entry && (() => recordedStep(entry, record))
        return [phase, recorded ? fallingBack(step as Step<unknown>, recorded, taken) : step]
      }),
    )
    other = { ...instance, policy: { ...instance.policy, phases } }
    known.set(instance, other)
    return other
  }
  const nodeOf = (node: PlanNode): PlanNode =>
    node.kind === 'policy'
      ? { kind: 'policy', instance: wrapped(node.instance) }
      : { ...node, branches: node.branches.map((branch) => branch.map(wrapped)) }
  const planOf = (plan: Plan): Plan => ({
    ...plan,
    instances: plan.instances.map(wrapped),
    phases: Object.fromEntries(
      Object.entries(plan.phases).map(([phase, nodes]) => [phase, nodes.map(nodeOf)]),
    ) as unknown as Plan['phases'],
  })
  return {
    ...workspace,
    routes: workspace.routes.map((route) => ({ ...route, plan: planOf(route.plan) })),
    unrouted: planOf(workspace.unrouted),
  }
}

/** A step as it was recorded: what it is called, and what it came to. */
interface RecordedStep {
  name: string
  outcome: Outcome | undefined
}

function recordedStep(entry: TraceEntry, record: ExchangeRecord): RecordedStep {
  return { name: `${entry.policy} ${entry.phase}`, outcome: outcomeOf(entry, record) }
}

/** What a policy came to for one message after the other. */
function recordedSteps(policy: string, messages: readonly MessageAsStored[]): () => RecordedStep {
  const judged = messages.flatMap((message) => {
    const entry = message.trace.find((one) => one.policy === policy && one.verdict !== 'skipped')
    return entry ? [{ message, entry }] : []
  })
  let at = 0
  return () => {
    const { message, entry } = judged[at++] ?? {}
    const name = `${policy} message ${message?.number ?? ''}`
    if (!entry || message?.lost) return { name, outcome: undefined }
    const changed = entry.verdict === 'modify' && message?.sent
    const { evidence = [] } = entry
    const outcome: Outcome | undefined = changed
      ? { verdict: 'modify', changes: [{ kind: 'set-body', bytes: message.sent! }], evidence }
      : outcomeOf(entry, undefined)
    return { name, outcome }
  }
}

function fallingBack(step: Step<unknown>, recorded: () => RecordedStep, taken: string[]): Step<unknown> {
  return (prepared, exchange, judge) => {
    const { name, outcome: was } = recorded()
    const instead = (error: unknown): Outcome => {
      if (!was || !(error instanceof MissingFact)) throw error
      taken.push(name)
      return was
    }
    try {
      const outcome = step(prepared, exchange, judge)
      return outcome instanceof Promise ? outcome.catch(instead) : outcome
    } catch (error) {
      return instead(error)
    }
  }
}

function outcomeOf(entry: TraceEntry, record: ExchangeRecord | undefined): Outcome | undefined {
  const { evidence = [], learned } = entry
  switch (entry.verdict) {
    case 'pass':
      return { verdict: 'pass', evidence, ...(learned && { learned }) }
    case 'modify': {
      const changes = (entry.changes ?? []).filter(({ kind }) => kind !== 'set-body')
      return { verdict: 'modify', changes, evidence, ...(learned && { learned }) }
    }
    case 'deny':
    case 'would-deny':
      return entry.code && { verdict: 'deny', code: entry.code, evidence }
    case 'respond':
      return { verdict: 'respond', evidence, response: { status: record?.response?.status ?? 200, headers: [] } }
    default:
      return undefined
  }
}

/** The first step, or else the first message, that comes out otherwise than recorded; null when none does. */
export function caseDifference(
  record: ExchangeRecord,
  { trace, said }: JudgedCase,
): ReturnType<typeof traceDifference> {
  // What policies came to for messages is told by the messages.
  const before = (steps: readonly TraceEntry[]) => steps.filter(({ phase }) => phase !== 'message')
  const step = traceDifference(before(record.trace), before(trace))
  const [first] = said
  if (step || !first) return step
  const { was, now, number, policy } = first
  return { policy, field: `message ${number}`, recorded: shownEnd(was), judged: shownEnd(now) }
}

/** The first step that comes out otherwise than recorded; null when none does. */
export function traceDifference(
  recorded: readonly TraceEntry[],
  judged: readonly TraceEntry[],
): { policy: string; field: string; recorded: string; judged: string } | null {
  const was = recorded.filter(({ verdict, reason }) => !(verdict === 'skipped' && reason === 'not reached'))
  const is = judged.filter(({ verdict, reason }) => !(verdict === 'skipped' && reason === 'not reached'))
  for (let at = 0; at < Math.max(was.length, is.length); at++) {
    const [one, other] = [was[at], is[at]]
    const step = (entry: TraceEntry | undefined) => (entry ? `${entry.policy} (${entry.phase})` : 'nothing')
    if (step(one) !== step(other)) {
      return { policy: (one ?? other)!.policy, field: 'step', recorded: step(one), judged: step(other) }
    }
    for (const field of ['verdict', 'code', 'mode', 'evidence'] as const) {
      const [before, after] = [plain(one![field]), plain(other![field])]
      if (isDeepStrictEqual(before, after)) continue
      const show = (value: unknown) =>
        (typeof value === 'string' ? value : (JSON.stringify(value) ?? 'none')).slice(0, 300)
      // Of what was sealed in the record nothing can be said.
      if (field === 'evidence' && hasMarker(JSON.stringify(before) ?? '')) continue
      return { policy: one!.policy, field, recorded: show(before), judged: show(after) }
    }
  }
  return null
}

/** As JSON carries it: what is undefined is not there. */
function plain(value: unknown): unknown {
  return value === undefined ? undefined : JSON.parse(JSON.stringify(value))
}

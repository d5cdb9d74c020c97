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
import type { StateRead } from './case-file.ts'

/** An exchange of a case, judged again. */
export interface JudgedCase {
  readonly trace: readonly TraceEntry[]
  /** Steps whose input was sealed or not kept: they stand as they were recorded. */
  readonly taken: readonly string[]
}

/**
 * Judges the exchange again: at its time, on its facts, with the state that its steps read. A step that would have to
 * read what was sealed is taken from the record.
 */
export async function judgeCase(
  workspace: Workspace,
  record: ExchangeRecord,
  state: readonly StateRead[],
): Promise<JudgedCase> {
  const taken: string[] = []
  let trace: readonly TraceEntry[] = []
  await judgeTraffic({
    workspace: takingFromRecord(workspace, record, taken),
    traffic: new RecordsTraffic([record]),
    recordedUnder: () => undefined,
    facts: recordedFacts,
    reuse: false,
    everyStep: true,
    state: () => new RecordedState(state),
    judged: (_at, _judged, run) => {
      trace = run?.run.trace ?? []
    },
  })
  return { trace, taken }
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
function takingFromRecord(workspace: Workspace, record: ExchangeRecord, taken: string[]): Workspace {
  const entries = new Map(record.trace.map((entry) => [`${entry.policy} ${entry.phase}`, entry]))
  const known = new Map<PolicyInstance, PolicyInstance>()
  const wrapped = (instance: PolicyInstance): PolicyInstance => {
    let other = known.get(instance)
    if (other) return other
    const phases = Object.fromEntries(
      Object.entries(instance.policy.phases).map(([phase, step]) => {
        const entry = entries.get(`${instance.id} ${phase}`)
        return [phase, entry ? fallingBack(step as Step<unknown>, entry, record, taken) : step]
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

function fallingBack(step: Step<unknown>, entry: TraceEntry, record: ExchangeRecord, taken: string[]): Step<unknown> {
  const instead = (error: unknown): Outcome => {
    const outcome = error instanceof MissingFact ? outcomeOf(entry, record) : undefined
    if (!outcome) throw error
    taken.push(`${entry.policy} ${entry.phase}`)
    return outcome
  }
  return (prepared, exchange, judge) => {
    try {
      const outcome = step(prepared, exchange, judge)
      return outcome instanceof Promise ? outcome.catch(instead) : outcome
    } catch (error) {
      return instead(error)
    }
  }
}

function outcomeOf(entry: TraceEntry, { response }: ExchangeRecord): Outcome | undefined {
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
      return { verdict: 'respond', evidence, response: { status: response?.status ?? 200, headers: [] } }
    default:
      return undefined
  }
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

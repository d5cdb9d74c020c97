import { stepOutcome } from '../filter/step-outcome.ts'
import type { TraceEntry } from '../pipeline/outcome.ts'
import type { PolicyInstance } from '../pipeline/plan.ts'
import type { Coverage, PolicyCoverage } from '../protocol/what-if.ts'
import outcomes from './policy-outcomes.json' with { type: 'json' }

/** Exchanges that were judged alike: the steps of one of them, and how many there are. */
export interface JudgedAlike {
  readonly trace: readonly Pick<TraceEntry, 'policy' | 'type' | 'verdict' | 'code' | 'reason'>[]
  readonly exchanges: number
}

/** How often each policy came to each outcome: plain, so that a thread can hand it over. */
export interface StepCounts {
  exchanges: number
  judged: number
  /** By instance id. */
  policies: Map<string, OutcomeCounts>
}

interface OutcomeCounts {
  reached: number
  outcomes: Map<string, number>
}

/** Counts steps. An exchange counts once for an outcome, however many phases came to it, so that queries find exactly as many. */
export function countSteps(traffic: Iterable<JudgedAlike>): StepCounts {
  const counts: StepCounts = { exchanges: 0, judged: 0, policies: new Map() }
  for (const { trace, exchanges } of traffic) {
    counts.exchanges += exchanges
    if (trace.length > 0) counts.judged += exchanges
    const ofThese = new Map<string, Set<string>>()
    const ran = new Set<string>()
    for (const step of trace) {
      const known = ofThese.get(step.policy)
      if (known) known.add(stepOutcome(step))
      else ofThese.set(step.policy, new Set([stepOutcome(step)]))
      if (step.verdict !== 'skipped') ran.add(step.policy)
    }
    for (const [policy, outcomes] of ofThese) {
      let all = counts.policies.get(policy)
      if (!all) counts.policies.set(policy, (all = { reached: 0, outcomes: new Map() }))
      if (ran.has(policy)) all.reached += exchanges
      for (const outcome of outcomes) all.outcomes.set(outcome, (all.outcomes.get(outcome) ?? 0) + exchanges)
    }
  }
  return counts
}

/** How often recorded traffic exercised each policy of a workspace, and each thing that it can answer. */
export function coverageOf(
  instances: readonly PolicyInstance[],
  { exchanges, judged, policies }: StepCounts,
): Coverage {
  const present = new Set(instances.map(({ id }) => id))
  const gone = [...policies].filter(([id]) => !present.has(id))
  return {
    exchanges,
    judged,
    policies: instances.map((instance) => coverageOfPolicy(instance, policies.get(instance.id))),
    gone: gone.map(([policy, { reached }]) => ({ policy, reached, query: ranQuery(policy) })),
  }
}

/** What the source of a policy type says that it can answer, in order; empty for a type that is not known. */
export function possibleOutcomes(type: string): readonly string[] {
  return Object.hasOwn(outcomes, type) ? (outcomes as Readonly<Record<string, string>>)[type]!.split(' ') : []
}

function coverageOfPolicy(instance: PolicyInstance, counts: OutcomeCounts | undefined): PolicyCoverage {
  const { id, policy, mode, when, position } = instance
  const denied = mode === 'shadow' ? 'would-deny' : 'deny'
  const possible = possibleOutcomes(policy.type).map((one) => (/^[A-Z]/.test(one) ? `${denied}:${one}` : one))
  if (when) possible.push('skipped')
  const seen = [...(counts?.outcomes.keys() ?? [])].filter((outcome) => outcome !== 'not-reached')
  return {
    policy: id,
    type: policy.type,
    mode,
    file: position.file,
    line: position.line,
    reached: counts?.reached ?? 0,
    notReached: counts?.outcomes.get('not-reached') ?? 0,
    query: ranQuery(id),
    branches: [...new Set([...possible, ...seen])].map((outcome) => ({
      outcome,
      exchanges: counts?.outcomes.get(outcome) ?? 0,
      query: `step:${quoted(`${id}=${outcome}`)}`,
    })),
  }
}

function ranQuery(policy: string): string {
  return `policy:${quoted(policy)}`
}

/** A value of the query language, to the letter. */
function quoted(value: string): string {
  return /^[\w./=-]+$/.test(value) ? value : `"${value.replaceAll(/["\\]/g, '\\$&')}"`
}

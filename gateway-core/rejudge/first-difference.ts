import { isDeepStrictEqual } from 'node:util'
import type { TraceEntry } from '../pipeline/outcome.ts'
import type { Judgement } from '../proxy/judge-request.ts'

/** The first thing in which two judgements of one request differ. */
export interface Difference {
  /** Instance id of the policy, or `route`, `outcome`, `request` (as sent on) or `response`. */
  step: string
  /** What of the step: `policy`, `verdict`, `code`, `evidence`, … */
  field: string
  a: unknown
  b: unknown
  /** The first fact that was answered differently, or asked on one side only, up to that step. */
  fact?: { key: string; a: unknown; b: unknown }
}

/** Compares route, steps in their order, then the outcome. Times do not count. Null when both are alike. */
export function firstDifference(a: Judgement, b: Judgement): Difference | null {
  const routes = compare('route', 'route', a.exchange?.route?.id, b.exchange?.route?.id)
  if (routes) return routes
  const steps = Math.max(a.trace.length, b.trace.length)
  for (let at = 0; at < steps; at++) {
    const found = compareSteps(a.trace[at], b.trace[at])
    if (found) return withFact(found, a, b)
  }
  for (const field of ['verdict', 'status', 'code', 'decidedBy'] as const) {
    const found = compare('outcome', field, a[field], b[field])
    if (found) return withFact(found, a, b)
  }
  return null
}

function compareSteps(a: TraceEntry | undefined, b: TraceEntry | undefined): Difference | undefined {
  const step = (a ?? b)!.policy
  const same = a?.policy === b?.policy && a?.phase === b?.phase
  if (!same) return compare(step, 'policy', a && `${a.policy} (${a.phase})`, b && `${b.policy} (${b.phase})`)
  for (const field of ['mode', 'verdict', 'code', 'evidence', 'changes', 'learned', 'reason'] as const) {
    const found = compare(step, field, a?.[field], b?.[field])
    if (found) return found
  }
  return undefined
}

function compare(step: string, field: string, a: unknown, b: unknown): Difference | undefined {
  return isDeepStrictEqual(a, b) ? undefined : { step, field, a: a ?? null, b: b ?? null }
}

function withFact(difference: Difference, a: Judgement, b: Judgement): Difference {
  const ofA = new Map(a.facts.map(({ key, answer }) => [key, answer]))
  const ofB = new Map(b.facts.map(({ key, answer }) => [key, answer]))
  for (const key of new Set([...ofA.keys(), ...ofB.keys()])) {
    const [one, other] = [ofA.get(key) ?? null, ofB.get(key) ?? null]
    if (!isDeepStrictEqual(one, other)) return { ...difference, fact: { key, a: one, b: other } }
  }
  return difference
}

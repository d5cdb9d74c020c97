import type { Workspace } from '../config/workspace.ts'
import { stepOutcome } from '../filter/step-outcome.ts'
import type { Position, TraceEntry } from '../pipeline/outcome.ts'
import type { Judgement } from '../proxy/judge-request.ts'
import type { Router } from '../proxy/router.ts'
import { compare } from './compare.ts'
import { judgeTest } from './judge-test.ts'
import type { PolicyTest } from './policy-test.ts'
import { howToGive } from './test-facts.ts'

/** One expectation that was not met, with its line. */
export interface TestFailure {
  /** `status`, `header Server`, `body /items/0`. */
  readonly name: string
  readonly position: Position
  readonly expected: string
  readonly got: string
}

/** What came of the request that a result shows: the one that failed, else the last. */
export interface TestOutcome {
  readonly method: string
  readonly url: string
  /** `request 61 of 61`, where there are several. */
  readonly which: string | undefined
  readonly verdict: Judgement['verdict']
  readonly status: number
  readonly code: string | undefined
  readonly decidedBy: string | undefined
  readonly detail: string | undefined
  readonly route: string | undefined
  readonly trace: readonly TraceEntry[]
  /** All that is known of it. */
  readonly judgement: Judgement
}

export interface TestResult {
  readonly id: string
  readonly name: string
  readonly file: string
  readonly position: Position
  /** `undecidable`: a fact is missing; `todo` says how to give it. */
  readonly state: 'passed' | 'failed' | 'undecidable'
  readonly milliseconds: number
  readonly failures: readonly TestFailure[]
  readonly missing: { readonly fact: string; readonly policy: string; readonly todo: string } | undefined
  readonly outcome: TestOutcome | undefined
  /** The steps of all its requests, once for those that were judged alike. */
  readonly met: readonly Met[]
}

/** Requests of a test that met the same. */
export interface Met {
  readonly trace: readonly TraceEntry[]
  exchanges: number
}

/** Judges a test and compares. The first request that does not come out as expected ends it. */
export async function runTest(workspace: Workspace, router: Router, test: PolicyTest): Promise<TestResult> {
  const began = performance.now()
  const requests = test.steps.reduce((sum, { repeat }) => sum + repeat, 0)
  let count = 0
  let outcome: TestOutcome | undefined
  const met = new Map<string, Met>()
  const result = (state: TestResult['state'], more: Partial<TestResult> = {}): TestResult => ({
    id: test.id,
    name: test.name,
    file: test.position.file,
    position: test.position,
    state,
    milliseconds: Math.round((performance.now() - began) * 100) / 100,
    failures: [],
    missing: undefined,
    outcome,
    met: [...met.values()],
    ...more,
  })
  for await (const { step, judgement } of judgeTest(workspace, router, test)) {
    count++
    const alike = judgement.trace.map((entry) => `${entry.policy} ${stepOutcome(entry)}`).join('\n')
    const same = met.get(alike)
    if (same) same.exchanges++
    else met.set(alike, { trace: judgement.trace, exchanges: 1 })
    // A test of thousands of requests lets the gateway beside it go on.
    if (count % 256 === 0) await new Promise((resolve) => setImmediate(resolve))
    const { expectations, request, response } = test.steps[step]!
    const which = requests > 1 ? `request ${count} of ${requests}` : undefined
    const last = count === requests
    if (!last && expectations.length === 0 && judgement.verdict !== 'undecidable') continue
    const failures = expectations.flatMap((expectation) => {
      const difference = compare(expectation, judgement, response !== undefined)
      return difference ? [{ name: expectation.name, position: expectation.position, ...difference }] : []
    })
    const undecided = judgement.verdict === 'undecidable'
    if (last || failures.length > 0 || undecided) outcome = outcomeOf(judgement, request.method, request.url, which)
    if (undecided) return result('undecidable', { missing: missingOf(judgement) })
    if (failures.length > 0) return result('failed', { failures })
  }
  return result('passed')
}

function outcomeOf(judgement: Judgement, method: string, url: string, which: string | undefined): TestOutcome {
  const { verdict, status, code, decidedBy, detail, trace, exchange } = judgement
  return { method, url, which, verdict, status, code, decidedBy, detail, route: exchange?.route?.id, trace, judgement }
}

function missingOf({ trace, decidedBy }: Judgement): TestResult['missing'] {
  const step = trace.find(({ verdict, policy }) => verdict === 'undecidable' && policy === decidedBy)
  const fact = step?.reason ?? 'unknown'
  return { fact, policy: decidedBy ?? '', todo: howToGive(fact) }
}

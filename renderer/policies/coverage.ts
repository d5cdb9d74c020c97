import type { BranchCoverage, Coverage, PolicyCoverage } from '../../gateway-core/protocol/what-if.ts'
import { denials } from '../../gateway-core/errors.ts'

/** What recorded traffic exercised of the policies that are written at one line. */
export interface LineCoverage {
  readonly reached: number
  readonly query: string
  /** Answers of all of them together: a set that is used in several places is written once. */
  readonly branches: readonly BranchCoverage[]
}

/** Adds up the policies of a line. An exchange passes one API, so instances of one line seldom meet in it. */
export function coverageOf(policies: readonly PolicyCoverage[]): LineCoverage {
  const byOutcome = new Map<string, BranchCoverage[]>()
  for (const branch of policies.flatMap(({ branches }) => branches)) {
    const same = byOutcome.get(branch.outcome)
    if (same) same.push(branch)
    else byOutcome.set(branch.outcome, [branch])
  }
  return {
    reached: policies.reduce((sum, { reached }) => sum + reached, 0),
    query: anyOf(policies.map(({ query }) => query)),
    branches: [...byOutcome].map(([outcome, branches]) => ({
      outcome,
      exchanges: branches.reduce((sum, { exchanges }) => sum + exchanges, 0),
      query: anyOf(branches.map(({ query }) => query)),
    })),
  }
}

/** The coverage of some policies, by their ids; undefined where none of them is in the report. */
export function coverageFor(coverage: Coverage | undefined, ids: readonly string[]): LineCoverage | undefined {
  const found = coverage?.policies.filter(({ policy }) => ids.includes(policy)) ?? []
  return found.length === 0 ? undefined : coverageOf(found)
}

/** `field:a` and `field:b` as `field:a,b`. */
function anyOf(queries: readonly string[]): string {
  const [first = '', ...others] = [...new Set(queries)]
  return [first, ...others.map((query) => query.replace(/^\w+:/, ''))].join(',')
}

export function seenBranches({ branches }: LineCoverage): BranchCoverage[] {
  return branches.filter(({ exchanges }) => exchanges > 0)
}

/** `2 of 5 answers seen`. */
export function answersText(coverage: LineCoverage): string {
  return `${seenBranches(coverage).length} of ${coverage.branches.length} answers seen`
}

/** An outcome for people: its verdict, and the title of its code. */
export function outcomeTitle(outcome: string): { verdict: string; title: string } {
  const [verdict = outcome, code] = outcome.split(':')
  if (code === undefined)
    return { verdict, title: Object.hasOwn(plainTitles, verdict) ? plainTitles[verdict]! : verdict }
  return { verdict, title: Object.hasOwn(denials, code) ? denials[code as keyof typeof denials].title : code }
}

const plainTitles: Readonly<Record<string, string>> = {
  pass: 'passes',
  modify: 'changes the message',
  respond: 'answers itself',
  skipped: 'condition not met',
  undecidable: 'undecidable',
  error: 'fails by a bug',
}

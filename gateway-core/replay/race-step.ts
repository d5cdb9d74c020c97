import type { RaceReport, StepReport } from '../protocol/replay-reports.ts'
import { isStatus, passes, wordsOf } from './assertions.ts'
import type { SequenceStep } from './sequence.ts'

/** How the copies of a step race. */
export interface RaceOfStep {
  copies: number
  http2: boolean
  whole: boolean
}

/** What a step says of its race; undefined where it is sent once. */
export function raceOf({ race }: SequenceStep): RaceOfStep | undefined {
  if (race === undefined) return undefined
  if (typeof race === 'number') return { copies: race, http2: false, whole: false }
  const { copies, http2 = false, whole = false } = race
  return { copies, http2, whole }
}

/** Checks what a step expects of all answers together. */
export function checkRace(
  { status, answers = {} }: NonNullable<SequenceStep['expect']>,
  { groups, copies }: RaceReport,
  lineOf: (path: readonly string[]) => number,
  fill: (text: string) => string,
): StepReport['assertions'] {
  const came = groups.map((group) => `${group.copies.length} × ${group.status}`).join(', ') || 'no answer'
  const told = (path: readonly string[], says: string, passed: boolean) => ({
    line: lineOf(path),
    says,
    passed,
    ...(!passed && { found: came }),
  })
  const assertions: StepReport['assertions'] = []
  if (status !== undefined) {
    const wanted = (Array.isArray(status) ? status : [status]).map((one) => fill(String(one)))
    const fit = groups.filter((group) => wanted.some((one) => isStatus(one, group.status)))
    const all = fit.reduce((sum, group) => sum + group.copies.length, 0) === copies
    assertions.push(told(['status'], `every status is ${wanted.join(' or ')}`, all))
  }
  for (const [name, check] of Object.entries(answers)) {
    const fit = groups.filter((group) => isStatus(name, group.status))
    const count = fit.reduce((sum, group) => sum + group.copies.length, 0)
    const says = `the number of answers ${name} ${wordsOf(check, fill)}`
    assertions.push(told(['answers', name], says, passes(check, count, fill)))
  }
  return assertions
}

import type { Coverage, PolicyCoverage } from '../protocol/what-if.ts'
import { visible } from '../visible.ts'
import type { ShowPosition } from './exchange-line.ts'
import type { Io, Paint } from './io.ts'

/** Every policy with what it answered and what it never did, then how many were reached. `noun`: what was judged. */
export function printCoverage(io: Io, found: Coverage, shown: ShowPosition, noun = 'exchange'): void {
  const { exchanges, judged, policies, gone } = found
  const { paint } = io
  for (const policy of policies) {
    const place = shown({ file: policy.file, line: policy.line, column: 1 }).replace(/:\d+$/, '')
    const reached = policy.reached === 0 ? paint('yellow', '◐ never hit') : paint('green', `● ${count(policy.reached)}`)
    io.print(`${reached}  ${paint('bold', visible(policy.policy, 200))}  ${paint('dim', visible(place, 200))}`)
    if (policy.reached > 0) io.print(`    ${branchesText(policy, paint)}`)
  }
  for (const { policy, reached } of gone) {
    io.print(paint('dim', `– ${count(reached)}  ${visible(policy, 200)}  not in the workspace any more`))
  }
  const never = policies.filter(({ reached }) => reached === 0).length
  const without = exchanges - judged
  const notes = [
    `${policies.length - never} of ${policies.length} policies reached by ${count(judged)} ${noun}${judged === 1 ? '' : 's'}`,
    ...(without > 0 ? [`${count(without)} had no policy before them`] : []),
  ]
  io.tell(notes.join('; '))
}

/** `--json` has them all. */
const mostNever = 6

function branchesText({ branches }: PolicyCoverage, paint: Paint): string {
  const seen = branches.filter(({ exchanges }) => exchanges > 0)
  const never = branches.filter(({ exchanges }) => exchanges === 0).map(({ outcome }) => outcome.replace(/^deny:/, ''))
  const parts = seen.map(({ outcome, exchanges }) => `${outcome.replace(/^deny:/, '')} ${count(exchanges)}`)
  const more = never.length > mostNever ? `, ${never.length - mostNever} more` : ''
  if (never.length > 0) parts.push(paint('dim', `never: ${never.slice(0, mostNever).join(', ')}${more}`))
  return parts.join(' · ')
}

function count(number: number): string {
  return number.toLocaleString('en')
}

import type { AnyPolicy } from '../gateway-core/pipeline/policy.ts'
import { denialCodesOf, sourceOf } from './denial-codes.ts'

/**
 * What each policy type can answer, read from its source: `pass`, `modify`, `respond`, then the codes that it denies
 * with. One line for each type, because coverage shows what recorded traffic never met.
 */
export function policyOutcomes(policies: readonly AnyPolicy[]): string {
  const byType = Object.fromEntries(policies.map(({ type }) => [type, outcomesOf(type).join(' ')]))
  return `${JSON.stringify(byType, undefined, 2)}\n`
}

function outcomesOf(type: string): string[] {
  const source = sourceOf(type)
  const plain = answers.filter(([, pattern]) => pattern.test(source)).map(([answer]) => answer)
  return [...plain, ...denialCodesOf(type)]
}

const answers: readonly (readonly [string, RegExp])[] = [
  ['pass', /verdict: 'pass'|(?:return|\?|:|=>|=) pass\b/],
  ['modify', /\bmodify\(|verdict: 'modify'/],
  ['respond', /verdict: 'respond'/],
]

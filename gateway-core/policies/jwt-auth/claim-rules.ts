import { RE2JS } from 're2js'
import type { DenialCode } from '../../errors.ts'
import type { Claims, Evidence } from '../../exchange.ts'
import { claimAt, claimTexts } from '../../pipeline/place.ts'
import type { Setup } from '../../pipeline/policy.ts'

type Scalar = string | number | boolean
type WrittenRule =
  | Scalar
  | readonly Scalar[]
  | {
      readonly equals?: Scalar
      readonly oneOf?: readonly Scalar[]
      readonly matches?: string
      readonly contains?: Scalar | readonly Scalar[]
      readonly present?: boolean
    }

/** One thing that a claim must be. */
interface ClaimTest {
  readonly claim: string
  /** For people: `one of "a", "b"`. */
  readonly expected: string
  /** Whether absence is what is wanted or does not matter. */
  readonly absentIsFine: boolean
  holds(value: unknown): boolean
}

export type ClaimRules = readonly ClaimTest[]

/** Compiles the `claims:` of a configuration; expressions that do not compile are problems. */
export function compileClaims(written: Readonly<Record<string, unknown>>, setup: Setup): ClaimRules {
  return Object.entries(written).flatMap(([claim, rule]) => compileRule(claim, rule as WrittenRule, setup))
}

function compileRule(claim: string, rule: WrittenRule, setup: Setup): ClaimTest[] {
  if (typeof rule !== 'object') return [equals(claim, [rule])]
  if (isList(rule)) return [equals(claim, rule)]
  const tests: ClaimTest[] = []
  if (rule.equals !== undefined) tests.push(equals(claim, [rule.equals]))
  if (rule.oneOf) tests.push(equals(claim, rule.oneOf))
  if (rule.contains !== undefined) tests.push(contains(claim, isList(rule.contains) ? rule.contains : [rule.contains]))
  if (rule.present !== undefined) tests.push(presence(claim, rule.present))
  if (rule.matches !== undefined) tests.push(...matches(claim, rule.matches, setup))
  return tests
}

function equals(claim: string, values: readonly Scalar[]): ClaimTest {
  const expected = values.length === 1 ? JSON.stringify(values[0]) : `one of ${list(values)}`
  return { claim, expected, absentIsFine: false, holds: (value) => values.includes(value as Scalar) }
}

function contains(claim: string, values: readonly Scalar[]): ClaimTest {
  const holds = (value: unknown) => {
    const items: readonly unknown[] = typeof value === 'string' ? value.split(' ') : Array.isArray(value) ? value : []
    return values.every((wanted) => items.includes(wanted))
  }
  return { claim, expected: `a list with ${list(values)}`, absentIsFine: false, holds }
}

function presence(claim: string, present: boolean): ClaimTest {
  const holds = (value: unknown) => (value !== undefined && value !== null) === present
  return { claim, expected: present ? 'any value' : 'no such claim', absentIsFine: !present, holds }
}

function matches(claim: string, source: string, setup: Setup): ClaimTest[] {
  try {
    const pattern = RE2JS.compile(source)
    const holds = (value: unknown) => typeof value === 'string' && pattern.matches(value)
    return [{ claim, expected: `text that matches ${source}`, absentIsFine: false, holds }]
  } catch (error) {
    const pointer = `/claims/${claim.replaceAll('~', '~0').replaceAll('/', '~1')}/matches`
    const message = `the expression for claim ${claim} does not compile: ${(error as Error).message}`
    setup.problem(pointer, 'BAD_EXPRESSION', message, 'write it in RE2 syntax, without look-around and back references')
    return [{ claim, expected: `text that matches ${source}`, absentIsFine: false, holds: () => false }]
  }
}

/** The first rule that the claims break, or undefined. */
export function brokenClaim(rules: ClaimRules, claims: Claims): { code: DenialCode; evidence: Evidence } | undefined {
  for (const rule of rules) {
    const value = claimAt(claims, rule.claim)
    if (rule.holds(value)) continue
    const at = { in: 'claim', name: rule.claim } as const
    const missing = value === undefined && !rule.absentIsFine
    return {
      code: missing ? 'CLAIM_MISSING' : 'CLAIM_NOT_ALLOWED',
      evidence: { at, observed: observedClaim(value), expected: rule.expected },
    }
  }
  return undefined
}

/** A claim as evidence: scalars as they are, lists as texts, shortened. */
export function observedClaim(value: unknown): Evidence['observed'] {
  if (value === undefined || value === null) return null
  if (typeof value === 'number' || typeof value === 'boolean') return value
  const texts = claimTexts(value)
    .slice(0, 20)
    .map((text) => (text.length > 200 ? `${text.slice(0, 200)}…` : text))
  return Array.isArray(value) ? texts : (texts[0] ?? null)
}

function list(values: readonly Scalar[]): string {
  return values.map((value) => JSON.stringify(value)).join(', ')
}

function isList(value: unknown): value is readonly Scalar[] {
  return Array.isArray(value)
}

import { tokensOf } from '../../openapi/pointer.ts'
import type { Masking } from './methods.ts'

/** A JSON pointer (RFC 6901) in which `*` is any member and `**` any number of levels. */
export interface FieldRule {
  readonly steps: readonly string[]
  readonly masking: Masking
}

/** How far a rule has come on the way down: `rule.steps[at]` is what it wants next. */
export interface Progress {
  readonly rule: FieldRule
  readonly at: number
}

export function fieldRule(pointer: string, masking: Masking): FieldRule {
  return { steps: tokensOf(pointer), masking }
}

/** Where all rules stand before the first step; a rule for the whole document is there already. */
export function beginning(rules: readonly FieldRule[]): Reached {
  const next = rules.filter((rule) => rule.steps.length > 0).map((rule) => ({ rule, at: 0 }))
  return { hit: rules.find((rule) => rule.steps.length === 0)?.masking, next }
}

export interface Reached {
  /** Masking of a rule that leads exactly here. */
  readonly hit: Masking | undefined
  /** Rules that may lead further down. */
  readonly next: readonly Progress[]
}

/** Takes the step `name` with all rules. */
export function descend(progress: readonly Progress[], name: string): Reached {
  const next: Progress[] = []
  let hit: Masking | undefined
  const follow = (rule: FieldRule, at: number): void => {
    const wanted = rule.steps[at]
    if (wanted === '**') {
      add(next, rule, at)
      if (at + 1 === rule.steps.length) hit ??= rule.masking
      else follow(rule, at + 1)
    } else if (wanted === '*' || wanted === name) {
      if (at + 1 === rule.steps.length) hit ??= rule.masking
      else add(next, rule, at + 1)
    }
  }
  for (const { rule, at } of progress) follow(rule, at)
  return { hit, next }
}

/** A rule with `**` reaches the same place in many ways; once is enough, or deep documents would multiply them. */
function add(list: Progress[], rule: FieldRule, at: number): void {
  if (!list.some((entry) => entry.rule === rule && entry.at === at)) list.push({ rule, at })
}

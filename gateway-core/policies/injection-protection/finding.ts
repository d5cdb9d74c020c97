/** Classes of injection; each has its detector. */
export const injectionClasses = [
  'sql',
  'nosql',
  'xss',
  'command',
  'code',
  'ldap',
  'template',
  'path',
  'crlf',
  'log4shell',
  'xxe',
  'redirect',
] as const
export type InjectionClass = (typeof injectionClasses)[number]

/**
 * Evidence of one rule in one text. `score` says how sure the rule is: 8 and more is hardly anything else, 6 and 7 need
 * an unlucky text to be wrong, 5 is likely, 3 and 4 fit honest text too.
 */
export interface Finding {
  class: InjectionClass
  /** Name of the rule, for evidence. */
  rule: string
  score: number
  /** Where in the inspected text. */
  start: number
  end: number
}

/** Where the text was found; a line break is normal in a body and an attack in a query. */
export interface Context {
  place: 'query' | 'path' | 'header' | 'cookie' | 'body'
  /** The text is a name (a JSON key, a parameter's name), not a value. */
  name: boolean
}

/** Looks at one decoded text and says the strongest thing it finds. Time is linear in the length of the text. */
export type Detector = (text: string, traits: number, context: Context) => Finding | undefined

/** The stronger of two findings. */
export function stronger(a: Finding | undefined, b: Finding | undefined): Finding | undefined {
  if (!a || !b) return a ?? b
  return b.score > a.score ? b : a
}

/** A rule that is one expression: linear by construction (no repetition inside a repetition, all repetitions bounded or of disjoint characters). */
export interface PatternRule {
  rule: string
  score: number
  pattern: RegExp
}

/** The strongest of a list of rules, which is sorted by falling score. */
export function firstOf(kind: InjectionClass, rules: readonly PatternRule[], text: string): Finding | undefined {
  for (const { rule, score, pattern } of rules) {
    const found = pattern.exec(text)
    if (found) return { class: kind, rule, score, start: found.index, end: found.index + found[0].length }
  }
  return undefined
}

/** Sorts rules for `firstOf`. */
export function byScore(rules: readonly PatternRule[]): readonly PatternRule[] {
  return [...rules].sort((a, b) => b.score - a.score)
}

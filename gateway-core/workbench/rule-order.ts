import {
  appendRule,
  findRule,
  insertAfter,
  placesOf,
  type RulePlace,
  rulesOf,
  textOfRule,
  withBlockList,
} from './rule-edit.ts'

/**
 * Puts a rule of a text before the one above it (`-1`) or after the one below it (`1`); undefined where there is none.
 * Comments that stand directly above a rule go with it; empty lines stay where they are.
 */
export function moveRule(text: string, name: string, step: -1 | 1): string | undefined {
  const place = findRule(text, name)
  const to = place && place.at + step
  if (!place || to === undefined || to < 0 || to >= place.list.items.length) return undefined
  if (place.list.flow) return withBlockList(text, place.list, (items) => swapped(items, place.at, to))
  const lines = text.split('\n')
  const blocks = blocksOf(text, lines)
  const [upper, lower] = [blocks[Math.min(place.at, to)], blocks[Math.max(place.at, to)]]
  if (!upper || !lower) return undefined
  const part = (from: number, end: number) => lines.slice(from, end)
  return [
    ...part(0, upper.from),
    ...part(lower.from, lower.end),
    ...part(upper.end, lower.from),
    ...part(upper.from, upper.end),
    ...part(lower.end, lines.length),
  ].join('\n')
}

/** Puts a copy behind a rule; only its name is another one. */
export function duplicateRule(text: string, name: string, copy: string): string {
  const place = findRule(text, name)!
  return behind(text, place, withName(textOfRule(text, place), name, copy))
}

/** A rule on its way from one text to another: its YAML, and the comments that stood above it. */
export interface LooseRule {
  name: string
  rule: string
  comments: readonly string[]
}

/** Puts a rule at a place (0: the first) among those of a text, with its comments above it. */
export function insertRule(text: string, { name, rule, comments }: LooseRule, at: number): string {
  const names = rulesOf(text)
  const before = names[Math.max(0, at - 1)]
  const place = before === undefined ? undefined : findRule(text, before)
  const put = place ? behind(text, place, rule) : appendRule(text, rule)
  const ordered = at === 0 && place ? moveRule(put, name, -1)! : put
  const first = firstLineOf(ordered, name)
  const lines = ordered.split('\n')
  const indent = /^\s*/.exec(lines[first]!)![0]
  return lines.toSpliced(first, 0, ...comments.map((line) => indent + line.trim())).join('\n')
}

/** The comments directly above a rule, and where they stand. */
export function commentsAbove(text: string, name: string): { from: number; lines: readonly string[] } {
  const first = firstLineOf(text, name)
  const at = rulesOf(text).indexOf(name)
  const lines = text.split('\n')
  const from = findRule(text, name)!.list.flow ? first : (blocksOf(text, lines)[at]?.from ?? first)
  return { from, lines: lines.slice(from, first) }
}

export function withoutLines(text: string, { from, lines }: { from: number; lines: readonly string[] }): string {
  return text.split('\n').toSpliced(from, lines.length).join('\n')
}

function firstLineOf(text: string, name: string): number {
  return findRule(text, name)!.line - 1
}

function behind(text: string, place: RulePlace, rule: string): string {
  if (!place.list.flow) return insertAfter(text, place, rule)
  return withBlockList(text, place.list, (items) => items.toSpliced(place.at + 1, 0, rule.trimEnd()))
}

/** `slow copy`, `slow copy 2`: a name that no rule has. */
export function copyName(name: string, taken: ReadonlySet<string>): string {
  const base = name.replace(/ copy(?: \d+)?$/, '')
  for (let number = 1; ; number++) {
    const candidate = number === 1 ? `${base} copy` : `${base} copy ${number}`
    if (!taken.has(candidate)) return candidate
  }
}

function withName(rule: string, name: string, copy: string): string {
  const asList = `rules:\n  - ${rule.trimEnd().replaceAll('\n', '\n    ')}\n`
  const { map } = findRule(asList, name)!
  const [start, end] = (map.get('name', true) as unknown as { range: [number, number, number] }).range
  const written = `${asList.slice(0, start)}${JSON.stringify(copy)}${asList.slice(end)}`
  return textOfRule(written, findRule(written, copy)!)
}

/** Lines of each rule, from the comments above it to its end (exclusive). */
function blocksOf(text: string, lines: readonly string[]): { from: number; end: number }[] {
  const lineAt = (offset: number) => text.slice(0, offset).split('\n').length - 1
  let above = -1
  return placesOf(text).map(({ start, end }) => {
    let from = lineAt(start)
    while (from - 1 > above && /^\s*#/.test(lines[from - 1]!)) from--
    above = lineAt(end)
    return { from, end: above + 1 }
  })
}

function swapped<T>(items: readonly T[], a: number, b: number): T[] {
  return items.with(a, items[b]!).with(b, items[a]!)
}

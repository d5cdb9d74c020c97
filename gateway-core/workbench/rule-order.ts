import { findRule, insertAfter, placesOf, textOfRule, withBlockList } from './rule-edit.ts'

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
  const rule = withName(textOfRule(text, place), name, copy)
  if (place.list.flow) {
    return withBlockList(text, place.list, (items) => items.toSpliced(place.at + 1, 0, rule.trimEnd()))
  }
  return insertAfter(text, place, rule)
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

import { isMap, isPair, isScalar, isSeq, type Pair, parseDocument, type YAMLMap, type YAMLSeq } from 'yaml'

/** Where a rule stands in a text: its own lines, and how far they are indented. */
export interface RulePlace {
  /** Characters from the first key to the end of its last line, comments of its own behind it included. */
  start: number
  end: number
  /** Column (0-based) of its first key, and its line (1-based). */
  column: number
  line: number
  map: YAMLMap
  list: YAMLSeq
  at: number
}

/** Names of the rules in a text, in order; empty where it has none or cannot be read. */
export function rulesOf(text: string): string[] {
  const list = listIn(text)
  return list ? list.items.map((item) => nameOf(item)).filter((name) => name !== undefined) : []
}

export function findRule(text: string, name: string): RulePlace | undefined {
  const list = listIn(text)
  const at = list ? list.items.findIndex((item) => nameOf(item) === name) : -1
  const map = list?.items[at]
  if (!list || !isMap(map) || !map.range) return undefined
  const { start, end, column } = placeAt(text, list, map)
  return { start, end, column, line: text.slice(0, start).split('\n').length, map, list, at }
}

/** All rules of a text, where they stand. */
export function placesOf(text: string): { column: number; start: number; end: number }[] {
  const list = listIn(text)
  return list ? list.items.filter(isMap).map((map) => placeAt(text, list, map)) : []
}

/** The YAML of a rule without the indentation of its place. */
export function textOfRule(text: string, { start, end, column }: RulePlace): string {
  const [first, ...rest] = text.slice(start, end).split('\n')
  const indent = ' '.repeat(column)
  return `${[first, ...rest.map((line) => (line.startsWith(indent) ? line.slice(column) : line.trimStart()))].join('\n')}\n`
}

/** Puts another rule in the place of one; everything around it stays as it is. */
export function replaceRule(text: string, place: RulePlace, rule: string): string {
  if (place.list.flow) return withBlockList(text, place.list, (items) => items.with(place.at, rule.trimEnd()))
  return text.slice(0, place.start) + indented(rule, place.column) + text.slice(place.end)
}

/** Adds a rule after the others. */
export function appendRule(text: string, rule: string): string {
  return appendItem(text, 'rules', rule)
}

/** Adds a mapping to a list of the text, after the others; makes the list where there is none. */
export function appendItem(text: string, key: string, rule: string): string {
  const list = listIn(text, key)
  if (list?.flow) return withBlockList(text, list, (items) => [...items, rule.trimEnd()])
  const last = list?.items.at(-1)
  if (list && isMap(last) && last.range) return insertAfter(text, placeAt(text, list, last), rule)
  const body = `${key}:\n  - ${indented(rule, 4)}\n`
  // A key without a value is where the list belongs.
  const empty = new RegExp(`^${key}:[ \\t]*(?:#.*)?$`, 'm').exec(text)
  if (empty) return `${text.slice(0, empty.index)}${body.trimEnd()}${text.slice(empty.index + empty[0].length)}`
  return text === '' || text.endsWith('\n') ? text + body : `${text}\n${body}`
}

/** Adds a rule behind another one of a list that is written in lines. */
export function insertAfter(text: string, place: { start: number; end: number }, rule: string): string {
  const indent = ' '.repeat(dashColumn(text, place.start))
  return `${text.slice(0, place.end)}\n${indent}- ${indented(rule, indent.length + 2)}${text.slice(place.end)}`
}

export function removeRule(text: string, place: RulePlace): string {
  const { list, at } = place
  if (list.flow || list.items.length === 1) {
    return withBlockList(text, list, (items) => items.toSpliced(at, 1))
  }
  const from = text.lastIndexOf('\n', place.start - 1) + 1
  const lineEnd = text.indexOf('\n', place.end)
  return text.slice(0, from) + (lineEnd === -1 ? '' : text.slice(lineEnd + 1))
}

/** Turns a rule on or off by one word. */
export function enableRule(text: string, place: RulePlace, enabled: boolean): string {
  const { map } = place
  const pair = map.items.find((one) => isScalar(one.key) && one.key.value === 'enabled')
  const value = pair && rangeOf(pair)
  if (value) return text.slice(0, value[0]) + String(enabled) + text.slice(value[1])
  // What says nothing is on.
  if (enabled) return text
  const name = map.items.find((one) => isScalar(one.key) && one.key.value === 'name')
  const after = (name && rangeOf(name)?.[1]) ?? place.end
  const word = map.flow ? `, enabled: ${enabled}` : `\n${' '.repeat(place.column)}enabled: ${enabled}`
  return text.slice(0, after) + word + text.slice(after)
}

function listIn(text: string, key = 'rules'): YAMLSeq | undefined {
  const { contents } = parseDocument(text, { strict: false, logLevel: 'silent' })
  const list = isMap(contents) ? contents.get(key, true) : undefined
  return isSeq(list) ? list : undefined
}

function nameOf(item: unknown): string | undefined {
  const name = isMap(item) ? item.get('name') : undefined
  return typeof name === 'string' ? name : undefined
}

function placeAt(text: string, list: YAMLSeq, map: YAMLMap): { start: number; end: number; column: number } {
  const start = map.range![0]
  const end = endOf(map)
  const column = start - (text.lastIndexOf('\n', start - 1) + 1)
  if (list.flow) return { start, end, column }
  // The rest of its last line, and comments below it that are as far to the right as its keys.
  const own = new RegExp(`^[ \\t]*(?:#.*)?(?:\\n {${column},}#.*)*`).exec(text.slice(end))![0]
  return { start, end: end + own.trimEnd().length, column }
}

/** Where the last value ends: comments below a mapping count as part of it, wherever they stand. */
function endOf(node: unknown): number {
  if ((isMap(node) || isSeq(node)) && !node.flow) {
    const last: unknown = node.items.at(-1)
    if (isPair(last)) return endOf(last.value ?? last.key)
    if (last !== undefined) return endOf(last)
  }
  return (node as { range: [number, number, number] }).range[1]
}

function dashColumn(text: string, start: number): number {
  const lineStart = text.lastIndexOf('\n', start - 1) + 1
  return Math.max(0, text.slice(lineStart, start).indexOf('-'))
}

function indented(rule: string, column: number): string {
  const indent = ' '.repeat(column)
  return rule
    .trim()
    .split('\n')
    .map((line, at) => (at === 0 || line === '' ? line : indent + line))
    .join('\n')
}

/** Writes a list in one line (or one that becomes empty) anew, one rule below the other. */
export function withBlockList(text: string, list: YAMLSeq, change: (items: string[]) => string[]): string {
  const items = list.items.map((item) => {
    const [start, end] = (item as YAMLMap).range!
    return text.slice(start, end).trimEnd()
  })
  const next = change(items)
  const [from, to] = list.range!
  const end = from + text.slice(from, to).trimEnd().length
  const before = text.slice(0, from).replace(/\s+$/, '')
  const written = next.length === 0 ? ' []' : next.map((item) => `\n  - ${indented(item, 4)}`).join('')
  return before + written + (text.slice(end) || '\n')
}

function rangeOf(pair: Pair): [number, number] | undefined {
  const range = (pair.value as { range?: [number, number, number] } | null)?.range
  return range && [range[0], range[1]]
}

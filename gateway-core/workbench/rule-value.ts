import { type Document, isMap, isScalar, isSeq, type Node, type Pair, parseDocument, stringify, visit } from 'yaml'

/** A rule as it is written: what a form shows and changes. */
export type RuleValue = Record<string, unknown>

/** In this order they are written; keys of a file that are there keep their places. */
const order = ['name', 'enabled', 'match', 'share', 'rewrite', 'mock', 'delay', 'fault']

/** What the YAML of a rule says; undefined where it cannot be read as a mapping. */
export function valueOfRule(rule: string): RuleValue | undefined {
  const document = parseDocument(rule, { logLevel: 'silent' })
  if (document.errors.length > 0 || !isMap(document.contents)) return undefined
  return document.toJS() as RuleValue
}

/** The YAML of a rule with other values: what stays the same keeps its lines and its comments. */
export function ruleWithValue(rule: string, value: RuleValue): string {
  const before = valueOfRule(rule)
  if (!before) return stringify(value, writing)
  // Below a key a comment at the end belongs to the mapping; at the end of a document it would be set apart.
  const document = parseDocument(`rule:\n${rule.replaceAll(/^(?=.)/gm, '  ')}`, { logLevel: 'silent' })
  const map = document.get('rule', true)
  if (!isMap(map)) return stringify(value, writing)
  const old = new Set(map.items.map(keyOf))
  change(document, ['rule'], before, value)
  // What is new goes to its usual place; what was there stays where it was.
  const added = map.items.filter((one) => !old.has(keyOf(one)))
  for (const pair of added) {
    map.items.splice(map.items.indexOf(pair), 1)
    const after = map.items.findLastIndex((one) => rank(one) < rank(pair))
    map.items.splice(after + 1, 0, pair)
  }
  const written = document.toString(writing)
  return written.slice(written.indexOf('\n') + 1).replaceAll(/^ {2}/gm, '')
}

const writing = { lineWidth: 0, flowCollectionPadding: true } as const

function change(document: Document, path: readonly (string | number)[], before: unknown, after: unknown): void {
  if (same(before, after)) return
  const node = document.getIn(path, true)
  if (isMap(node) && isRecord(before) && isRecord(after)) {
    for (const key of Object.keys(before)) if (!Object.hasOwn(after, key)) document.deleteIn([...path, key])
    for (const [key, one] of Object.entries(after)) {
      if (Object.hasOwn(before, key)) change(document, [...path, key], before[key], one)
      else document.setIn([...path, key], nodeOf(document, one))
    }
  } else if (isSeq(node) && Array.isArray(before) && Array.isArray(after) && before.length === after.length) {
    for (const [at, one] of after.entries()) change(document, [...path, at], before[at], one)
  } else if (isScalar(node) && !isRecord(after) && !Array.isArray(after)) {
    node.value = after
    // Quotes that another value needed.
    delete node.type
  } else {
    document.setIn(path, nodeOf(document, after))
  }
}

/** Small mappings of a list stand in one line each, as people write them. */
function nodeOf(document: Document, value: unknown): Node {
  const node = document.createNode(value) as Node
  visit(node, { Seq: (_, list) => list.items.forEach((item) => isMap(item) && (item.flow = true)) })
  return node
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function same(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b)
}

function keyOf(pair: Pair): string {
  return String(isScalar(pair.key) ? pair.key.value : pair.key)
}

function rank(pair: Pair): number {
  const at = order.indexOf(keyOf(pair))
  return at === -1 ? order.length : at
}

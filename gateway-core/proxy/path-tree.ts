import { RE2JS } from 're2js'
import type { PathMatch } from '../config/workspace.ts'

/** Values by path pattern, looked up most specific first. */
export interface PathTree<T> {
  add(pattern: PathMatch, value: T): void
  /** Offers the values of each matching pattern, most specific first, until `choose` takes one. */
  find(
    path: string,
    choose: (values: readonly T[]) => T | undefined,
  ): { value: T; parameters: Record<string, string> } | undefined
}

interface Node<T> {
  literals: Map<string, Node<T>>
  /** Segments such as `{id}` or `{name}.json`, those with more literal text first. */
  variables: { segment: Segment; node: Node<T> }[]
  values: T[]
  prefix: T[]
}

interface Segment {
  text: string
  name: string
  before: string
  after: string
}

const none: Record<string, string> = Object.freeze({})

/** A tree of path segments. Look-up cost grows with the depth of the path, not with the number of patterns. */
export function createPathTree<T>(): PathTree<T> {
  const root = emptyNode<T>()
  const expressions: { pattern: RE2JS; source: string; names: string[]; values: T[] }[] = []
  const anything: T[] = []
  return {
    add(pattern, value) {
      if (pattern.kind === 'any') anything.push(value)
      else if (pattern.kind === 'expression') addExpression(expressions, pattern.value, value)
      else addTemplate(root, pattern.value, pattern.kind === 'prefix', value)
    },
    find(path, choose) {
      const segments = path.split('/')
      const captured: string[] = []
      const exact = descend(root, segments, 1, captured, choose)
      if (exact) return exact
      for (const { pattern, names, values } of expressions) {
        const matcher = pattern.matcher(path)
        if (!matcher.matches()) continue
        const value = choose(values)
        if (value !== undefined)
          return { value, parameters: Object.fromEntries(names.map((name) => [name, matcher.group(name) ?? ''])) }
      }
      const covering = prefixes(root, segments)
      for (const found of covering) {
        const value = choose(found.values)
        if (value !== undefined) return { value, parameters: found.parameters }
      }
      const value = anything.length > 0 ? choose(anything) : undefined
      return value === undefined ? undefined : { value, parameters: none }
    },
  }
}

function emptyNode<T>(): Node<T> {
  return { literals: new Map(), variables: [], values: [], prefix: [] }
}

function addExpression<T>(
  expressions: { pattern: RE2JS; source: string; names: string[]; values: T[] }[],
  source: string,
  value: T,
): void {
  const known = expressions.find((expression) => expression.source === source)
  if (known) {
    known.values.push(value)
    return
  }
  const names = [...source.matchAll(/\(\?P?<([A-Za-z_]\w*)>/g)].map((match) => match[1]!)
  expressions.push({ pattern: RE2JS.compile(source), source, names, values: [value] })
}

/** A prefix ends in `/*`, `/` or a segment. Two templates that differ only in parameter names are two patterns: each keeps its own names. */
function addTemplate<T>(root: Node<T>, template: string, prefix: boolean, value: T): void {
  let node = root
  const path = prefix ? template.replace(/\/\*?$/, '') : template
  for (const text of path.split('/').slice(1)) {
    const open = text.indexOf('{')
    const close = text.indexOf('}')
    if (open === -1 || close < open) {
      const literal = safeDecode(text)
      const next = node.literals.get(literal) ?? emptyNode<T>()
      node.literals.set(literal, next)
      node = next
      continue
    }
    let known = node.variables.find((variable) => variable.segment.text === text)
    if (!known) {
      const segment = {
        text,
        name: text.slice(open + 1, close),
        before: text.slice(0, open),
        after: text.slice(close + 1),
      }
      known = { segment, node: emptyNode<T>() }
      node.variables.push(known)
      node.variables.sort((a, b) => literalLength(b.segment) - literalLength(a.segment))
    }
    node = known.node
  }
  ;(prefix ? node.prefix : node.values).push(value)
}

function literalLength(segment: Segment): number {
  return segment.before.length + segment.after.length
}

function descend<T>(
  node: Node<T>,
  segments: readonly string[],
  at: number,
  captured: string[],
  choose: (values: readonly T[]) => T | undefined,
): { value: T; parameters: Record<string, string> } | undefined {
  if (at === segments.length) {
    const value = node.values.length > 0 ? choose(node.values) : undefined
    return value === undefined ? undefined : { value, parameters: nameAll(captured) }
  }
  const segment = segments[at]!
  const literal = node.literals.get(safeDecode(segment))
  const found = literal && descend(literal, segments, at + 1, captured, choose)
  if (found) return found
  for (const { segment: pattern, node: next } of node.variables) {
    const value = variableValue(pattern, segment)
    if (value === undefined) continue
    captured.push(pattern.name, value)
    const deeper = descend(next, segments, at + 1, captured, choose)
    if (deeper) return deeper
    captured.length -= 2
  }
  return undefined
}

function variableValue(pattern: Segment, segment: string): string | undefined {
  const { before, after } = pattern
  if (segment.length <= before.length + after.length || !segment.startsWith(before) || !segment.endsWith(after))
    return undefined
  return safeDecode(segment.slice(before.length, segment.length - after.length))
}

/** Every node on the way that has prefix values, deepest first. */
function prefixes<T>(
  root: Node<T>,
  segments: readonly string[],
): { values: readonly T[]; parameters: Record<string, string> }[] {
  const found: { values: readonly T[]; parameters: Record<string, string>; depth: number }[] = []
  const walk = (node: Node<T>, at: number, captured: readonly string[]) => {
    if (node.prefix.length > 0) found.push({ values: node.prefix, parameters: nameAll(captured), depth: at })
    const segment = segments[at]
    if (segment === undefined) return
    const literal = node.literals.get(safeDecode(segment))
    if (literal) walk(literal, at + 1, captured)
    for (const { segment: pattern, node: next } of node.variables) {
      const value = variableValue(pattern, segment)
      if (value === undefined) continue
      walk(next, at + 1, [...captured, pattern.name, value])
    }
  }
  walk(root, 1, [])
  return found.sort((a, b) => b.depth - a.depth)
}

function nameAll(captured: readonly string[]): Record<string, string> {
  if (captured.length === 0) return none
  const parameters: Record<string, string> = {}
  for (let at = 0; at < captured.length; at += 2) parameters[captured[at]!] = captured[at + 1]!
  return parameters
}

/** Percent-decoding of one segment; a segment that does not decode stands for itself. */
function safeDecode(segment: string): string {
  if (!segment.includes('%')) return segment
  try {
    return decodeURIComponent(segment)
  } catch {
    return segment
  }
}

import { isMap, isSeq, type Node, parseDocument, type YAMLMap, type YAMLSeq } from 'yaml'
import { closest } from '../config/closest.ts'
import { policies } from '../policies/index.ts'
import { refused } from '../protocol/rpc-error.ts'
import type { Insertion } from '../protocol/types.ts'
import { itemsOf, pairOf, pairsOf, valueOf, type YamlNode, yamlOf } from './yaml-walk.ts'

/** A policy as a YAML list item with what it does above it. Throws an RpcError for an unknown type. */
export function snippetOf(type: string): string {
  const { docs } = policyOf(type)
  const owasp = docs.owasp.length === 0 ? '' : ` (OWASP ${docs.owasp.join(', ')})`
  return `${commented(`${docs.summary}${owasp}`)}\n${docs.example.trimEnd()}`
}

/** As a comment of as many lines as it takes. */
function commented(text: string): string {
  const lines = ['#']
  for (const word of text.split(' ')) {
    if (lines.at(-1)!.length + word.length > 88) lines.push('#')
    lines.push(`${lines.pop()!} ${word}`)
  }
  return lines.join('\n')
}

function policyOf(type: string) {
  const policy = policies.find((one) => one.type === type)
  if (policy) return policy
  const meant = closest(
    type,
    policies.map((one) => one.type),
  )
  throw refused(`there is no policy type "${type.slice(0, 60)}"`, meant && `did you mean "${meant}"?`)
}

interface Scope {
  node: YAMLMap
  /** Characters `[start, end)` that belong to it. */
  start: number
  end: number
}

/**
 * Where a snippet goes, seen from a line (1-based): after the policy on that line, else at the end of the policies of
 * the scope around it (route, API, workspace, named set), which gets its `policies:` where it has none. No other
 * character of the text is touched.
 */
export function insertionAt(path: string, text: string, line: number, type: string): Insertion {
  const { contents: root, errors } = yamlOf(text)
  if (errors.length > 0 && !isMap(root)) throw refused('the file cannot be read as YAML', 'mend it first')
  if (path.startsWith('environments/')) {
    throw refused('an environment changes policies by name, it has none of its own', 'add it to gatehouse.yaml')
  }
  const offset = lineStart(text, line)
  const lineEnd = endOfLine(text, offset)
  const eol = text.includes('\r\n') ? '\r\n' : '\n'
  const place = path.startsWith('policies/') ? setAt(root, text, lineEnd) : scopeAt(root, text, lineEnd)
  const insertion = place.list ? intoList(text, place.list, lineEnd, type) : newList(text, place.scope as Scope, type)
  const edit = { ...insertion, text: insertion.text.replaceAll('\n', eol) }
  return { ...edit, cursor: cursorOf(text, edit, type) }
}

type Place = { list: YAMLSeq; scope?: undefined } | { list?: undefined; scope: Scope }
type Edit = Pick<Insertion, 'offset' | 'length' | 'text'>

/** The innermost scope whose text holds the line. */
function scopeAt(root: YamlNode, text: string, offset: number): Place {
  if (root !== null && !isMap(root)) throw refused('a workspace is a mapping (key: value)')
  if (!root) return { scope: { node: undefined as never, start: text.length, end: text.length } }
  let scope: YAMLMap = root as YAMLMap
  for (const key of ['apis', 'routes']) {
    const inner = itemsOf(valueOf(scope, key)).find((item, at, all) => holds(text, item, all[at + 1], offset))
    if (!isMap(inner)) break
    scope = inner as YAMLMap
  }
  const list = valueOf(scope, 'policies')
  if (isSeq(list)) return { list: list as YAMLSeq }
  return { scope: { node: scope, start: scope.range![0], end: scope.range![1] } }
}

/** Whether an item of a list reaches to the offset: blank lines after it belong to it, up to its next neighbour. */
function holds(text: string, item: Node, next: Node | undefined, offset: number): boolean {
  const [start, end] = item.range!
  if (offset < lineStartOf(text, start)) return false
  if (offset <= endOfLine(text, lastOf(text, end))) return true
  return next !== undefined && offset < lineStartOf(text, next.range![0])
}

function setAt(root: YamlNode, text: string, offset: number): Place {
  const pairs = pairsOf(root)
  const reached = pairs.filter((pair) => lineStartOf(text, (pair.key as Node).range![0]) <= offset)
  const list = (reached.at(-1) ?? pairs[0])?.value
  if (isSeq(list)) return { list: list as YAMLSeq }
  throw refused('there is no list of policies here', 'begin one with: name-of-the-set: [ … ] on a line of its own')
}

function intoList(text: string, list: YAMLSeq, offset: number, type: string): Edit {
  const items = itemsOf(list as never)
  if (list.flow) {
    // What stands on one line stays there.
    const close = list.range![1] - 1
    const end = items.length === 0 ? list.range![0] + 1 : items.at(-1)!.range![1]
    const separator = items.length === 0 ? '' : ', '
    return { offset: end, length: items.length === 0 ? close - end : 0, text: separator + flowItem(type) }
  }
  const reached = items.filter((item) => lineStartOf(text, item.range![0]) <= offset)
  const indent = indentOf(text, list.range![0])
  const after = reached.at(-1)
  if (!after) {
    const start = lineStartOf(text, items[0]!.range![0])
    return { offset: start, length: 0, text: `${indented(snippetOf(type), indent)}\n` }
  }
  return afterLine(text, lastOf(text, after.range![1]), indented(snippetOf(type), indent))
}

/** A scope without `policies:` gets them: before `routes:` where it has some, else at its end. */
function newList(text: string, { node, end }: Scope, type: string): Edit {
  if (!node || node.items.length === 0) {
    const lead = text === '' || text.endsWith('\n') ? '' : '\n'
    return { offset: text.length, length: 0, text: `${lead}policies:\n${indented(snippetOf(type), '  ')}\n` }
  }
  const empty = pairOf(node as never, 'policies')
  const first = (node.items[0]!.key as Node).range![0]
  if (node.flow) {
    const last = node.items.at(-1)!
    const at = ((last.value ?? last.key) as Node).range![1]
    return { offset: at, length: 0, text: `, policies: [${flowItem(type)}]` }
  }
  const indent = ' '.repeat(first - lineStartOf(text, first))
  const list = indented(snippetOf(type), `${indent}  `)
  if (empty) return afterLine(text, lastOf(text, (empty.key as Node).range![1]), list)
  const routes = pairOf(node as never, 'routes') ?? pairOf(node as never, 'apis')
  if (routes && routes !== node.items[0]) {
    const start = lineStartOf(text, (routes.key as Node).range![0])
    return { offset: start, length: 0, text: `${indent}policies:\n${list}\n` }
  }
  return afterLine(text, lastOf(text, end), `${indent}policies:\n${list}`)
}

export function afterLine(text: string, offset: number, lines: string): Edit {
  const end = endOfLine(text, offset)
  if (end === text.length) return { offset: end, length: 0, text: `\n${lines}` }
  const at = text[end] === '\r' ? end + 2 : end + 1
  return { offset: at, length: 0, text: `${lines}\n` }
}

/** The example on one line, as it stands in a list in brackets. */
function flowItem(type: string): string {
  const [item] = parseDocument(policyOf(type).docs.example).toJS() as [unknown]
  return typeof item === 'string' ? item : flow(item).slice(2, -2)
}

function flow(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(flow).join(', ')}]`
  if (typeof value === 'object' && value !== null) {
    return `{ ${Object.entries(value)
      .map(([key, one]) => `${scalar(key)}: ${flow(one)}`)
      .join(', ')} }`
  }
  return typeof value === 'string' ? scalar(value) : JSON.stringify(value)
}

function scalar(text: string): string {
  const plain =
    /^[A-Za-z_][\w -]*$/.test(text) && !/^(?:true|false|null|yes|no|on|off|y|n)$/i.test(text) && !text.endsWith(' ')
  return plain ? text : JSON.stringify(text)
}

/** On the first value of the snippet, or behind its name where it has none. */
function cursorOf(text: string, { offset, length, text: added }: Edit, type: string): Insertion['cursor'] {
  const whole = text.slice(0, offset) + added + text.slice(offset + length)
  const item = new RegExp(`^\\s*- (?=${type})`, 'm').exec(added)
  const head = item ? item.index + item[0].length : added.indexOf(type)
  const value = /:[ \t]*(?:\r?\n\s*[\w-]+:[ \t]*)?/.exec(added.slice(head + type.length))
  const at = offset + head + type.length + (value?.index === 0 ? value[0].length : 0)
  const before = whole.slice(0, at)
  return { line: before.split('\n').length, column: at - before.lastIndexOf('\n') }
}

function indented(lines: string, indent: string): string {
  return lines.replaceAll(/^(?=.)/gm, indent)
}

function indentOf(text: string, offset: number): string {
  return ' '.repeat(offset - lineStartOf(text, offset))
}

/** The last character of a node that is no blank: block nodes reach over the lines after them. */
export function lastOf(text: string, end: number): number {
  let at = end - 1
  while (at > 0 && /\s/.test(text[at]!)) at--
  return at
}

function lineStart(text: string, line: number): number {
  let start = 0
  for (let at = 1; at < line; at++) {
    const next = text.indexOf('\n', start)
    if (next === -1) return text.length
    start = next + 1
  }
  return start
}

export function lineStartOf(text: string, offset: number): number {
  return text.lastIndexOf('\n', offset - 1) + 1
}

function endOfLine(text: string, offset: number): number {
  const next = text.indexOf('\n', offset)
  if (next === -1) return text.length
  return next > 0 && text[next - 1] === '\r' ? next - 1 : next
}

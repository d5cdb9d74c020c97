import { isScalar, Scalar } from 'yaml'
import { workspaceFile } from '../config/load.ts'
import { SourceFile } from '../config/source.ts'
import { policies } from '../policies/index.ts'
import { refused } from '../protocol/rpc-error.ts'
import type { Definition, FileNode } from '../protocol/types.ts'
import type { FileDesk } from './file-desk.ts'
import { itemsOf, keyOf, pairsOf, rangeOf, textOf, valueOf, type YamlNode, yamlOf } from './yaml-walk.ts'

/** A cursor in a text that may not be saved; line and column are 1-based. */
export interface Cursor {
  path: string
  text: string
  line: number
  column: number
}

type Kind = 'upstream' | 'api' | 'route' | 'set' | 'consumer' | 'group' | 'policy' | 'file' | 'secret'

/** One place where a name is written. */
interface Mention {
  kind: Kind
  name: string
  /** API of a route: another one may have a route of that name. */
  within?: string
  path: string
  start: number
  end: number
  role: 'definition' | 'reference'
  node: unknown
  /** What stands before the name inside the same scalar (`api:books/` of a policy's id) or after it. */
  part?: { before: string; after: string }
  /** It is the type that gives the name. */
  isType?: boolean
}

/** Where the name under the cursor is defined; null when there is none, or when nothing defines it. */
export function definitionAt(desk: FileDesk, cursor: Cursor): Definition | null {
  const mentions = mentionsIn(desk, cursor)
  const here = mentionAt(mentions, cursor)
  if (!here) return null
  if (here.kind === 'file') return desk.exists(here.name) ? { path: here.name, line: 1, column: 1 } : null
  const found = mentions.filter((one) => one.role === 'definition' && isSame(one, here))
  // An overlay says differently what the workspace says first.
  const first = found.find((one) => one.path === workspaceFile && one !== here) ?? found.find((one) => one !== here)
  const target = first ?? found[0]
  if (!target) return null
  const text = textIn(desk, cursor, target.path)
  const { line, column } = new SourceFile(target.path, text ?? '').positionAt(target.start)
  return { path: target.path, line, column }
}

/** Every file in which the name under the cursor is written, with the new name; only those characters change. */
export function renamed(desk: FileDesk, cursor: Cursor, name: string): { path: string; text: string }[] {
  const mentions = mentionsIn(desk, cursor)
  const here = mentionAt(mentions, cursor)
  if (!here || here.kind === 'file' || here.kind === 'secret') {
    throw refused(
      'here is no name that can be changed',
      'put the cursor on the name of an upstream, API, route, policy, set or consumer',
    )
  }
  if (!/^[A-Za-z0-9_][\w.-]*$/.test(name)) {
    throw refused(`"${name.slice(0, 60)}" is no name`, 'use letters, digits, dots, dashes and underscores')
  }
  if (name === here.name) return []
  const same = mentions.filter((one) => isSame(one, here))
  if (same.some(({ isType }) => isType)) {
    throw refused(`"${here.name}" is the type of the policy`, 'give the policy a name: first')
  }
  if (!same.some(({ role }) => role === 'definition')) throw refused(`"${here.name}" is not defined anywhere here`)
  const taken = mentions.find((one) => one.role === 'definition' && isSame(one, { ...here, name }))
  if (taken && here.kind !== 'group')
    throw refused(`there is ${article(here.kind)} "${name}" already`, 'choose another name')
  return textsWith(desk, cursor, same, name)
}

/** Names that can stand at the cursor: those that are defined of the kind that is referred to there. */
export function namesAt(desk: FileDesk, cursor: Cursor): string[] {
  const { text, line, column } = cursor
  const at = offsetOf(text, line, column)
  const start = at - /[\w./-]*$/.exec(text.slice(Math.max(0, at - 200), at))![0].length
  const end = at + /^[\w./-]*/.exec(text.slice(at, at + 200))![0].length
  // A name that nobody has: what it would be is known by where it stands.
  const asked = {
    ...cursor,
    text: `${text.slice(0, start)}${placeholder}${text.slice(end)}`,
    column: column - (at - start),
  }
  const mentions = mentionsIn(desk, asked)
  const here = mentionAt(mentions, asked)
  if (!here || here.role !== 'reference' || here.name !== placeholder) return []
  if (here.kind === 'file') return filesOf(desk.tree(), here.node === undefined ? undefined : 'openapi')
  const defined = mentions.filter((one) => one.role === 'definition' && one.kind === here.kind)
  return [...new Set(defined.map(({ name }) => name))].sort()
}

const placeholder = 'a-name-that-nobody-has'

function filesOf(nodes: readonly FileNode[], kind: FileNode['kind'] | undefined): string[] {
  return nodes.flatMap((node) => {
    if (node.children) return filesOf(node.children, kind)
    return kind === undefined || node.kind === kind ? [node.path] : []
  })
}

/** Texts in which a file is named, with its new name. */
export function withFileRenamed(desk: FileDesk, from: string, to: string): { path: string; text: string }[] {
  const cursor = { path: workspaceFile, text: desk.currentText(workspaceFile) ?? '', line: 1, column: 1 }
  const mentions = mentionsIn(desk, cursor).filter(({ kind, name }) => kind === 'file' && name === from)
  return textsWith(desk, cursor, mentions, to)
}

/** Each file with other characters at its mentions. */
function textsWith(desk: FileDesk, cursor: Cursor, mentions: readonly Mention[], name: string) {
  const files: { path: string; text: string }[] = []
  for (const path of new Set(mentions.map((one) => one.path))) {
    let text = textIn(desk, cursor, path)!
    const inFile = mentions.filter((one) => one.path === path).sort((a, b) => b.start - a.start)
    for (const mention of inFile) text = text.slice(0, mention.start) + written(mention, name) + text.slice(mention.end)
    files.push({ path, text })
  }
  return files
}

function isSame(one: Mention, other: Mention): boolean {
  return one.kind === other.kind && one.name === other.name && one.within === other.within
}

/** The scalar anew, in the quotes it had. */
function written({ node, part }: Mention, name: string): string {
  // Within another scalar, as in `${consumer:name}`.
  if (node === undefined) return name
  const value = part ? `${part.before}${name}${part.after}` : name
  const type = isScalar(node) ? node.type : undefined
  if (type === Scalar.QUOTE_DOUBLE) return JSON.stringify(value)
  if (type === Scalar.QUOTE_SINGLE) return `'${value.replaceAll("'", "''")}'`
  // A plain name that YAML would read as something else needs quotes.
  return /^(?:[\d.-].*|true|false|null|yes|no|on|off|~)$/i.test(value) ? JSON.stringify(value) : value
}

function article(kind: Kind): string {
  const names: Record<Kind, string> = {
    upstream: 'an upstream',
    api: 'an API',
    route: 'a route',
    set: 'a policy set',
    consumer: 'a consumer',
    group: 'a group',
    policy: 'a policy',
    file: 'a file',
    secret: 'a secret',
  }
  return names[kind]
}

function mentionAt(mentions: readonly Mention[], { path, text, line, column }: Cursor): Mention | undefined {
  const offset = offsetOf(text, line, column)
  const here = mentions.filter((one) => one.path === path && one.start <= offset && offset <= one.end)
  // `${secret:…}` stands inside another scalar: the narrowest place is meant.
  return here.sort((a, b) => a.end - a.start - (b.end - b.start))[0]
}

function offsetOf(text: string, line: number, column: number): number {
  let start = 0
  for (let at = 1; at < line; at++) {
    const next = text.indexOf('\n', start)
    if (next === -1) return text.length
    start = next + 1
  }
  return start + Math.max(0, column - 1)
}

function textIn(desk: FileDesk, cursor: Cursor, path: string): string | undefined {
  return path === cursor.path ? cursor.text : desk.currentText(path)
}

function mentionsIn(desk: FileDesk, cursor: Cursor): Mention[] {
  const paths = new Set<string>([workspaceFile, cursor.path, ...yamlPaths(desk.tree())])
  const mentions: Mention[] = []
  for (const path of paths) {
    const text = textIn(desk, cursor, path)
    if (text !== undefined) new Reader(path, text, mentions).read()
  }
  return mentions
}

function yamlPaths(nodes: readonly FileNode[]): string[] {
  return nodes.flatMap((node) =>
    node.children
      ? yamlPaths(node.children)
      : node.kind === 'environment' || node.kind === 'policies' || node.kind === 'test'
        ? [node.path]
        : [],
  )
}

const types = new Set(policies.map(({ type }) => type))

class Reader {
  readonly #path: string
  readonly #text: string
  readonly #mentions: Mention[]

  constructor(path: string, text: string, mentions: Mention[]) {
    this.#path = path
    this.#text = text
    this.#mentions = mentions
  }

  read(): void {
    const root = yamlOf(this.#text).contents
    this.#references()
    if (this.#path.startsWith('policies/')) {
      for (const pair of pairsOf(root)) {
        this.#add('set', pair.key, 'definition')
        this.#policies(pair.value as YamlNode)
      }
      return
    }
    if (this.#path.startsWith('tests/')) return this.#tests(root)
    for (const pair of pairsOf(valueOf(root, 'upstreams'))) this.#add('upstream', pair.key, 'definition')
    for (const consumer of itemsOf(valueOf(root, 'consumers'))) {
      this.#add('consumer', valueOf(consumer, 'name'), 'definition')
      for (const group of itemsOf(valueOf(consumer, 'groups'))) this.#add('group', group, 'definition')
    }
    const own = valueOf(root, 'policies')
    if (this.#path.startsWith('environments/')) for (const pair of pairsOf(own)) this.#overridden(pair.key)
    else this.#policies(own)
    for (const api of itemsOf(valueOf(root, 'apis'))) {
      this.#add('api', valueOf(api, 'name'), 'definition')
      this.#add('upstream', valueOf(api, 'upstream'), 'reference')
      this.#add('file', valueOf(api, 'openapi'), 'reference')
      this.#policies(valueOf(api, 'policies'))
      for (const route of itemsOf(valueOf(api, 'routes'))) {
        this.#route(valueOf(route, 'name'), 'definition', textOf(valueOf(api, 'name')))
        this.#add('upstream', valueOf(route, 'upstream'), 'reference')
        this.#policies(valueOf(route, 'policies'))
      }
    }
  }

  /** What tests expect: policies by name or id, routes by id, callers. */
  #tests(root: YamlNode): void {
    for (const test of itemsOf(valueOf(root, 'tests'))) {
      for (const step of [test, ...itemsOf(valueOf(test, 'sequence'))]) {
        const expected = valueOf(step, 'expect')
        this.#overridden(valueOf(expected, 'decidedBy'))
        for (const pair of pairsOf(valueOf(expected, 'trace'))) this.#overridden(pair.key)
        this.#add('consumer', valueOf(expected, 'consumer'), 'reference')
        const route = valueOf(expected, 'route')
        const [, api, rest] = /^([^/]+)\/(.*)$/s.exec(textOf(route) ?? '') ?? []
        if (api === undefined || rest === undefined) continue
        this.#add('api', route, 'reference', api, { before: '', after: `/${rest}` })
        this.#route(route, 'reference', api, rest, { before: `${api}/`, after: '' })
      }
    }
  }

  #route(node: unknown, role: Mention['role'], within = '', name?: string, part?: Mention['part']): void {
    const before = this.#mentions.length
    this.#add('route', node, role, name ?? textOf(node), part)
    if (this.#mentions.length > before) this.#mentions.at(-1)!.within = within
  }

  #policies(list: YamlNode): void {
    for (const item of itemsOf(list)) this.#policy(item)
  }

  #policy(item: YamlNode): void {
    this.#policies(item)
    const bare = textOf(item)
    if (bare !== undefined && types.has(bare)) this.#unnamed(item, bare)
    for (const pair of pairsOf(item)) {
      const key = keyOf(pair)
      const value = pair.value as YamlNode
      if (key === 'use') this.#add('set', value, 'reference')
      else if (key === 'without') for (const name of [value, ...itemsOf(value)]) this.#add('policy', name, 'reference')
      else if (key === 'any-of') this.#policies(value)
      else if (types.has(key)) {
        this.#configuration(value)
        if (!valueOf(value, 'name')) this.#unnamed(pair.key, key)
      }
    }
  }

  #configuration(config: YamlNode): void {
    this.#add('policy', valueOf(config, 'name'), 'definition')
    for (const side of ['allow', 'deny']) {
      const rule = valueOf(config, side)
      for (const name of itemsOf(valueOf(rule, 'consumers'))) this.#add('consumer', name, 'reference')
      for (const name of itemsOf(valueOf(rule, 'groups'))) this.#add('group', name, 'reference')
    }
  }

  /** Without a name of its own a policy has that of its type. */
  #unnamed(node: unknown, type: string): void {
    this.#add('policy', node, 'definition', type)
    this.#mentions.at(-1)!.isType = true
  }

  /** An environment changes policies by name, or by an id that begins with the scope: `api:books/limits`. */
  #overridden(key: unknown): void {
    const name = textOf(key)
    if (name === undefined) return
    if (!name.includes('/')) return this.#add('policy', key, 'reference')
    const api = /^api:([^/]+)(\/.*)$/.exec(name)
    if (api) this.#add('api', key, 'reference', api[1]!, { before: 'api:', after: api[2]! })
    const route = /^(api:([^/]+)\/route:)([^/]+)(\/.*)$/.exec(name)
    if (route) this.#route(key, 'reference', route[2], route[3]!, { before: route[1]!, after: route[4]! })
    const last = name.lastIndexOf('/') + 1
    this.#add('policy', key, 'reference', name.slice(last), { before: name.slice(0, last), after: '' })
  }

  /** `${secret:name}`, `${file:path}`, and `${consumer:name}` in tests, wherever they stand. */
  #references(): void {
    for (const match of this.#text.matchAll(/(?<!\$)\$\{(secret|file|consumer):\s*([^}\s]+)\s*\}/g)) {
      const start = match.index + match[0].indexOf(match[2]!)
      const kind = match[1] as 'secret' | 'file' | 'consumer'
      const mention = { kind, name: match[2]!, start, end: start + match[2]!.length, role: 'reference' as const }
      this.#mentions.push({ ...mention, path: this.#path, node: undefined })
    }
  }

  #add(kind: Kind, node: unknown, role: Mention['role'], name = textOf(node), part?: Mention['part']): void {
    const range = rangeOf(node)
    if (name === undefined || !range) return
    const mention: Mention = { kind, name, path: this.#path, start: range[0], end: range[1], role, node }
    this.#mentions.push(part ? { ...mention, part } : mention)
  }
}

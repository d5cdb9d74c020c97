import { operationMethods } from './check-paths.ts'
import { resolved, type OpenApiDocument } from './document.ts'
import { parametersOf, type Parameter } from './parameter.ts'
import { isObject, join } from './pointer.ts'
import { basePathsOf } from './servers.ts'

/** One documented operation, its references followed. */
export interface Operation {
  /** Upper case. */
  readonly method: string
  /** Path template as written in the document. */
  readonly template: string
  /** Where the operation stands in the document. */
  readonly pointer: string
  readonly value: Readonly<Record<string, unknown>>
  readonly operationId: string | undefined
  readonly deprecated: boolean
  /** Parameters of the operation and of its path; the operation's win. */
  readonly parameters: readonly Parameter[]
  readonly requestBody: RequestBody | undefined
}

export interface RequestBody {
  readonly required: boolean
  readonly pointer: string
  readonly content: readonly MediaType[]
}

export interface MediaType {
  /** As written, perhaps with parameters or wildcards. */
  readonly type: string
  readonly pointer: string
  readonly value: Readonly<Record<string, unknown>>
}

/** What a request is in the eyes of the document. Values of path parameters are as sent, still percent-encoded. */
export type OperationMatch =
  | { found: 'operation'; operation: Operation; parameters: Readonly<Record<string, string>> }
  /** The path is documented, this method is not; `methods` are those that are. */
  | { found: 'path'; template: string; methods: readonly string[] }
  | { found: 'nothing' }

export interface Operations {
  /** Finds the operation of a normalized path; concrete templates win over templated ones, segment by segment (OpenAPI 3.1 §4.8.8). */
  match(method: string, path: string): OperationMatch
  /** Every operation of the document, in its order. */
  all(): readonly Operation[]
}

const known = new WeakMap<OpenApiDocument, Operations>()

/** Index over the operations of a document; made once per document, each operation resolved at first use. */
export function operationsOf(document: OpenApiDocument): Operations {
  let operations = known.get(document)
  if (!operations) known.set(document, (operations = index(document)))
  return operations
}

interface Leaf {
  template: string
  names: readonly string[]
  operations: ReadonlyMap<string, () => Operation>
}

interface Node {
  literals: Map<string, Node>
  /** Segments with parameters; those with more literal characters first. */
  patterns: { expression: RegExp | undefined; weight: number; source: string; node: Node }[]
  leaf: Leaf | undefined
}

function index(document: OpenApiDocument): Operations {
  const root = newNode()
  const leaves: Leaf[] = []
  const paths = isObject(document['paths']) ? document['paths'] : {}
  const bases = new Set<string>(basePathsOf(document['servers']))
  for (const [template, written] of Object.entries(paths)) {
    if (template.startsWith('x-')) continue
    const item = resolved(document, written, join('/paths', template))
    if (!item) continue
    for (const base of basePathsOf(item.value['servers'])) bases.add(base)
    const operations = new Map<string, () => Operation>()
    for (const method of operationMethods) {
      const value = item.value[method]
      if (!isObject(value)) continue
      for (const base of basePathsOf(value['servers'])) bases.add(base)
      operations.set(
        method.toUpperCase(),
        once(() => operationAt(document, template, item.value, item.pointer, method, value)),
      )
    }
    const leaf = { template, names: namesOf(template), operations }
    leaves.push(leaf)
    insert(root, template.startsWith('/') ? template : `/${template}`, leaf)
  }
  bases.delete('')
  const prefixes = [...bases].sort((a, b) => b.length - a.length)
  return {
    match: (method, path) => match(root, prefixes, method, path),
    all: () => leaves.flatMap((leaf) => [...leaf.operations.values()].map((operation) => operation())),
  }
}

function match(root: Node, bases: readonly string[], method: string, path: string): OperationMatch {
  const values: string[] = []
  let leaf: Leaf | undefined
  for (const base of bases) {
    if (!path.startsWith(base) || path[base.length] !== '/') continue
    leaf = find(root, path.slice(base.length).split('/'), 1, values)
    if (leaf) break
  }
  leaf ??= find(root, path.split('/'), 1, values)
  if (!leaf) return { found: 'nothing' }
  const operation = leaf.operations.get(method) ?? (method === 'HEAD' ? leaf.operations.get('GET') : undefined)
  if (!operation) {
    const methods = [...leaf.operations.keys()]
    if (methods.includes('GET') && !methods.includes('HEAD')) methods.push('HEAD')
    return { found: 'path', template: leaf.template, methods }
  }
  const parameters: Record<string, string> = {}
  for (let at = 0; at < leaf.names.length; at += 1) parameters[leaf.names[at]!] = values[at]!
  return { found: 'operation', operation: operation(), parameters }
}

function find(node: Node, segments: readonly string[], at: number, values: string[]): Leaf | undefined {
  if (at === segments.length) return node.leaf
  const segment = segments[at]!
  const literal = node.literals.get(segment) ?? (segment.includes('%') ? node.literals.get(decode(segment)) : undefined)
  if (literal) {
    const found = find(literal, segments, at + 1, values)
    if (found) return found
  }
  if (segment === '') return undefined
  const depth = values.length
  for (const { expression, node: next } of node.patterns) {
    if (expression === undefined) values.push(segment)
    else {
      const parts = expression.exec(segment)
      if (!parts) continue
      values.push(...parts.slice(1))
    }
    const found = find(next, segments, at + 1, values)
    if (found) return found
    values.length = depth
  }
  return undefined
}

function insert(root: Node, template: string, leaf: Leaf): void {
  let node = root
  for (const segment of template.split('/').slice(1)) {
    if (!/\{[^{}]+\}/.test(segment)) {
      const literal = decode(segment)
      let next = node.literals.get(literal)
      if (!next) node.literals.set(literal, (next = newNode()))
      node = next
      continue
    }
    const source = segment.replaceAll(/\{[^{}]+\}/g, '{}')
    let entry = node.patterns.find((pattern) => pattern.source === source)
    if (!entry) {
      const expression = source === '{}' ? undefined : expressionOf(source)
      entry = { expression, weight: source.replaceAll('{}', '').length, source, node: newNode() }
      node.patterns.push(entry)
      node.patterns.sort((a, b) => b.weight - a.weight)
    }
    node = entry.node
  }
  node.leaf ??= leaf
}

/** Each parameter takes as little as possible; segments are short, so the search stays small. */
function expressionOf(source: string): RegExp {
  const parts = source.split('{}').map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`))
  return new RegExp(`^${parts.join('(.+?)')}$`)
}

function namesOf(template: string): string[] {
  return [...template.matchAll(/\{([^{}]+)\}/g)].map((found) => found[1]!)
}

function newNode(): Node {
  return { literals: new Map(), patterns: [], leaf: undefined }
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment)
  } catch {
    return segment
  }
}

function once<T>(make: () => T): () => T {
  let made: { value: T } | undefined
  return () => (made ??= { value: make() }).value
}

function operationAt(
  document: OpenApiDocument,
  template: string,
  item: Record<string, unknown>,
  itemPointer: string,
  method: string,
  value: Record<string, unknown>,
): Operation {
  const pointer = join(itemPointer, method)
  return {
    method: method.toUpperCase(),
    template,
    pointer,
    value,
    operationId: typeof value['operationId'] === 'string' ? value['operationId'] : undefined,
    deprecated: value['deprecated'] === true,
    parameters: parametersOf(document, [
      { list: item['parameters'], pointer: join(itemPointer, 'parameters') },
      { list: value['parameters'], pointer: join(pointer, 'parameters') },
    ]),
    requestBody: requestBodyOf(document, value['requestBody'], join(pointer, 'requestBody')),
  }
}

function requestBodyOf(document: OpenApiDocument, written: unknown, pointer: string): RequestBody | undefined {
  const body = resolved(document, written, pointer)
  if (!body) return undefined
  const content = isObject(body.value['content']) ? body.value['content'] : {}
  const at = join(body.pointer, 'content')
  return {
    required: body.value['required'] === true,
    pointer: body.pointer,
    content: Object.entries(content).flatMap(([type, entry]) => {
      const media = resolved(document, entry, join(at, type))
      return media ? [{ type, pointer: media.pointer, value: media.value }] : []
    }),
  }
}

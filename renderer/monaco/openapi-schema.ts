import { openApiWords } from './openapi-words.ts'

type Node = Record<string, unknown>
export type OpenApiVersion = '2.0' | '3.0' | '3.1' | '3.2'

/** Which OpenAPI a text says that it follows, in YAML or JSON; undefined: none. */
export function openApiVersionOf(text: string): OpenApiVersion | undefined {
  const said = /^\s*\{?\s*(["']?)(openapi|swagger)\1\s*:\s*["']?(\d+(?:\.\d+)?)/m.exec(text.slice(0, 20_000))
  if (!said) return undefined
  if (said[2] === 'swagger') return '2.0'
  return said[3] === '3.0' ? '3.0' : said[3] === '3.2' ? '3.2' : '3.1'
}

const made = new Map<OpenApiVersion, Promise<Node>>()

/** The schema of OpenAPI documents for completion and hover. Loaded when the first document of its version is opened. */
export function openApiSchema(version: OpenApiVersion): Promise<Node> {
  let schema = made.get(version)
  if (!schema) made.set(version, (schema = load(version)))
  return schema
}

async function load(version: OpenApiVersion): Promise<Node> {
  const published = structuredClone((await publishedSchemas[version]()).default) as Node
  // The parts refer to each other within the schema, not by the address where it is published.
  delete published['$id']
  delete published['id']
  // The dialect in which words can stand beside a reference.
  published['$schema'] = 'https://json-schema.org/draft/2020-12/schema'
  const parts = (published['$defs'] ?? published['definitions']) as Record<string, Node>
  if (published['$defs']) parts['schema'] = await dataSchema()
  return withWords(forEditing(published) as Node)
}

const publishedSchemas: Readonly<Record<OpenApiVersion, () => Promise<{ default: object }>>> = {
  '2.0': () => import('../../node_modules/@scalar/openapi-parser/dist/schemas/v2.0/schema.js'),
  '3.0': () => import('../../node_modules/@scalar/openapi-parser/dist/schemas/v3.0/schema.js'),
  '3.1': () => import('../../node_modules/@scalar/openapi-parser/dist/schemas/v3.1/schema.js'),
  '3.2': () => import('../../node_modules/@scalar/openapi-parser/dist/schemas/v3.2/schema.js'),
}

/** From 3.1 on a schema in a document is JSON Schema, which the published schema leaves open: its vocabularies in one. */
async function dataSchema(): Promise<Node> {
  const vocabularies = await Promise.all([
    import('ajv/dist/refs/json-schema-2020-12/meta/core.json'),
    import('ajv/dist/refs/json-schema-2020-12/meta/applicator.json'),
    import('ajv/dist/refs/json-schema-2020-12/meta/unevaluated.json'),
    import('ajv/dist/refs/json-schema-2020-12/meta/validation.json'),
    import('ajv/dist/refs/json-schema-2020-12/meta/meta-data.json'),
    import('ajv/dist/refs/json-schema-2020-12/meta/format-annotation.json'),
  ])
  const all = vocabularies.map((vocabulary) => structuredClone(vocabulary.default) as unknown as Node)
  const own = {
    discriminator: { type: 'object' },
    xml: { type: 'object' },
    externalDocs: { type: 'object' },
    example: {},
  }
  const properties = Object.assign({}, ...all.map((one) => one['properties']), own) as Node
  const parts = Object.assign({}, ...all.map((one) => one['$defs'])) as Record<string, Node>
  return settled({ type: ['object', 'boolean'], properties }, parts) as Node
}

/** With references of a vocabulary to its own parts put in, and those to `any schema` led to the one in the document. */
function settled(value: unknown, parts: Readonly<Record<string, Node>>): unknown {
  if (Array.isArray(value)) return value.map((one) => settled(one, parts))
  if (typeof value !== 'object' || value === null) return value
  const node = value as Node
  if (node['$dynamicRef'] === '#meta') return { $ref: '#/$defs/schema' }
  const part = typeof node['$ref'] === 'string' ? parts[node['$ref'].replace('#/$defs/', '')] : undefined
  if (part) return settled(part, parts)
  return Object.fromEntries(Object.entries(node).map(([key, one]) => [key, settled(one, parts)]))
}

/** Statuses that are offered where any can stand. */
const statuses = [
  '200',
  '201',
  '202',
  '204',
  '400',
  '401',
  '403',
  '404',
  '409',
  '413',
  '415',
  '422',
  '429',
  '500',
  '503',
]

/** Names that a published schema gives as patterns, written out, and `either a reference or the part` as just that. */
function forEditing(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(forEditing)
  if (typeof value !== 'object' || value === null) return value
  const node = Object.fromEntries(Object.entries(value as Node).map(([key, one]) => [key, forEditing(one)])) as Node
  // Nothing is fetched; what stands elsewhere are bounds of numbers, which only a validation would need.
  if (typeof node['$ref'] === 'string' && !node['$ref'].startsWith('#')) delete node['$ref']
  const choice = node['if'] as Node | undefined
  if (choice && JSON.stringify(choice['required']) === '["$ref"]') return { anyOf: [node['else'], node['then']] }
  const patterns = (node['patternProperties'] ?? {}) as Record<string, Node>
  const named = Object.entries(patterns).flatMap(([pattern, schema]) => {
    const names = /^\^\(?(?:\?:)?([\w|\\$]+?)\)?\$$/.exec(pattern)?.[1]?.replaceAll('\\', '').split('|')
    if (names && typeof schema === 'object') return names.map((name) => [name, schema] as const)
    if (!/^\^\(?\[[01]-[59]\]/.test(pattern)) return []
    return [...statuses, ...(pattern.includes('default') ? ['default'] : [])].map((name) => [name, schema] as const)
  })
  if (named.length > 0) node['properties'] = { ...Object.fromEntries(named), ...(node['properties'] as object) }
  return node
}

function withWords(schema: Node): Node {
  const parts = (schema['$defs'] ?? schema['definitions']) as Record<string, Node>
  describe(schema, 'document')
  for (const [name, part] of Object.entries(parts)) describe(part, objectOf(name))
  return schema
}

/** `Path-Item`, `PathItem` and `path-item` are one; so are the kinds of parameters, of schemes and of flows. */
function objectOf(name: string): string {
  const plain = name.replaceAll('-', '').toLowerCase()
  if (/parameter/.test(plain)) return 'parameter'
  if (/security(?:scheme)?$/.test(plain)) return 'securityscheme'
  return plain.endsWith('flow') ? 'oauthflow' : plain
}

/** Also in alternatives and conditions of the object. */
function describe(node: Node, object: string): void {
  for (const key of ['allOf', 'anyOf', 'oneOf', 'then', 'else', 'dependentSchemas', '$defs']) {
    const inner = node[key]
    if (typeof inner !== 'object' || inner === null) continue
    const nodes = key === 'then' || key === 'else' ? [inner] : Object.values(inner)
    // The parts of the whole document have words of their own.
    if (key !== '$defs' || object !== 'document') for (const one of nodes) describe(one as Node, object)
  }
  const properties = node['properties']
  if (typeof properties !== 'object' || properties === null) return
  const words = { ...openApiWords['*'], ...openApiWords[object] }
  for (const [name, schema] of Object.entries(properties as Node)) {
    const text = words[name]
    if (text === undefined || typeof schema === 'boolean') continue
    ;(properties as Node)[name] = { ...(schema as Node), description: text }
  }
}

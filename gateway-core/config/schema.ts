import { policies } from '../policies/index.ts'
import type { Schema } from './config-of.ts'
import { ruleList } from './rules-schema.ts'
import { parts } from './schema-parts.ts'

/** Keys that every policy takes besides its own; the loader reads them. */
export const reservedProperties = {
  name: { ...parts.name, description: 'Name of this instance in traces and for `without`; the type without it.' },
  mode: {
    enum: ['enforce', 'shadow', 'off'],
    default: 'enforce',
    description: 'enforce decides; shadow only notes what it would have decided; off is not there.',
  },
  when: {
    type: 'string',
    description: 'CEL condition: the policy runs only where it is true.',
    examples: ["request.method == 'POST'"],
  },
  owner: { type: 'string', description: 'Who answers for this policy.' },
  rationale: { type: 'string', description: 'Why it is here.' },
  reviewBy: { type: 'string', description: 'Day by which somebody looks at it again.', examples: ['2026-12-31'] },
  compliance: {
    type: ['string', 'array'],
    items: { type: 'string' },
    description: 'Rules that it serves, for example PCI-DSS 8.3.',
    wants: 'a text or a list of texts',
  },
} as const

/** List of policies; `item` is how one entry is described: loosely for the loader, in full for editors. */
const policyList = (item: Schema) => ({
  type: 'array',
  items: item,
  description: 'Policies, run in the order written, inside their phase.',
})

const routeSchema = (item: Schema) => ({
  type: 'object',
  additionalProperties: false,
  properties: { ...parts.routeProperties, policies: policyList(item) },
})

const apiSchema = (item: Schema) => ({
  type: 'object',
  additionalProperties: false,
  required: ['name'],
  properties: {
    name: { ...parts.name, description: 'Name in ids and traces.', examples: ['books'] },
    openapi: {
      type: 'string',
      description: 'Its OpenAPI document, relative to the workspace.',
      examples: ['openapi/books.yaml'],
    },
    host: { ...parts.textOrTexts, description: 'Host or hosts of all its routes that name none.' },
    upstream: { type: 'string', description: 'Upstream of its routes that name none.' },
    policies: policyList(item),
    routes: {
      type: 'array',
      items: routeSchema(item),
      description: 'Which requests belong to it. Without routes: all.',
    },
  },
})

const workspaceSchema = (item: Schema) => ({
  type: 'object',
  additionalProperties: false,
  required: ['gatehouse'],
  properties: {
    gatehouse: { const: 1, description: 'Version of this format.', examples: [1] },
    name: { type: 'string', description: 'Name of the workspace; the folder without it.' },
    listen: parts.listen,
    upstreams: {
      type: 'object',
      additionalProperties: parts.upstream,
      description: 'Servers behind the gateway, by name.',
      examples: [{ books: 'http://127.0.0.1:9001' }],
    },
    consumers: { type: 'array', items: parts.consumer, description: 'Who may call, with keys and groups.' },
    policies: policyList(item),
    apis: { type: 'array', items: apiSchema(item), description: 'The APIs behind the gateway.' },
    rules: ruleList,
    limits: parts.limits,
    capture: parts.capture,
    trustedProxies: parts.trustedProxies,
    onError: {
      enum: ['closed', 'open'],
      default: 'closed',
      description: 'When a policy fails by a bug: closed denies the request, open lets it pass.',
    },
  },
})

const environmentSchema = (overrides: Schema) => ({
  type: 'object',
  additionalProperties: false,
  description: 'What is different in this environment. Mappings are merged, lists are replaced.',
  properties: {
    listen: { ...parts.listen, minProperties: 0 },
    upstreams: { type: 'object', additionalProperties: parts.upstream, description: 'Upstreams, by name.' },
    consumers: {
      type: 'array',
      items: parts.consumer,
      description: 'Consumers of the same name are replaced key by key, others are added.',
    },
    limits: withoutDefault(parts.limits),
    capture: withoutDefault(parts.capture),
    trustedProxies: withoutDefault(parts.trustedProxies),
    policies: overrides,
  },
})

const setsSchema = (item: Schema) => ({
  type: 'object',
  additionalProperties: policyList(item),
  description: 'Named sets of policies, taken in with `- use: name`.',
})

const rulesSchema = {
  type: 'object',
  additionalProperties: false,
  properties: { rules: ruleList },
  description: 'Rules that change, answer, delay or break exchanges.',
}

const anything: Schema = {}
const anyMapping: Schema = { type: 'object', additionalProperties: { type: ['object', 'null'] } }

/** What the loader checks before it looks at the policies, each by the schema of its type. */
export const structure = {
  workspace: workspaceSchema(anything),
  environment: environmentSchema(anyMapping),
  sets: setsSchema(anything),
  rules: rulesSchema,
} as const

/**
 * JSON Schema (2020-12) of `gatehouse.yaml` with every registered policy, for completion, hover and validation in an
 * editor. `#/$defs/environment` is that of `environments/*.yaml`, `#/$defs/policySets` that of `policies/*.yaml`,
 * `#/$defs/rules` that of `rules/*.yaml`.
 */
export function editorSchema(): Schema {
  const item: Schema = { $ref: '#/$defs/policyItem' }
  const types = Object.fromEntries(policies.map((policy) => [policy.type, policySchema(policy.type)]))
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'Gatehouse workspace',
    ...(withoutWants(workspaceSchema(item)) as Schema),
    $defs: {
      policyItem: policyItemSchema(),
      environment: withoutWants(
        environmentSchema({
          type: 'object',
          description: 'Configuration that differs, by name or id of the policy.',
          additionalProperties: { type: ['object', 'null'] },
        }),
      ),
      policySets: withoutWants(setsSchema(item)),
      rules: withoutWants(rulesSchema),
      ...Object.fromEntries(Object.entries(types).map(([type, schema]) => [`policy-${type}`, withoutWants(schema)])),
    },
  }
}

/** Schema of one policy's configuration with the reserved keys; empty stands for all defaults. */
function policySchema(type: string): Schema {
  const policy = policies.find((one) => one.type === type)!
  const config = policy.config
  const properties = { ...(config['properties'] as object | undefined), ...reservedProperties }
  // References of a policy's schema stay inside it.
  const identity = config['$defs'] ? { $id: `gatehouse:policy/${type}` } : {}
  return { ...identity, ...config, type: ['object', 'null'], description: policy.docs.summary, properties }
}

function policyItemSchema(): Schema {
  const names = policies.map((policy) => policy.type)
  const one = { $ref: '#/$defs/policyItem' }
  return {
    description: 'One policy: `type: configuration`, or only the type where the defaults are right.',
    anyOf: [
      { type: 'string', enum: names },
      {
        type: 'object',
        minProperties: 1,
        maxProperties: 1,
        additionalProperties: false,
        properties: {
          ...Object.fromEntries(names.map((type) => [type, { $ref: `#/$defs/policy-${type}` }])),
          'any-of': {
            type: 'array',
            minItems: 2,
            description: 'Alternatives: it is enough that one of them passes. Each is a policy or a list of policies.',
            items: { anyOf: [one, { type: 'array', items: one }] },
          },
          without: {
            type: 'array',
            items: { type: 'string' },
            description: 'Names of policies of an outer scope that do not run here.',
          },
          use: { type: 'string', description: 'Takes in a named set of policies/*.yaml.' },
        },
      },
    ],
  }
}

function withoutDefault(schema: Schema): Schema {
  return Object.fromEntries(Object.entries(schema).filter(([keyword]) => keyword !== 'default'))
}

/** The schema as editors take it: they know standard keywords only. */
export function withoutWants(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutWants)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).filter(([keyword, entry]) => keyword !== 'wants' || typeof entry !== 'string')
  return Object.fromEntries(entries.map(([keyword, entry]) => [keyword, withoutWants(entry)]))
}

import { parseSize, sizeSchema } from '../../config/units.ts'
import type { Evidence, Exchange, Place } from '../../exchange.ts'
import { operationsOf, type Operation, type Operations } from '../../openapi/operations.ts'
import { join } from '../../openapi/pointer.ts'
import { scalar } from '../../openapi/parameters.ts'
import { printable } from '../../openapi/schema-words.ts'
import { deny, pass, type Outcome } from '../../pipeline/outcome.ts'
import { definePolicy } from '../../pipeline/policy.ts'
import { contentTypeOf } from '../content-type-of.ts'
import { fitOf, parseContentType } from '../request-validation/content-type.ts'
import { visitBody } from './bodies.ts'
import { Field } from './fields.ts'
import { injectionClasses, type Context, type InjectionClass } from './finding.ts'
import { ignoresOf, type Ignores } from './ignores.ts'
import { inspectionOf, type Hit, type Inspect, type Threshold } from './inspect.ts'
import { visitHead } from './places.ts'

interface Prepared {
  inspect: Inspect
  /** For header fields with a grammar of their own. */
  inspectHeader: (text: string) => Hit | undefined
  least: number
  ignores: Ignores
  operations: Operations | undefined
  fieldsOf: (operation: Operation) => Fields
  bodyLimit: number
}

interface Fields {
  parameters: ReadonlyMap<string, { field: Field; read: (text: string) => unknown }>
  bodies: readonly { type: NonNullable<ReturnType<typeof parseContentType>>; field: Field }[]
}

/** The score that counts, by sensitivity. */
const leastScores = { low: 8, medium: 5, high: 3 } as const

/** More findings than this add nothing to an explanation. */
const mostFindings = 5

/** Denies requests that carry an injection attack in query, path, headers, cookies or body (OWASP API8, API10). */
export const injectionProtection = definePolicy({
  type: 'injection-protection',
  docs: {
    summary: 'Denies requests whose values look like an injection attack, and says which, where and why.',
    owasp: ['API8:2023', 'API10:2023'],
    example: `- injection-protection:
    sensitivity: medium
    classes: [sql, nosql, xss, command, path, crlf, log4shell, template]
    ignore: ["body:/comment", "header:x-debug"]`,
  },
  config: {
    type: 'object',
    additionalProperties: false,
    properties: {
      sensitivity: {
        enum: ['low', 'medium', 'high'],
        default: 'medium',
        description:
          'How sure a rule has to be. `low` stops only what is hardly anything else; `medium` also what is likely; `high` also what honest text may contain. Fields that the OpenAPI document declares as free text need one point more.',
      },
      classes: {
        type: 'array',
        items: { enum: injectionClasses },
        minItems: 1,
        default: injectionClasses,
        description:
          'What to look for: `sql`, `nosql`, `xss`, `command` (shells), `code` (PHP, Java, Node.js, Python, serialized objects), `ldap`, `template`, `path` (traversal), `crlf`, `log4shell`, `xxe`, `redirect` (addresses written to be misread).',
      },
      ignore: {
        type: 'array',
        items: { type: 'string', pattern: '^(query|path|header|cookie):.+$|^body(:.*)?$' },
        default: [],
        description:
          'Places that are not looked at: `query:q`, `header:x-note`, `cookie:theme`, `path:name`, `body:/items/*/note` (`*` stands for one step, `body` for all of it).',
      },
      bodyLimit: {
        ...sizeSchema,
        default: '1mb',
        description: 'Largest body that is read; a larger one is refused with 413.',
      },
    },
  },
  prepare: (config, setup): Prepared => {
    const bodyLimit = parseSize(config.bodyLimit)
    if (bodyLimit === undefined)
      setup.problem('/bodyLimit', 'BAD_DURATION', `"${config.bodyLimit}" is not a size`, 'write it like 256kb or 1mb')
    const { openapi } = setup
    const known = new Map<Operation, Fields>()
    const inspect = inspectionOf(config.classes)
    return {
      inspect,
      inspectHeader: headerInspection(inspect, leastScores[config.sensitivity]),
      least: leastScores[config.sensitivity],
      ignores: ignoresOf(config.ignore),
      operations: openapi && operationsOf(openapi),
      fieldsOf: (operation) => {
        let fields = known.get(operation)
        if (!fields) known.set(operation, (fields = fieldsOf(openapi!, operation)))
        return fields
      },
      bodyLimit: bodyLimit ?? 1024 ** 2,
    }
  },
  body: (prepared) => ({ request: prepared.bodyLimit }),
  phases: { requestHeaders: judgeHead, requestBody: judgeBody },
})

function judgeHead(prepared: Prepared, exchange: Exchange): Outcome {
  const { operations, ignores } = prepared
  const match = operations?.match(exchange.request.method, exchange.route?.upstreamPath ?? exchange.request.path)
  const known = match?.found === 'operation' ? match : undefined
  const fields = known && prepared.fieldsOf(known.operation)
  const evidence: Evidence[] = []
  visitHead(exchange, known?.parameters ?? exchange.route?.parameters ?? {}, ({ text, at, context, cautious }) => {
    if (text.length < 3 || evidence.length >= mostFindings || ignores.has(at)) return
    const name = 'name' in at ? at.name : undefined
    const declared = name === undefined || context.name ? undefined : fields?.parameters.get(`${at.in}:${name}`)
    if (declared?.field.clears(text, declared.read(text))) return
    const hit = cautious
      ? prepared.inspectHeader(text)
      : prepared.inspect(text, context, thresholdOf(prepared, declared?.field))
    if (hit) evidence.push(evidenceOf(hit, at, text, context))
  })
  return evidence.length === 0 ? pass : deny('INJECTION_DETECTED', evidence)
}

function judgeBody(prepared: Prepared, exchange: Exchange): Outcome {
  const { operations, ignores } = prepared
  const { body } = exchange.request
  if (!body || body.bytes.length === 0 || ignores.wholeBody) return pass
  const match = operations?.match(exchange.request.method, exchange.route?.upstreamPath ?? exchange.request.path)
  const type = parseContentType(contentTypeOf(exchange.request.headers) ?? '')
  const bodies = match?.found === 'operation' && type ? prepared.fieldsOf(match.operation).bodies : []
  const field = type && bodies.find((one) => fitOf(one.type, type) > 0)?.field
  const evidence: Evidence[] = []
  visitBody(body, exchange, field, (text, pointer, context, declared) => {
    if (text.length < 3 || evidence.length >= mostFindings || declared?.clears(text)) return
    const at: Place = pointer === undefined ? { in: 'body' } : { in: 'body', pointer }
    if (ignores.has(at)) return
    const hit = prepared.inspect(text, context, thresholdOf(prepared, declared))
    if (hit) evidence.push(evidenceOf(hit, at, text, context))
  })
  return evidence.length === 0 ? pass : deny('INJECTION_DETECTED', evidence)
}

/**
 * Header fields with a grammar of their own need surer evidence. Clients send the same ones (User-Agent, Accept) again and
 * again, so those found clean are remembered; the memory is thrown away when it is full.
 */
function headerInspection(inspect: Inspect, least: number): (text: string) => Hit | undefined {
  const clean = new Set<string>()
  const context: Context = { place: 'header', name: false }
  const threshold = (): number => Math.max(least, 7)
  return (text) => {
    if (clean.has(text)) return undefined
    const hit = inspect(text, context, threshold)
    if (hit || text.length > 512) return hit
    if (clean.size >= 1_000) clean.clear()
    clean.add(text)
    return undefined
  }
}

/** Fields made for markup may hold it: only what runs for sure counts there. */
function thresholdOf({ least }: Prepared, field: Field | undefined): Threshold {
  switch (field?.kind) {
    case 'html':
      return (kind) => (kind === 'xss' ? 8 : least + 1)
    case 'markdown':
      return (kind) => (kind === 'xss' || kind === 'command' || kind === 'code' || kind === 'template' ? 8 : least + 1)
    case 'declared':
      return () => Math.min(least + 1, 8)
    default:
      return () => least
  }
}

const secretName = /passw|passphrase|secret|token|api[-_]?key|credential|session|\bsid\b|\bpin\b|auth/i

function evidenceOf({ finding, view }: Hit, at: Place, text: string, context: Context): Evidence {
  const span = [finding.start, finding.end] as const
  const plain = view.by.length === 0 && view.text === text
  const place =
    plain && (at.in === 'body' || at.in === 'query' || at.in === 'path' || at.in === 'header' || at.in === 'cookie')
      ? { ...at, span }
      : at
  const detail = {
    class: finding.class,
    rule: finding.rule,
    score: finding.score,
    ...(view.by.length > 0 ? { decoded: view.by.join(', ') } : {}),
  }
  const label = 'name' in at ? at.name : at.in === 'body' ? at.pointer : undefined
  const expected = `a ${context.name ? 'name' : 'value'} without ${names[finding.class]} (${finding.rule})`
  if (label !== undefined && !context.name && secretName.test(label))
    return { at: place, secret: true, expected, detail }
  const from = Math.max(0, finding.start - 20)
  return { at: place, observed: `${from > 0 ? '…' : ''}${printable(view.text.slice(from), 100)}`, expected, detail }
}

const names: Readonly<Record<InjectionClass, string>> = {
  sql: 'SQL',
  nosql: 'database operators',
  xss: 'script',
  command: 'shell commands',
  code: 'code',
  ldap: 'LDAP filters',
  template: 'template expressions',
  path: 'path traversal',
  crlf: 'header fields',
  log4shell: 'log lookups',
  xxe: 'XML declarations',
  redirect: 'misleading addresses',
}

function fieldsOf(document: NonNullable<Parameters<typeof operationsOf>[0]>, operation: Operation): Fields {
  const parameters = operation.parameters.flatMap((parameter) => {
    if (parameter.schema === undefined) return []
    const { types, items } = parameter.shape
    const isList = types.has('array')
    const field = new Field(document, [parameter.schema])
    const item = isList ? field.item : field
    const read = (text: string): unknown => scalar(text, isList ? items : parameter.shape)[0]
    return item ? [[`${parameter.in}:${parameter.name}`, { field: item, read }] as const] : []
  })
  const bodies = (operation.requestBody?.content ?? []).flatMap((media) => {
    const type = parseContentType(media.type)
    return type && media.value['schema'] !== undefined
      ? [{ type, field: new Field(document, [join(media.pointer, 'schema')]) }]
      : []
  })
  return { parameters: new Map(parameters), bodies }
}

import type { Evidence, Exchange, MessageSide, RequestMessage, ResponseMessage } from '../../exchange.ts'
import { bytesAsText, encoded, textAsBytes } from '../../json/scan.ts'
import { JsonTree } from '../../json/tree.ts'
import { tokensOf } from '../../openapi/pointer.ts'
import { deny, modify, type Outcome, pass } from '../../pipeline/outcome.ts'
import type { Judge, Setup } from '../../pipeline/policy.ts'
import { contentTypeOf } from '../content-type-of.ts'
import { pointerToken } from './header-changes.ts'
import { compileTemplate, referenceHelp, render, soleReference, type Template } from './template.ts'

const pointer = { type: 'string', pattern: '^/', wants: 'a JSON pointer such as /items/0/price' } as const
const pointers = { pattern: pointer.pattern, wants: pointer.wants } as const

/** Schema of `body`, shared by both transformers. */
export const bodySchema = {
  type: 'object',
  additionalProperties: false,
  description: `Changes to a JSON body by pointer (RFC 6901, \`*\` for any member), in this order: remove, rename, move, set. Texts are templates: ${referenceHelp}. Bodies that are not JSON stay as they are; one without a content type is JSON when it reads like it.`,
  properties: {
    remove: { type: 'array', items: pointer, description: 'Values to remove.' },
    rename: {
      type: 'object',
      propertyNames: pointers,
      additionalProperties: { type: 'string' },
      description: 'New names of members, by pointer: `/customer/mail: email`.',
    },
    move: {
      type: 'object',
      propertyNames: pointers,
      additionalProperties: pointer,
      description: 'New places of values, by old place, without wildcards: `/data/id: /id`.',
    },
    set: {
      type: 'object',
      propertyNames: pointers,
      description:
        'New values (any JSON) by pointer; missing objects on the way are made. A text that is one reference alone, such as `{claims.roles}`, keeps the type of the value; when the value is missing, the member is removed.',
    },
  },
} as const

export interface BodyConfig {
  readonly remove?: readonly string[]
  readonly rename?: Readonly<Record<string, string>>
  readonly move?: Readonly<Record<string, string>>
  readonly set?: Readonly<Record<string, unknown>>
}

interface Step {
  readonly pointer: string
  readonly apply: (tree: JsonTree, exchange: Exchange, judge: Judge, evidence: Evidence[]) => number
}

export interface BodyChanges {
  readonly steps: readonly Step[]
}

type Value = { template: Template } | { items: Value[] } | { members: (readonly [string, Value])[] } | { json: string }

export function prepareBody(config: BodyConfig | undefined, setup: Setup): BodyChanges {
  const { remove = [], rename = {}, move = {}, set = {} } = config ?? {}
  const steps: Step[] = []
  for (const path of remove) steps.push({ pointer: path, apply: removing(tokensOf(path)) })
  for (const [path, name] of Object.entries(rename))
    steps.push({ pointer: path, apply: renaming(tokensOf(path), name) })
  for (const [from, to] of Object.entries(move)) {
    const [source, target] = [tokensOf(from), tokensOf(to)]
    const at = `/body/move/${pointerToken(from)}`
    if (source.includes('*') || target.includes('*')) {
      setup.problem(at, 'BAD_VALUE', 'a value is moved from one place to one place', 'write it without `*`')
    } else if (source.every((token, index) => token === target[index])) {
      setup.problem(at, 'BAD_VALUE', 'a value cannot move into itself', 'move it elsewhere')
    } else steps.push({ pointer: from, apply: (tree) => tree.move(source, target) })
  }
  for (const [path, value] of Object.entries(set)) {
    const compiled = compileValue(value, `/body/set/${pointerToken(path)}`, setup)
    steps.push({ pointer: path, apply: setting(path, compiled) })
  }
  return { steps }
}

function removing(tokens: readonly string[]): Step['apply'] {
  return (tree) => tree.remove(tokens)
}

function renaming(tokens: readonly string[], name: string): Step['apply'] {
  return (tree) => tree.rename(tokens, name)
}

function setting(path: string, value: Value): Step['apply'] {
  const tokens = tokensOf(path)
  return (tree, exchange, judge, evidence) => {
    const json = jsonOf(value, exchange, judge)
    if (typeof json === 'string') return tree.set(tokens, encoded(json))
    const { at, text } = json.missing
    evidence.push({ at, observed: null, expected: `a value for {${text}}; ${path} was removed` })
    return tree.remove(tokens)
  }
}

function compileValue(value: unknown, at: string, setup: Setup): Value {
  if (typeof value === 'string') return { template: compileTemplate(value, at, setup) }
  if (Array.isArray(value)) return { items: value.map((item) => compileValue(item, at, setup)) }
  if (typeof value !== 'object' || value === null) return { json: JSON.stringify(value) ?? 'null' }
  return { members: Object.entries(value).map(([key, own]) => [key, compileValue(own, at, setup)] as const) }
}

function jsonOf(
  value: Value,
  exchange: Exchange,
  judge: Judge,
): string | { missing: NonNullable<ReturnType<typeof soleReference>> } {
  if ('json' in value) return value.json
  if ('template' in value) {
    const sole = soleReference(value.template)
    if (sole) {
      const found = sole.read(exchange, judge)
      return found === undefined || found === null ? { missing: sole } : JSON.stringify(found)
    }
    const rendered = render(value.template, exchange, judge)
    return 'missing' in rendered ? rendered : JSON.stringify(rendered.text)
  }
  const parts: string[] = []
  const entries = 'items' in value ? value.items.map((item) => [undefined, item] as const) : value.members
  for (const [key, own] of entries) {
    const json = jsonOf(own, exchange, judge)
    if (typeof json !== 'string') return json
    parts.push(key === undefined ? json : `${JSON.stringify(key)}:${json}`)
  }
  return 'items' in value ? `[${parts.join(',')}]` : `{${parts.join(',')}}`
}

/** Changes the body of a message in place: numbers, escapes and formatting of what is not touched stay as they were. */
export function changeBody(
  plan: BodyChanges,
  side: MessageSide,
  message: RequestMessage | ResponseMessage,
  exchange: Exchange,
  judge: Judge,
): Outcome {
  const { body, headers } = message
  if (plan.steps.length === 0 || !body || body.bytes.length === 0) return pass
  const type = contentTypeOf(headers)?.split(';', 1)[0]!.trim()
  if (type !== undefined && !/^[^/]+\/(?:[^/]+\+)?json$/i.test(type)) return pass
  const partial = 'status' in message && message.status === 206
  const tree = partial ? { message: 'a part of a body', offset: 0 } : JsonTree.read(bytesAsText(body.bytes))
  if (!(tree instanceof JsonTree)) {
    // Nothing says that it is JSON, and it is none.
    if (type === undefined && !/json/i.test(headers.list('content-type') ?? '')) return pass
    const observed = `${tree.message} (at byte ${tree.offset})`
    const expected = 'JSON, as the Content-Type says, so that it can be changed'
    const evidence = [{ at: { in: 'body', of: side }, observed, expected }] as const
    return deny(side === 'request' ? 'BODY_MALFORMED' : 'BODY_NOT_JSON', evidence)
  }
  const evidence: Evidence[] = []
  let changed = 0
  for (const { pointer: at, apply } of plan.steps) {
    const count = apply(tree, exchange, judge, evidence)
    changed += count
    if (count === 0)
      evidence.push({ at: { in: 'body', of: side, pointer: at }, observed: null, expected: 'something to change' })
  }
  if (changed === 0) return { verdict: 'pass', evidence }
  return modify([{ kind: 'set-body', bytes: textAsBytes(tree.write()) }], evidence)
}

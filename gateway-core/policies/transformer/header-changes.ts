import type { Evidence, Exchange } from '../../exchange.ts'
import type { HeaderList } from '../../headers.ts'
import { type Change, deny, type Outcome } from '../../pipeline/outcome.ts'
import type { Judge, Setup } from '../../pipeline/policy.ts'
import { compileTemplate, referenceHelp, render, type Template } from './template.ts'

const name = { type: 'string', pattern: "^[!#$%&'*+.^_`|~0-9A-Za-z-]+$", wants: 'the name of a header field' } as const
const names = { pattern: name.pattern, wants: name.wants } as const

/** Schema of `headers`, shared by both transformers. */
export const headersSchema = {
  type: 'object',
  additionalProperties: false,
  description: `Changes to header fields, in this order: remove, rename, set, add. Values are templates: ${referenceHelp}.`,
  properties: {
    remove: { type: 'array', items: name, description: 'Fields to remove.' },
    rename: {
      type: 'object',
      propertyNames: names,
      additionalProperties: name,
      description: 'New names by old name; a field that has the new name already is replaced.',
    },
    set: {
      type: 'object',
      propertyNames: names,
      additionalProperties: { type: 'string' },
      description:
        'Values by name, in place of any that are there. When a value it refers to is missing, the field is removed: what the sender wrote never stands in for it.',
    },
    add: {
      type: 'object',
      propertyNames: names,
      additionalProperties: { type: 'string' },
      description: 'Values by name, besides those that are there. Left out when a value it refers to is missing.',
    },
  },
} as const

export interface HeadersConfig {
  readonly remove?: readonly string[]
  readonly rename?: Readonly<Record<string, string>>
  readonly set?: Readonly<Record<string, string>>
  readonly add?: Readonly<Record<string, string>>
}

export interface HeaderChanges {
  readonly remove: readonly string[]
  readonly rename: readonly (readonly [from: string, to: string])[]
  readonly set: readonly (readonly [name: string, template: Template])[]
  readonly add: readonly (readonly [name: string, template: Template])[]
}

/** Fields that say where a message ends, how it is coded or where it goes: changing them splits messages. */
const framing = new Set(
  (
    'connection content-encoding content-length expect host http2-settings keep-alive proxy-connection te trailer ' +
    'transfer-encoding upgrade'
  ).split(' '),
)

function allowed(field: string): boolean {
  return !framing.has(field.toLowerCase())
}

export function prepareHeaders(config: HeadersConfig | undefined, setup: Setup): HeaderChanges {
  const { remove = [], rename = {}, set = {}, add = {} } = config ?? {}
  const check = (field: string, pointer: string): void => {
    if (allowed(field)) return
    const suggestion = field.toLowerCase() === 'host' ? 'use `preserveHost` of the route' : 'leave it to the gateway'
    setup.problem(pointer, 'BAD_VALUE', `${field} belongs to the framing of messages and is left alone`, suggestion)
  }
  const templates = (values: Readonly<Record<string, string>>, key: string) =>
    Object.entries(values).map(([field, text]) => {
      check(field, `/headers/${key}/${pointerToken(field)}`)
      return [field, headerTemplate(text, `/headers/${key}/${pointerToken(field)}`, setup)] as const
    })
  for (const [at, field] of remove.entries()) check(field, `/headers/remove/${at}`)
  for (const [from, to] of Object.entries(rename)) {
    check(from, `/headers/rename/${pointerToken(from)}`)
    check(to, `/headers/rename/${pointerToken(from)}`)
  }
  return {
    remove: remove.filter(allowed),
    rename: Object.entries(rename).filter((pair) => pair.every(allowed)),
    set: templates(set, 'set').filter(([field]) => allowed(field)),
    add: templates(add, 'add').filter(([field]) => allowed(field)),
  }
}

function headerTemplate(text: string, pointer: string, setup: Setup): Template {
  if (unsafeInHeader.test(text)) {
    setup.problem(pointer, 'BAD_VALUE', 'a header value holds no line break or other control character', 'remove it')
    return { parts: [] }
  }
  return compileTemplate(text, pointer, setup)
}

// oxlint-disable-next-line no-control-regex -- control characters are what it is about
const unsafeInHeader = /[\u0000-\u0008\u000a-\u001f\u007f]/

/** Changes for one message; a denial when a value would break out of its field (CWE-113). */
export function changeHeaders(
  plan: HeaderChanges,
  headers: HeaderList,
  exchange: Exchange,
  judge: Judge,
  changes: Change[],
  evidence: Evidence[],
): Outcome | undefined {
  for (const field of plan.remove)
    if (headers.has(field.toLowerCase())) changes.push({ kind: 'remove-header', name: field })
  for (const [from, to] of plan.rename) {
    const values = headers.all(from.toLowerCase())
    if (values.length === 0) continue
    changes.push({ kind: 'remove-header', name: from })
    if (from.toLowerCase() !== to.toLowerCase()) changes.push({ kind: 'remove-header', name: to })
    for (const value of values) changes.push({ kind: 'add-header', name: to, value })
  }
  for (const kind of ['set', 'add'] as const) {
    for (const [field, template] of plan[kind]) {
      const rendered = render(template, exchange, judge)
      if ('missing' in rendered) {
        const { at, text } = rendered.missing
        const expected = `a value for {${text}}; ${field} was ${kind === 'set' ? 'removed' : 'left out'}`
        evidence.push({ at, observed: null, expected })
        if (kind === 'set') changes.push({ kind: 'remove-header', name: field })
      } else if (unsafeInHeader.test(rendered.text)) {
        return deny('TRANSFORM_VALUE_UNSAFE', [
          {
            at: { in: 'header', name: field },
            observed: visible(rendered.text),
            expected: 'a value without control characters',
          },
        ])
      } else {
        const value = fieldValue(rendered.text)
        changes.push({ kind: kind === 'set' ? 'set-header' : 'add-header', name: field, value })
      }
    }
  }
  return undefined
}

/** Field values are bytes (RFC 9110 §5.5): other letters go as UTF-8; space around is not part of a value. */
function fieldValue(text: string): string {
  const trimmed = text.trim()
  return /^[\t -~]*$/.test(trimmed) ? trimmed : Buffer.from(trimmed, 'utf8').toString('latin1')
}

function visible(text: string): string {
  return JSON.stringify(text.slice(0, 100)).slice(1, -1)
}

export function pointerToken(text: string): string {
  return text.replaceAll('~', '~0').replaceAll('/', '~1')
}

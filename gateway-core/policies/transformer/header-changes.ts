import type { Evidence, Exchange, MessageSide } from '../../exchange.ts'
import { type HeaderList, isForwardingField } from '../../headers.ts'
import { type Change, deny, type Outcome } from '../../pipeline/outcome.ts'
import type { Judge, Setup } from '../../pipeline/policy.ts'
import { headerName } from '../header-name.ts'
import { compileTemplate, referenceHelp, render, type Template } from './template.ts'

const removed = {
  type: 'string',
  pattern: "^[!#$%&'+.^_`|~0-9A-Za-z-]+\\*?$",
  wants: 'the name of a header field, or its start with a * behind it',
} as const
const names = { pattern: headerName.pattern, wants: headerName.wants } as const

/** Schema of `headers`, shared by both transformers. */
export const headersSchema = {
  type: 'object',
  additionalProperties: false,
  description: `Changes to header fields, in this order: remove, rename, set, add. Values are templates: ${referenceHelp}.`,
  properties: {
    remove: {
      type: 'array',
      items: removed,
      description: 'Fields to remove: by name, or all whose names begin alike, such as `X-Internal-*`.',
    },
    rename: {
      type: 'object',
      propertyNames: names,
      additionalProperties: headerName,
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

/** The same for requests, where upstreams may read two names as one. */
export const requestHeadersSchema = {
  ...headersSchema,
  description: `${headersSchema.description} Servers behind CGI or WSGI read \`X_User\` as \`X-User\`: what a client sends in such a spelling of a name that is removed, renamed or set goes too.`,
} as const

export interface HeadersConfig {
  readonly remove?: readonly string[]
  readonly rename?: Readonly<Record<string, string>>
  readonly set?: Readonly<Record<string, string>>
  readonly add?: Readonly<Record<string, string>>
}

export interface HeaderChanges {
  readonly remove: readonly string[]
  /** Starts of names to remove, in lower case. */
  readonly removeStarts: readonly string[]
  /** In requests, names as CGI-like servers spell them: what folds to one of these and is none of `exact` (lower case) goes. */
  readonly folded: ReadonlySet<string>
  readonly exact: ReadonlySet<string>
  /** Which names of a message are folded: none in responses, all where some of `folded` were written with underscores. */
  readonly folds: 'none' | 'underscored' | 'all'
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
  return !framing.has(fold(field))
}

/** The name as CGI-like servers tell it apart from others (RFC 3875 §4.1.18). */
function fold(field: string): string {
  return field.toLowerCase().replaceAll('_', '-')
}

export function prepareHeaders(config: HeadersConfig | undefined, side: MessageSide, setup: Setup): HeaderChanges {
  const { remove = [], rename = {}, set = {}, add = {} } = config ?? {}
  const names = remove.filter((field) => !field.endsWith('*'))
  const check = (field: string, pointer: string, written = false): void => {
    if (written && side === 'request' && isForwardingField(field.toLowerCase())) {
      const message = `${field} speaks for the client, and goes on only for peers in \`trustedProxies\`: this value mostly gets lost`
      setup.problem(pointer, 'UNUSED', message, 'use `set`, which takes the place of what a client says')
    }
    if (allowed(field)) return
    const suggestion = field.toLowerCase() === 'host' ? 'use `preserveHost` of the route' : 'leave it to the gateway'
    setup.problem(pointer, 'BAD_VALUE', `${field} belongs to the framing of messages and is left alone`, suggestion)
  }
  const templates = (values: Readonly<Record<string, string>>, key: string) =>
    Object.entries(values).map(([field, text]) => {
      check(field, `/headers/${key}/${pointerToken(field)}`, key === 'add')
      return [field, headerTemplate(text, `/headers/${key}/${pointerToken(field)}`, setup)] as const
    })
  for (const [at, field] of remove.entries()) check(field, `/headers/remove/${at}`)
  for (const [from, to] of Object.entries(rename)) {
    check(from, `/headers/rename/${pointerToken(from)}`)
    if (names.some((name) => name.toLowerCase() === from.toLowerCase())) {
      const message = `${from} is removed before anything is renamed`
      setup.problem(`/headers/rename/${pointerToken(from)}`, 'UNUSED', message, 'leave it out of `remove`')
    }
    check(to, `/headers/rename/${pointerToken(from)}`, true)
  }
  const handled = [...names, ...Object.entries(rename).flat()]
  // Who removes `X_User` means that spelling; who sets it means the value that the upstream will read.
  const folding = [...handled.filter((field) => !field.includes('_')), ...Object.keys(set)]
  return {
    remove: names.filter(allowed),
    removeStarts: remove.filter((field) => field.endsWith('*')).map((field) => field.slice(0, -1).toLowerCase()),
    folded: new Set(side === 'request' ? folding.map(fold) : []),
    exact: new Set([...handled, ...Object.keys(set)].map((field) => field.toLowerCase())),
    folds: side === 'response' ? 'none' : Object.keys(set).some((field) => field.includes('_')) ? 'all' : 'underscored',
    rename: Object.entries(rename).filter(
      (pair) => pair.every(allowed) && !names.some((name) => name.toLowerCase() === pair[0].toLowerCase()),
    ),
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
  removeLike(plan, headers, changes)
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

/** Removes fields by the start of their name, and those that a server may take for one that is changed here. */
function removeLike(plan: HeaderChanges, { raw }: HeaderList, changes: Change[]): void {
  const { folded, exact, folds, removeStarts } = plan
  if (folded.size === 0 && removeStarts.length === 0) return
  for (let at = 0; at < raw.length; at += 2) {
    const written = raw[at]!
    const alike = folds === 'all' || (folds === 'underscored' && written.includes('_'))
    if (!alike && removeStarts.length === 0) continue
    const name = written.toLowerCase()
    const other = alike ? fold(name) : name
    const goes =
      (alike && folded.has(other) && !exact.has(name)) ||
      removeStarts.some((start) => name.startsWith(start) || other.startsWith(start))
    if (goes && allowed(name)) changes.push({ kind: 'remove-header', name })
  }
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

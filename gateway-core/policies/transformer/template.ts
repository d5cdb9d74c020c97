import type { Exchange, Place } from '../../exchange.ts'
import { claimAt, claimTexts, queryValues } from '../../pipeline/place.ts'
import type { Judge, Setup } from '../../pipeline/policy.ts'

/** A text with `{references}` to what is known about the exchange, prepared. */
export interface Template {
  readonly parts: readonly (string | Reference)[]
}

export interface Reference {
  /** As written, for example `claims.sub`. */
  readonly text: string
  readonly at: Place
  readonly read: (exchange: Exchange, judge: Judge) => unknown
}

export type Rendered = { text: string } | { missing: Reference }

/** What may be referred to; a name follows those that end in a dot. */
const sources: Readonly<Record<string, (name: string) => Omit<Reference, 'text'>>> = {
  'consumer.name': () => ({ at: { in: 'consumer' }, read: (_, judge) => judge.consumer?.name }),
  'consumer.groups': () => ({ at: { in: 'consumer' }, read: (_, judge) => judge.consumer?.groups }),
  'client.address': () => ({ at: { in: 'client' }, read: (exchange) => exchange.clientAddress }),
  'route.id': () => ({ at: { in: 'path' }, read: (exchange) => exchange.route?.id }),
  'route.api': () => ({ at: { in: 'path' }, read: (exchange) => exchange.route?.api }),
  'exchange.id': () => ({ at: { in: 'state' }, read: (exchange) => exchange.id }),
  method: () => ({ at: { in: 'method' }, read: (exchange) => exchange.request.method }),
  host: () => ({ at: { in: 'host' }, read: (exchange) => exchange.request.authority }),
  path: () => ({ at: { in: 'path' }, read: (exchange) => exchange.request.path }),
  'claims.': (name) => ({ at: { in: 'claim', name }, read: (_, judge) => claimAt(judge.claims, name) }),
  'path.': (name) => ({ at: { in: 'path', name }, read: (exchange) => own(exchange.route?.parameters, name) }),
  'header.': (name) => ({
    at: { in: 'header', name: name.toLowerCase() },
    read: (exchange) => exchange.request.headers.list(name.toLowerCase()),
  }),
  'query.': (name) => ({ at: { in: 'query', name }, read: (exchange) => queryValues(exchange.request.query, name)[0] }),
}

/** Names that may follow `{`, for people. */
export const referenceHelp =
  '`{consumer.name}`, `{consumer.groups}`, `{claims.sub}`, `{path.id}`, `{path}`, `{header.x-name}`, `{query.name}`, `{client.address}`, `{route.id}`, `{route.api}`, `{exchange.id}`, `{method}`, `{host}`'

const credentials = /^(?:authorization|proxy-authorization|cookie|set-cookie|x-api-key|apikey|api-key)$/i

/** Compiles a text. `{{` and `}}` stand for braces. Unknown references and loose braces are problems at `pointer`. */
export function compileTemplate(text: string, pointer: string, setup: Setup): Template {
  const parts: (string | Reference)[] = []
  let literal = ''
  const pieces = /\{\{|\}\}|\{([^{}]*)\}|[{}]|[^{}]+/g
  for (const { 0: piece, 1: name } of text.matchAll(pieces)) {
    if (name !== undefined) {
      const reference = referenceOf(name, pointer, setup)
      if (literal !== '') parts.push(literal)
      literal = ''
      if (reference) parts.push(reference)
    } else if (piece === '{' || piece === '}') {
      setup.problem(pointer, 'BAD_VALUE', `a brace stands alone in "${text}"`, 'write {{ or }} for a brace itself')
    } else literal += piece === '{{' ? '{' : piece === '}}' ? '}' : piece
  }
  if (literal !== '') parts.push(literal)
  return { parts }
}

function referenceOf(text: string, pointer: string, setup: Setup): Reference | undefined {
  const dot = text.indexOf('.')
  const prefix = text.slice(0, dot + 1)
  const name = text.slice(dot + 1)
  const source = own(sources, text) ?? (dot > 0 && name !== '' ? own(sources, prefix) : undefined)
  if (!source || text.endsWith('.')) {
    setup.problem(
      pointer,
      'UNKNOWN_REFERENCE',
      `{${text}} refers to nothing that is known`,
      `write one of ${referenceHelp}`,
    )
    return undefined
  }
  if (prefix === 'header.' && credentials.test(name)) {
    const message = `{${text}} would copy a credential to another place, where nothing treats it as one`
    setup.problem(pointer, 'UNSAFE', message, 'use {consumer.name} or {claims.…}')
  }
  return { text, ...source(name) }
}

/** The text for one exchange, or the reference that leads to nothing. `write` encodes what references give. */
export function render(
  template: Template,
  exchange: Exchange,
  judge: Judge,
  write: (value: string, reference: Reference) => string = (value) => value,
): Rendered {
  let text = ''
  for (const part of template.parts) {
    if (typeof part === 'string') text += part
    else {
      const value = part.read(exchange, judge)
      if (value === undefined || value === null) return { missing: part }
      text += write(claimTexts(value).join(','), part)
    }
  }
  return { text }
}

/** The reference of a template that is nothing else, so that its value keeps its type in JSON. */
export function soleReference(template: Template): Reference | undefined {
  const [only, more] = template.parts
  return typeof only === 'object' && more === undefined ? only : undefined
}

function own<T>(record: Readonly<Record<string, T>> | undefined, name: string): T | undefined {
  return record && Object.hasOwn(record, name) ? record[name] : undefined
}

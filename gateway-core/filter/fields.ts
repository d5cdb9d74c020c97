import { bodyText } from '../capture/body-text.ts'
import { detailOf } from '../capture/trace-detail.ts'
import type { ExchangeRecord } from '../capture/record.ts'
import type { RawHeaders } from '../exchange.ts'
import { parseDuration, parseSize } from '../config/units.ts'
import { stepOutcome } from './step-outcome.ts'

/**
 * Which part of an exchange a field reads. The store keeps each part apart, and a query reads only those it needs:
 * `context` is what many exchanges share, `row` what stands in a column of its own.
 */
export type FieldSource =
  | 'context'
  | 'row'
  | 'requestHeaders'
  | 'responseHeaders'
  | 'requestBody'
  | 'responseBody'
  | 'detail'
  | 'extra'

/** `word`: names, compared whole; `text`: searched; the others are numbers with their unit. */
export type FieldType = 'word' | 'text' | 'number' | 'status' | 'duration' | 'size' | 'time'

export type FieldValue = string | number | undefined | readonly string[]

/** A field of the query language: completion, documentation, evaluation and SQL all come from here. */
export interface FilterField {
  readonly name: string
  readonly type: FieldType
  /** For people, one sentence. */
  readonly help: string
  readonly example: string
  readonly source: FieldSource
  /** Reads only the parts of the record that `source` names. `header` is given for fields that end in a header name. */
  read(record: ExchangeRecord, header?: string): FieldValue
  /** SQL expression over `exchanges e`, equal to what `read` gives. */
  readonly column?: string
  /** The name goes on with a header name: `req.header.` and `resp.header.`. */
  readonly named?: true
}

type Read = FilterField['read']

function context(name: string, type: FieldType, help: string, example: string, read: Read): FilterField {
  return { name, type, help, example, source: 'context', read }
}

function row(name: string, type: FieldType, column: string, help: string, example: string, read: Read): FilterField {
  return { name, type, help, example, source: 'row', column: `e.${column}`, read }
}

/** A host with a port is known by its name alone too. */
function hostNames(authority: string): string | string[] {
  const name = authority.replace(/:\d+$/, '')
  return name === authority ? authority : [authority, name]
}

/** Path and query as one text. */
export const urlColumn = "CASE e.query WHEN '' THEN e.path ELSE e.path || '?' || e.query END"

export const filterFields: readonly FilterField[] = [
  context('status', 'status', 'Status the client got; 0 when it got none.', 'status:403', (r) => r.status),
  context(
    'verdict',
    'word',
    'How it ended: pass, deny, respond, refused, failed, aborted or error.',
    'verdict:deny',
    (r) => r.verdict,
  ),
  context('code', 'word', 'Code of the denial.', 'code:TOKEN_EXPIRED', (r) => r.code),
  context('policy', 'word', 'Type, name or id of a policy that ran.', 'policy:jwt-auth', (r) => policyNames(r, ran)),
  context('denied', 'word', 'Policy that denied, or would have denied in shadow mode.', 'denied:rbac', (r) =>
    policyNames(r, (verdict) => verdict === 'deny' || verdict === 'would-deny'),
  ),
  context('would-deny', 'word', 'Policy in shadow mode that would have denied.', 'would-deny:*', (r) =>
    policyNames(r, (verdict) => verdict === 'would-deny'),
  ),
  context(
    'step',
    'word',
    'What a policy came to in a step: its type, name or id, then pass, modify, respond, skipped, deny:CODE or would-deny:CODE.',
    'step:rbac=deny:ROLE_NOT_ALLOWED',
    (r) => steps(r),
  ),
  context('decided', 'word', 'Id of the policy that denied or answered.', 'decided:*/rbac', (r) => r.decidedBy),
  context('method', 'word', 'Request method.', 'method:POST', (r) => r.request.method),
  context('host', 'word', 'Host as the client named it, with or without its port.', 'host:*.example.com', (r) =>
    hostNames(r.request.authority),
  ),
  row('path', 'text', 'path', 'Normalized request path.', 'path~^/books', (r) => r.request.path),
  row('query', 'text', 'query', 'Query without the question mark.', 'query:page=2', (r) => r.request.query),
  {
    name: 'url',
    type: 'text',
    help: 'Path and query.',
    example: 'url:/books?page',
    source: 'row',
    column: urlColumn,
    read: ({ request }) => (request.query === '' ? request.path : `${request.path}?${request.query}`),
  },
  context('route', 'word', 'Id of the route that matched.', 'route:books/*', (r) => r.route?.id),
  context('api', 'word', 'Name of the API.', 'api:books', (r) => r.route?.api),
  context('upstream', 'word', 'Name of the upstream.', 'upstream:books', (r) => r.upstream?.name),
  context('consumer', 'word', 'Name of the consumer.', 'consumer:mobile-app', (r) => r.consumer?.name),
  context('group', 'word', 'Group of the consumer.', 'group:editors', (r) => r.consumer?.groups),
  row('client', 'word', 'client', 'Address of the client.', 'client:10.0.0.*', (r) => r.clientAddress),
  {
    name: 'peer',
    type: 'word',
    help: 'Address of the connection.',
    example: 'peer:127.0.0.1',
    source: 'row',
    column: 'coalesce(e.peer_address, e.client)',
    read: (r) => r.peer.address,
  },
  row('duration', 'duration', 'duration', 'Time from first to last byte.', 'duration>100ms', (r) => r.durationMicros),
  row('time', 'time', 'started_at', 'When it began: a date, or a time ago.', 'time>-5m', (r) => r.startedAt),
  row(
    'size',
    'size',
    'response_size',
    'Length of the response body.',
    'size>10kb',
    (r) => r.response?.body?.length ?? 0,
  ),
  row(
    'req.size',
    'size',
    'request_size',
    'Length of the request body.',
    'req.size>1kb',
    (r) => r.request.body?.length ?? 0,
  ),
  row('id', 'word', 'id', 'Id of the exchange.', 'id:01JD*', (r) => r.id),
  context('scheme', 'word', 'http or https.', 'scheme:https', (r) => r.request.scheme),
  context('version', 'word', 'HTTP version.', 'version:2', (r) => r.request.httpVersion),
  context(
    'listener',
    'word',
    'Listener it came in by: http, https, proxy or none.',
    'listener:https',
    (r) => r.listener,
  ),
  context('revision', 'word', 'Revision of the workspace that judged it.', 'revision:3f2a*', (r) => r.revision),
  context('env', 'word', 'Active environment.', 'env:staging', (r) => r.environment),
  context('state', 'word', 'open while a stream goes on, else done.', 'state:open', (r) => r.state),
  context('upgrade', 'word', 'websocket for WebSocket handshakes.', 'upgrade:websocket', (r) => r.upgrade),
  context('from', 'word', 'Who made the response: upstream or gateway.', 'from:gateway', (r) => r.response?.from),
  context('error', 'text', 'What went wrong outside policies.', 'error:ECONNREFUSED', (r) => r.error),
  {
    name: 'touched',
    type: 'word',
    help: 'Rule or breakpoint that had a hand in it: its name, rule or breakpoint, or what it did.',
    example: 'touched:edited',
    source: 'extra',
    read: (r) => r.intercepted?.touches.flatMap(({ by, name, did }) => [by, name, did]),
  },
  headers('req', 'request'),
  headers('resp', 'response'),
  header('req', 'request'),
  header('resp', 'response'),
  body('req', 'request'),
  body('resp', 'response'),
  {
    name: 'evidence',
    type: 'text',
    help: 'What policies saw, wanted and changed.',
    example: 'evidence:10.0.0.0/8',
    source: 'detail',
    read: (r) => detailOf(r) ?? undefined,
  },
]

/** Names that stand for several fields; a test holds when it holds for one of them. */
export const fieldGroups: Readonly<Record<string, { help: string; example: string; fields: readonly string[] }>> = {
  body: { help: 'Either body.', example: 'body:forbidden', fields: ['req.body', 'resp.body'] },
  headers: {
    help: 'Names and values of all headers.',
    example: 'headers:no-store',
    fields: ['req.headers', 'resp.headers'],
  },
}

/** Fields that a bare word is looked for in. */
export const bareWordFields = ['url', 'host', 'req.headers', 'resp.headers', 'req.body', 'resp.body'] as const

const byName = new Map(filterFields.map((field) => [field.name, field]))
const aliases: Readonly<Record<string, string>> = {
  'res.body': 'resp.body',
  'res.headers': 'resp.headers',
  'resp.size': 'size',
  environment: 'env',
  'client.address': 'client',
  ip: 'client',
}

/** The field of that name in any case, with the header name where it carries one; undefined when there is none. */
export function findField(name: string): { field: FilterField; header?: string } | undefined {
  const lower = name.toLowerCase()
  const named = /^(req|resp|res)\.header\.(.+)$/.exec(lower)
  if (named) {
    const side = named[1] === 'req' ? 'req' : 'resp'
    return { field: byName.get(`${side}.header.`)!, header: named[2]! }
  }
  const field = byName.get(aliases[lower] ?? lower)
  return field && !field.named ? { field } : undefined
}

export function fieldOf(name: string): FilterField {
  return byName.get(name)!
}

/** All names for completion and suggestions. */
export const fieldNames: readonly string[] = [...byName.keys(), ...Object.keys(fieldGroups)]

function headers(side: 'req' | 'resp', message: 'request' | 'response'): FilterField {
  return {
    name: `${side}.headers`,
    type: 'text',
    help: `Names and values of the ${message}'s headers.`,
    example: `${side}.headers:no-store`,
    source: `${message}Headers`,
    read: (r) => r[message]?.headers,
  }
}

function header(side: 'req' | 'resp', message: 'request' | 'response'): FilterField {
  return {
    name: `${side}.header.`,
    type: 'text',
    help: `One header of the ${message}, by its name.`,
    example: side === 'req' ? 'req.header.accept:json' : 'resp.header.cache-control:no-store',
    source: `${message}Headers`,
    named: true,
    read: (r, name) => valuesOf(r[message]?.headers, name ?? ''),
  }
}

function body(side: 'req' | 'resp', message: 'request' | 'response'): FilterField {
  return {
    name: `${side}.body`,
    type: 'text',
    help: `Body of the ${message}, decoded.`,
    example: `${side}.body~"isbn":\\s*"97[89]`,
    source: `${message}Body`,
    read: (r) => bodyText(r[message]),
  }
}

function valuesOf(headers: RawHeaders | undefined, name: string): string[] | undefined {
  if (!headers) return undefined
  const values: string[] = []
  for (let at = 0; at + 1 < headers.length; at += 2) {
    if (headers[at]!.toLowerCase() === name) values.push(headers[at + 1]!)
  }
  return values
}

function ran(verdict: string): boolean {
  return verdict !== 'skipped'
}

function policyNames(record: ExchangeRecord, wanted: (verdict: string) => boolean): string[] {
  const names: string[] = []
  for (const { policy, type, verdict } of record.trace) {
    if (wanted(verdict)) names.push(type, policy, policy.slice(policy.lastIndexOf('/') + 1))
  }
  return names
}

function steps(record: ExchangeRecord): string[] {
  return record.trace.flatMap((entry) => {
    const outcome = stepOutcome(entry)
    const { policy, type } = entry
    return [type, policy, policy.slice(policy.lastIndexOf('/') + 1)].map((name) => `${name}=${outcome}`)
  })
}

/** Reads a number of a field's type; undefined when the text is none. Durations become µs, times ms since the epoch. */
export function parseNumber(type: FieldType, text: string, now: number): number | undefined {
  switch (type) {
    case 'number':
    case 'status':
      return /^\d+(?:\.\d+)?$/.test(text) ? Number(text) : undefined
    case 'duration': {
      const micros = /^(\d+(?:\.\d+)?)(?:us|µs)$/.exec(text)
      if (micros) return Number(micros[1])
      const ms = parseDuration(text)
      return ms === undefined ? undefined : ms * 1000
    }
    case 'size':
      return parseSize(text)
    case 'time':
      return parseTime(text, now)
    case 'word':
    case 'text':
      return undefined
  }
}

function parseTime(text: string, now: number): number | undefined {
  const ago = /^-(.+)$/.exec(text)
  if (ago) {
    const ms = parseDuration(ago[1]!)
    return ms === undefined ? undefined : now - ms
  }
  if (/^\d{10,}$/.test(text)) return Number(text)
  if (!/^\d{4}-\d\d-\d\d(?:T[\d:.]+(?:Z|[+-]\d\d:?\d\d)?)?$/.test(text)) return undefined
  const at = Date.parse(text)
  return Number.isNaN(at) ? undefined : at
}

import type { RecordedFact } from '../pipeline/facts.ts'
import type { TraceEntry } from '../pipeline/outcome.ts'
import type { Claims } from '../exchange.ts'
import type { Context } from './decode-context.ts'
import { forwardedTarget } from './context-text.ts'
import { type BodySlot, bodySlots, claimsIn, type Extra, wholeHeaders } from './layout.ts'
import { decodeDetail, type LeftOut } from './trace-detail.ts'
import type { RecordedBody, RecordedRequest, RecordedResponse, StoredExchange } from './record.ts'

/** A row of `exchanges`, column by column. */
export interface ExchangeRow {
  seq: number
  id: string
  started_at: number
  duration: number
  context: number
  client: string
  peer_port: number
  peer_address: string | null
  path: string
  query: string
  target: string | null
  request_headers: number
  response_headers: number | null
  detail: number | null
  knowledge: number | null
  own: string
  extra: number | null
  request_size: number
  response_size: number
  request_body: number | null
  response_body: number | null
  other_bodies: string | null
  header_values: string | null
}

/** Texts of one exchange, with markers or with the values put back. */
export interface ExchangeTexts {
  context: Context
  path: string
  query: string
  target: string | null
  own: string
  requestHeaders: string[]
  responseHeaders: string[] | undefined
  detail: string | undefined
  knowledge: string | undefined
  extra: string | undefined
  bodies: Partial<Record<BodySlot, { bytes: Uint8Array; decoded?: true }>>
}

/** Puts a stored exchange together again. */
export function decodeExchange(
  row: ExchangeRow,
  texts: ExchangeTexts,
  secrets: StoredExchange['secrets'],
): StoredExchange {
  const { context, path, query } = texts
  const extra = (texts.extra === undefined ? {} : JSON.parse(texts.extra)) as Extra
  const [facts, claimsOrHolder] = (texts.knowledge === undefined ? [[]] : JSON.parse(texts.knowledge)) as [
    RecordedFact[],
    (Claims | number)?,
  ]
  const claims = typeof claimsOrHolder === 'number' ? claimsIn(facts[claimsOrHolder]!.answer) : claimsOrHolder
  const own = JSON.parse(texts.own) as [number, number | null, number | null, Record<string, string> | 0, string | 0]
  const bodies: Partial<Record<BodySlot, RecordedBody>> = {}
  for (const name of bodySlots) {
    const body = texts.bodies[name]
    const size = name === 'request' ? row.request_size : name === 'response' ? row.response_size : 0
    if (body) bodies[name] = bodyOf(body, extra.bodies?.[name], size)
    // Only its length was kept: the store did not keep up.
    else if (size > 0) bodies[name] = { bytes: noBytes, length: size, truncated: true }
  }
  const request: RecordedRequest = {
    method: context.method,
    scheme: context.scheme,
    authority: context.authority,
    target: texts.target ?? (query === '' ? path : `${path}?${query}`),
    path,
    query,
    httpVersion: context.httpVersion,
    headers: texts.requestHeaders,
    ...(extra.requestTrailers && { trailers: extra.requestTrailers }),
    ...(bodies.request && { body: bodies.request }),
  }
  const exchange: StoredExchange = {
    order: row.seq,
    secrets,
    id: row.id,
    startedAt: row.started_at,
    durationMicros: row.duration,
    state: context.state,
    revision: context.revision,
    listener: context.listener,
    peer: { address: row.peer_address ?? row.client, port: row.peer_port },
    clientAddress: row.client,
    request,
    verdict: context.verdict,
    status: context.status,
    trace: traceOf(context, texts.detail, own, row.started_at, {
      claims,
      headers: texts.responseHeaders ?? [],
    }),
    facts,
    timings: { policyMicros: own[0] },
    sealed: extra.sealed ?? [],
  }
  if (own[1] !== null) exchange.timings.upstreamMicros = own[1]
  if (own[2] !== null) exchange.timings.firstByteMicros = own[2]
  if (extra.certificates) exchange.peer.certificates = extra.certificates.map((der) => Buffer.from(der, 'base64'))
  if (extra.forwarded) exchange.forwarded = forwardedOf(request, extra.forwarded, bodies.forwarded)
  if (context.response) exchange.response = responseOf(context.response, texts, extra, bodies.response)
  if (extra.upstreamResponse) {
    const body = bodies.upstreamResponse
    const headers = wholeHeaders(extra.upstreamResponse.headers, exchange.response?.headers ?? [])
    exchange.upstreamResponse = { ...extra.upstreamResponse, headers, ...(body && { body }) }
  }
  if (context.route !== undefined) {
    exchange.route = {
      id: context.route,
      api: context.api!,
      template: context.template!,
      parameters: own[3] === 0 ? {} : own[3],
      upstreamPath: own[4] === 0 ? path : own[4],
    }
  }
  if (context.upstream !== undefined)
    exchange.upstream = { name: context.upstream, url: upstreamUrl(context, exchange) }
  if (context.consumer !== undefined) exchange.consumer = { name: context.consumer, groups: context.groups }
  if (claims) exchange.claims = claims
  if (extra.tunnel) exchange.tunnel = extra.tunnel
  if (extra.intercepted) exchange.intercepted = extra.intercepted
  for (const key of ['environment', 'upgrade', 'decidedBy', 'code', 'error'] as const) {
    if (context[key] !== undefined) Object.assign(exchange, { [key]: context[key] })
  }
  return exchange
}

function upstreamUrl({ upstreamUrl: url }: Context, exchange: StoredExchange): string {
  return Array.isArray(url) ? url[0] + forwardedTarget(exchange) : (url ?? '')
}

function bodyOf(
  body: { bytes: Uint8Array; decoded?: true },
  note: NonNullable<Extra['bodies']>[BodySlot],
  size: number,
): RecordedBody {
  const recorded: RecordedBody = {
    bytes: body.bytes,
    length: note?.length ?? size,
    truncated: note?.truncated ?? false,
  }
  if (note?.sha256 !== undefined) recorded.sha256 = note.sha256
  if (body.decoded || note?.decoded) recorded.decoded = true
  return recorded
}

function forwardedOf(
  request: RecordedRequest,
  changed: NonNullable<Extra['forwarded']>,
  body: RecordedBody | undefined,
): RecordedRequest {
  const { body: _, ...head } = request
  const forwarded = { ...head, ...changed } as RecordedRequest
  if (!forwarded.trailers) delete forwarded.trailers
  if (body) forwarded.body = body
  return forwarded
}

function responseOf(
  head: Pick<RecordedResponse, 'status' | 'reason' | 'from'>,
  texts: ExchangeTexts,
  extra: Extra,
  body: RecordedBody | undefined,
): RecordedResponse {
  const response: RecordedResponse = { ...head, headers: texts.responseHeaders ?? [] }
  if (extra.responseTrailers) response.trailers = extra.responseTrailers
  if (body) response.body = body
  return response
}

const ownHead = 5
const ownPerEntry = 4

function traceOf(
  context: Context,
  detailText: string | undefined,
  own: readonly unknown[],
  startedAt: number,
  known: Omit<LeftOut, 'numbers'>,
): TraceEntry[] {
  const numbers = own.slice(ownHead + context.shape.length * ownPerEntry) as number[]
  const details = detailText === undefined ? [] : decodeDetail(detailText, { ...known, numbers })
  return context.shape.map((shape, index) => {
    const at = ownHead + index * ownPerEntry
    const [begun, micros, now, sequence] = own.slice(at, at + ownPerEntry) as [number, number, number, number]
    return { ...shape, ...details[index], at: begun, micros, now: startedAt + now, sequence }
  })
}

/** Changed bodies are kept with the message, not in the trace. */
const noBytes = new Uint8Array(0)

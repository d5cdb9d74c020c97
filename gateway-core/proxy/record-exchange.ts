import type { ExchangeRecord, ExchangeVerdict, RecordedRequest, RecordedResponse } from '../capture/record.ts'
import type { RequestMessage, ResponseMessage } from '../exchange.ts'
import { recordBytes } from './body-tee.ts'
import type { CarriedExchange } from './carried-exchange.ts'

/** What the recorder gets of a passage: everything seen, decided and sent. Shares what is immutable, copies what is not. */
export function recordOf(
  passage: CarriedExchange,
  verdict: ExchangeVerdict | undefined,
  state: 'open' | 'done',
): ExchangeRecord {
  const { exchange, engine, inbound, run, received } = passage
  const decision = run?.decision
  const response = exchange.response
  const trace = run?.trace ?? []
  const record: ExchangeRecord = {
    id: exchange.id,
    startedAt: exchange.startedAt,
    durationMicros: Math.round(engine.around.timeline.micros() - passage.startMicros),
    state,
    revision: engine.workspace.revision,
    listener: inbound.listener,
    peer: { address: exchange.peer.address, port: exchange.peer.port },
    clientAddress: exchange.clientAddress,
    request: requestOf(passage, received, inbound.head.httpVersion),
    verdict: verdict ?? (decision ? verdictOf(decision.verdict) : passage.refusedWith ? 'refused' : 'pass'),
    status: verdict === 'aborted' && !passage.client.headSent ? 0 : (response?.status ?? 0),
    trace,
    facts: passage.facts?.recorded ?? [],
    timings: timingsOf(passage),
    sealed: passage.sealed,
  }
  if (engine.workspace.environment !== undefined) record.environment = engine.workspace.environment
  if (exchange.peer.certificates) record.peer.certificates = exchange.peer.certificates
  if (response && record.status !== 0) record.response = responseOf(passage, response)
  const { upstreamResponse } = passage
  if (upstreamResponse && upstreamResponse.headers !== response?.headers)
    record.upstreamResponse = originalOf(upstreamResponse)
  if (exchange.request !== received && changed(exchange.request, received)) {
    record.forwarded = {
      ...requestOf(passage, exchange.request, inbound.head.httpVersion),
      target: passage.forwardedPath ?? exchange.request.path,
    }
    const body = exchange.request.body
    if (body && passage.requestBodyChanged) record.forwarded.body = recordBytes(body.bytes)
  }
  if (exchange.route) {
    const { id, api, template, parameters, upstreamPath } = exchange.route
    record.route = { id, api, template, parameters, upstreamPath }
  }
  if (passage.target)
    record.upstream = {
      name: exchange.route?.upstream ?? passage.target.host,
      url: passage.target.origin + (passage.forwardedPath ?? ''),
    }
  if (exchange.consumer) record.consumer = exchange.consumer
  if (exchange.claims) record.claims = exchange.claims
  if (exchange.upgrade) record.upgrade = exchange.upgrade
  if (decision) record.decidedBy = decision.decidedBy
  const code = decision && 'code' in decision ? decision.code : passage.refusedWith
  if (code) record.code = code
  if (passage.interception) record.intercepted = passage.interception
  const error = passage.error ?? (decision?.verdict === 'error' ? decision.reason : undefined)
  if (error !== undefined) record.error = error
  return record
}

function verdictOf(verdict: 'deny' | 'respond' | 'error' | 'undecidable'): ExchangeVerdict {
  return verdict === 'undecidable' ? 'error' : verdict
}

function timingsOf({ run, upstreamMicros }: CarriedExchange): ExchangeRecord['timings'] {
  let policyMicros = 0
  if (run) for (const entry of run.trace) policyMicros += entry.micros
  return upstreamMicros === undefined ? { policyMicros } : { policyMicros, upstreamMicros: Math.round(upstreamMicros) }
}

function requestOf(passage: CarriedExchange, request: RequestMessage, httpVersion: string): RecordedRequest {
  const { method, scheme, authority, target, path, query, headers } = request
  const recorded: RecordedRequest = {
    method,
    scheme,
    authority,
    target,
    path,
    query,
    httpVersion,
    headers: headers.raw,
  }
  const body = passage.requestBytes ? recordBytes(passage.requestBytes) : passage.requestTee?.record()
  if (body) recorded.body = body
  return recorded
}

function responseOf(passage: CarriedExchange, response: ResponseMessage): RecordedResponse {
  const recorded: RecordedResponse = {
    status: response.status,
    reason: response.reason,
    from: response.from,
    headers: response.headers.raw,
  }
  const body = passage.responseBytes ? recordBytes(passage.responseBytes) : passage.responseTee?.record()
  if (body) recorded.body = body
  if (passage.responseTrailers) recorded.trailers = passage.responseTrailers
  return recorded
}

function originalOf(response: ResponseMessage): RecordedResponse {
  const recorded: RecordedResponse = {
    status: response.status,
    reason: response.reason,
    from: response.from,
    headers: response.headers.raw,
  }
  const body = response.body && recordBytes(response.body.bytes)
  if (body) recorded.body = body
  return recorded
}

function changed(one: RequestMessage, other: RequestMessage): boolean {
  return (
    one.headers !== other.headers ||
    one.path !== other.path ||
    one.query !== other.query ||
    (one.body !== undefined && other.body !== undefined)
  )
}

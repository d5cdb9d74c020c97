import type { Readable } from 'node:stream'
import type { RequestMessage } from '../exchange.ts'
import type { JudgedExchange } from '../pipeline/judged-exchange.ts'
import type { CarriedExchange } from './carried-exchange.ts'
import type { Inbound } from './connection.ts'
import type { Engine } from './engine.ts'
import { observedHeaders, rewriteBack, upstreamHeaders } from './forward-headers.ts'
import type { Target } from './upstream.ts'
import type { UpstreamCall } from './upstream-client/call.ts'

/** Path and query that the target gets: a path that a policy set is taken as it is, else the route's mapping of it. */
export function forwardedPath(
  { exchange, received, engine, observed }: Pick<CarriedExchange, 'exchange' | 'received' | 'engine' | 'observed'>,
  target: Target,
): string {
  const { request, route } = exchange
  if (observed) return observedPath(received, engine.router.names(received.authority, received.scheme))
  const own = request.path === received.path ? route!.upstreamPath : request.path
  return target.basePath + own + (request.query === '' ? '' : `?${request.query}`)
}

/** What nobody judges goes on as it was sent; but where routes name the host, as the path that they did not match. */
function observedPath({ target, path, query }: RequestMessage, named: boolean): string {
  if (named) return path + (query === '' ? '' : `?${query}`)
  if (target.startsWith('/') || target === '*') return target
  const rest = target.replace(/^[a-z]+:\/\/[^/?]*/i, '')
  return rest.startsWith('/') ? rest : `/${rest}`
}

/** The call to the target, as the exchange is now: with the body that was read, or the one that streams by. */
export function callTo(
  passage: CarriedExchange & { readonly inbound: Inbound },
  target: Target,
  timeoutMs: number,
  body: Uint8Array | undefined,
  streamed: Readable | undefined,
): UpstreamCall {
  const { engine, inbound, exchange, plan } = passage
  const { request } = exchange
  const headers = headersFor(engine, inbound, exchange, target, passage.route?.preserveHost ?? true)
  if (plan.phases.message.length > 0 && request.headers.get('accept')?.toLowerCase().includes('text/event-stream')) {
    askUncoded(headers)
  }
  if (plan.responseBodyBytes > 0) askWhole(headers)
  if (body && (passage.requestBodyChanged || request.contentLength === undefined)) setLength(headers, body.length)
  return {
    method: request.method,
    path: passage.forwardedPath!,
    headers,
    body: body ?? streamed,
    timeoutMs,
    expectContinue: inbound.head.expectContinue && body === undefined,
    trailers: streamed !== undefined && request.headers.has('trailer'),
  }
}

/** Headers for the target, as the exchange is now. */
export function headersFor(
  engine: Engine,
  { head, peer }: Pick<Inbound, 'head' | 'peer'>,
  { request, route }: JudgedExchange,
  target: Target,
  preserveHost: boolean,
): string[] {
  if (!route) return observedHeaders(request.headers.raw, request.headers.get('host') ?? request.authority)
  return upstreamHeaders(request.headers.raw, {
    peer: peer.address,
    trusted: engine.trusts(peer.address),
    scheme: request.scheme,
    authority: request.authority,
    host: preserveHost ? request.authority : target.host,
    httpVersion: head.httpVersion,
    assigned: request.assigned,
  })
}

/** Asks for no part of the answer, because its body is to be judged: of a part nobody knows what it is a part of. In place. */
function askWhole(headers: string[]): void {
  for (let at = headers.length - 2; at >= 0; at -= 2) {
    const name = headers[at]!.toLowerCase()
    if (name === 'range' || name === 'if-range') headers.splice(at, 2)
  }
}

/** Replaces Content-Length; in place. */
function setLength(headers: string[], length: number): void {
  for (let at = headers.length - 2; at >= 0; at -= 2) {
    if (headers[at]!.toLowerCase() === 'content-length') headers.splice(at, 2)
  }
  headers.push('Content-Length', String(length))
}

/** Asks for an answer without content coding, because its messages are to be read; in place. */
function askUncoded(headers: string[]): void {
  for (let at = headers.length - 2; at >= 0; at -= 2) {
    if (headers[at]!.toLowerCase() === 'accept-encoding') headers.splice(at, 2)
  }
  headers.push('Accept-Encoding', 'identity')
}

/** Translates `Location` and cookies of an answer back to what the client can reach; in place. */
export function translateBack(
  headers: string[],
  exchange: JudgedExchange,
  received: RequestMessage,
  target: Target,
): void {
  const { path } = received
  if (!exchange.route) return
  const upstream = target.basePath + exchange.route.upstreamPath
  const same = upstream === path
  if (same && exchange.request.authority === target.host) return
  const common = same ? 0 : commonEnd(path, upstream)
  rewriteBack(headers, {
    upstreamOrigin: target.origin,
    upstreamPrefix: same ? '' : upstream.slice(0, upstream.length - common).replace(/\/$/, ''),
    clientPrefix: same ? '' : path.slice(0, path.length - common).replace(/\/$/, ''),
    clientOrigin: `${exchange.request.scheme}://${exchange.request.authority}`,
  })
}

/** Length of the common end of two paths, counted from a segment boundary. */
function commonEnd(one: string, other: string): number {
  let common = 0
  let boundary = 0
  while (common < one.length && common < other.length && one.at(-1 - common) === other.at(-1 - common)) {
    common++
    if (one.at(-common) === '/') boundary = common
  }
  return boundary
}

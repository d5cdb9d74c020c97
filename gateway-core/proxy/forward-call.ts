import type { RequestMessage } from '../exchange.ts'
import type { JudgedExchange } from '../pipeline/judged-exchange.ts'
import type { Inbound } from './connection.ts'
import type { Engine } from './engine.ts'
import { rewriteBack, upstreamHeaders } from './forward-headers.ts'
import type { Target } from './upstream.ts'

/** Path and query that the target gets: a path that a policy set is taken as it is, else the route's mapping of it. */
export function forwardedPath(exchange: JudgedExchange, received: RequestMessage, target: Target): string {
  const { request, route } = exchange
  const own = request.path === received.path ? route!.upstreamPath : request.path
  return target.basePath + own + (request.query === '' ? '' : `?${request.query}`)
}

/** Headers for the target, as the exchange is now. */
export function headersFor(
  engine: Engine,
  { head, peer }: Pick<Inbound, 'head' | 'peer'>,
  { request }: JudgedExchange,
  target: Target,
  preserveHost: boolean,
): string[] {
  return upstreamHeaders(request.headers.raw, {
    peer: peer.address,
    trusted: engine.trusts(peer.address),
    scheme: request.scheme,
    authority: request.authority,
    host: preserveHost ? request.authority : target.host,
    httpVersion: head.httpVersion,
  })
}

/** Replaces Content-Length; in place. */
export function setLength(headers: string[], length: number): void {
  for (let at = headers.length - 2; at >= 0; at -= 2) {
    if (headers[at]!.toLowerCase() === 'content-length') headers.splice(at, 2)
  }
  headers.push('Content-Length', String(length))
}

/** Asks for an answer without content coding, because its messages are to be read; in place. */
export function askUncoded(headers: string[]): void {
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
  const upstream = target.basePath + exchange.route!.upstreamPath
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

import type http from 'node:http'
import type http2 from 'node:http2'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Limits } from '../config/workspace.ts'
import type { DenialCode } from '../errors.ts'
import type { Peer, RawHeaders } from '../exchange.ts'
import {
  type Connection,
  type Inbound,
  type ListenerKind,
  answerProblem,
  closeGently,
  closeGentlyAfterResponse,
  connectionOf,
  isAnswered,
  isHttp2,
  problemBytes,
} from './connection.ts'
import { breakInbound, watchStream } from './client-faults.ts'
import { exchangeId } from './exchange-id.ts'
import { splitPseudoHeaders } from './http2-limits.ts'
import { report } from './report-refusal.ts'
import { type ClientError, explainClientError, redactHead } from './parse-error.ts'
import { type HeadInput, type HeadRefusal, isRefusal, judgeHead, type RequestHead } from './strict.ts'

/** A WebSocket handshake that was judged well-formed; nothing has been answered yet. `firstBytes` followed it directly. */
export interface InboundUpgrade extends Omit<Inbound, 'res' | 'req' | 'faults'> {
  readonly req: http.IncomingMessage
  readonly socket: Duplex
  readonly firstBytes: Buffer
}

/**
 * Something the listener refused by itself and has answered already, to be recorded. `kind: 'connection'` is an event of
 * a connection (a TLS handshake that failed, an HTTP/2 protocol error), where nobody could be answered.
 */
export interface Refusal {
  kind: 'request' | 'connection'
  /** Exchange id, as told to the client in the problem details. */
  id: string
  code: DenialCode
  /** For people; holds nothing that the client sent. */
  detail: string
  /** Where it went wrong: character of the target, or byte of the last packet for input that does not parse. */
  offset?: number
  listener: ListenerKind
  peer: Peer
  /** Milliseconds since the epoch. */
  startedAt: number
  /**
   * What is known of the head. For a head that parsed: all of it, headers in clear (the recorder seals them). For one
   * that did not: method, path without query, and header names with the lengths of their values.
   */
  head?: Partial<RequestHead> & { rawHeaders: RawHeaders }
}

/** Who takes what comes in. None of these may throw or take long; a throw of `request` is answered with 500. */
export interface InboundHandler {
  request(inbound: Inbound): void
  upgrade(inbound: InboundUpgrade): void
  refused(refusal: Refusal): void
}

/** What the handlers of one listener share; `limits` changes on reload. */
export interface InboundContext {
  limits: Limits
  handler: InboundHandler
  now: () => number
  /** How long a refused client may take to read its answer. */
  lingerMs: number
  /** Whether an ambiguous path to this host may pass as it was sent: nothing judges it. Only for the forward proxy. */
  asSent?: ((authority: string, scheme: 'http' | 'https') => boolean) | undefined
}

/** Takes a parsed head of either version: judges it, then hands it over or answers the refusal. */
export function takeRequest(context: InboundContext, req: Inbound['req'], res: Inbound['res']): void {
  const two = isHttp2(req)
  const carrier = two ? req.stream.session : req.socket
  const connection = carrier && connectionOf(carrier)
  if (!connection) {
    req.destroy()
    return
  }
  // What a client pipelined behind a refused request may be the tail of that request: never judged, never answered.
  if (connection.closing) return
  const input = two ? headOfHttp2(req) : headOfHttp1(req, schemeOf(connection))
  if (context.asSent) input.asSent = context.asSent
  const judged = judgeHead(input, context.limits)
  if (isRefusal(judged)) {
    refuseRequest(context, connection, req, res, input, judged)
    return
  }
  if (two) judged.hasBody = !req.stream.endAfterHeaders
  const inbound: Inbound = {
    req,
    res,
    listener: connection.listener,
    proxied: connection.proxied,
    head: judged,
    peer: connection.peer,
    faults: undefined,
  }
  if (two) watchStream(context, inbound)
  else connection.current = inbound
  try {
    context.handler.request(inbound)
  } catch {
    answerProblem(res, 'INTERNAL_ERROR', exchangeId(context.now()), 'The gateway failed.')
  }
}

/** Takes a WebSocket handshake of HTTP/1.1; anything else that Node calls an upgrade is refused. */
export function takeUpgrade(
  context: InboundContext,
  req: http.IncomingMessage,
  socket: Socket,
  firstBytes: Buffer,
): void {
  // Node has taken its own listeners off: an error nobody listens to would end the process.
  socket.on('error', () => socket.destroy())
  const connection = connectionOf(socket)
  if (!connection || connection.closing) {
    socket.destroy()
    return
  }
  const input = headOfHttp1(req, schemeOf(connection))
  if (context.asSent) input.asSent = context.asSent
  const judged = judgeHead(input, context.limits)
  if (!isRefusal(judged) && judged.upgrade === 'websocket' && isAnswered(connection)) {
    const { listener, proxied, peer } = connection
    connection.kind = 'long'
    try {
      context.handler.upgrade({ req, listener, proxied, head: judged, peer, socket, firstBytes })
    } catch {
      closeGently(
        socket,
        context.lingerMs,
        problemBytes('INTERNAL_ERROR', exchangeId(context.now()), 'The gateway failed.'),
      )
    }
    return
  }
  const refusal: HeadRefusal = isRefusal(judged)
    ? judged
    : { code: 'UPGRADE_REFUSED', detail: 'Only a WebSocket handshake on a connection of its own is upgraded.' }
  const id = report(context, connection, 'request', refusal, headOf(input))
  answerInTurn(context, connection, problemBytes(refusal.code, id, refusal.detail))
}

/** Takes an error of Node's HTTP/1 parser or timers (`clientError`): answers what can be answered, and closes. */
export function takeClientError(context: InboundContext, error: ClientError, socket: Socket): void {
  const connection = connectionOf(socket)
  if (!connection) {
    socket.destroy()
    return
  }
  if (connection.closing) return
  const explained = explainClientError(error)
  if (!explained || !socket.writable) {
    socket.destroy()
    return
  }
  const { current } = connection
  if (current && !(current.req as http.IncomingMessage).complete) {
    breakInbound(context, connection, current, explained.code, explained.detail)
    return
  }
  // After an earlier request the packet may begin with that one, whose head is not redacted: show nothing of it.
  const head = current || !error.rawPacket ? undefined : redactHead(error.rawPacket)
  const id = report(context, connection, 'request', { ...explained, offset: error.bytesParsed }, head)
  answerInTurn(context, connection, problemBytes(explained.code, id, explained.detail))
}

/** Ends a connection for a shutdown: at once where nothing is owed, else after the response that is. */
export function windDown(context: InboundContext, connection: Connection): void {
  const { current, socket } = connection
  if (connection.kind === 'long') return
  if (!current || isAnswered(connection)) {
    socket.destroy()
    return
  }
  const res = current.res as http.ServerResponse
  if (!res.headersSent) res.shouldKeepAlive = false
  res.once('close', () => closeGently(socket, context.lingerMs))
}

function refuseRequest(
  context: InboundContext,
  connection: Connection,
  req: Inbound['req'],
  res: Inbound['res'],
  input: HeadInput,
  refusal: HeadRefusal,
): void {
  const id = report(context, connection, 'request', refusal, headOf(input))
  // HTTP/2 frames each stream by itself: only this stream ends.
  if (!isHttp2(req)) {
    connection.closing = true
    closeGentlyAfterResponse(connection.socket, context.lingerMs)
  }
  answerProblem(res, refusal.code, id, refusal.detail)
}

/** Writes bytes after everything that was promised on this connection, so that no answer is taken for another's. */
function answerInTurn(context: InboundContext, connection: Connection, bytes: string): void {
  connection.closing = true
  const answer = () => closeGently(connection.socket, context.lingerMs, bytes)
  const last = connection.current?.res
  if (!last || last.writableFinished || last.destroyed) answer()
  else last.once('close', answer)
}

/** What a connection speaks: at the forward proxy that is another thing than its name. */
function schemeOf({ listener, proxied }: Connection): 'http' | 'https' {
  return proxied ? proxied.scheme : (listener as 'http' | 'https')
}

function headOfHttp1(req: http.IncomingMessage, scheme: 'http' | 'https'): HeadInput {
  return {
    method: req.method ?? '',
    target: req.url ?? '',
    httpVersion: req.httpVersion,
    rawHeaders: req.rawHeaders,
    scheme,
    parsed: true,
  }
}

function headOfHttp2(req: http2.Http2ServerRequest): HeadInput {
  const { headers, method, path, authority } = splitPseudoHeaders(req.rawHeaders)
  return {
    method,
    target: path,
    httpVersion: '2',
    rawHeaders: headers,
    scheme: 'https',
    ...(authority === undefined ? {} : { authority }),
    parsed: true,
  }
}

function headOf(input: HeadInput): Refusal['head'] {
  const { method, target, rawHeaders, scheme } = input
  return { method, target, scheme, authority: input.authority ?? '', rawHeaders }
}

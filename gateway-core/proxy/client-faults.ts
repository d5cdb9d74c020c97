import type http from 'node:http'
import type http2 from 'node:http2'
import type { Socket } from 'node:net'
import type { DenialCode } from '../errors.ts'
import {
  type Connection,
  type Inbound,
  answerProblem,
  closeGently,
  closeGentlyAfterResponse,
  connectionOf,
  isAnswered,
  isHttp2,
} from './connection.ts'
import { exchangeId } from './exchange-id.ts'
import type { InboundContext } from './inbound.ts'
import { report } from './report-refusal.ts'

/** Takes the end of `limits.idleMs` (or of the keep-alive time) without a byte on an HTTP/1 connection. */
export function takeSilence(context: InboundContext, socket: Socket): void {
  const connection = connectionOf(socket)
  const current = connection?.current
  if (!connection || connection.closing || !current || isAnswered(connection)) {
    socket.destroy()
    return
  }
  const req = current.req as http.IncomingMessage
  const silent = isSilent(current, req.complete)
  if (silent && !connection.excused) {
    breakInbound(context, connection, current, 'REQUEST_TIMEOUT', 'The body stopped for longer than `limits.idleMs`.')
  } else if (!silent && socket.writableLength > 0) {
    // The client reads nothing of its response: a slow-read attack, or gone.
    socket.destroy()
  } else {
    connection.excused = !silent
    socket.setTimeout(context.limits.idleMs)
  }
}

/**
 * Tells the handler that the client broke its message, or answers in its place, and ends the connection (HTTP/1, whose
 * framing is lost) or the stream (HTTP/2) after the answer.
 */
export function breakInbound(
  context: InboundContext,
  connection: Connection,
  inbound: Inbound,
  code: DenialCode,
  detail: string,
): void {
  const { req, res } = inbound
  if (!isHttp2(req)) {
    connection.closing = true
    ;(res as http.ServerResponse).shouldKeepAlive = false
    closeGentlyAfterResponse(connection.socket, context.lingerMs)
  }
  if (inbound.faults) {
    try {
      inbound.faults.onFault(code, detail)
    } catch {
      answerProblem(res, 'INTERNAL_ERROR', exchangeId(context.now()), 'The gateway failed.')
    }
  } else answerProblem(res, code, report(context, connection, 'request', { code, detail }, inbound.head), detail)
  // Whatever the handler does, a connection whose framing is lost ends.
  const end = () => {
    if (!isHttp2(req)) closeGently(connection.socket, context.lingerMs)
    else req.stream.close()
  }
  if (res.writableFinished || (res.headersSent && !res.writableEnded)) end()
  else res.once('finish', end)
  setTimeout(() => req.destroy(), context.lingerMs).unref()
}

/** Bounds the silence of one HTTP/2 stream: its session is busy as long as any stream is. */
export function watchStream(context: InboundContext, inbound: Inbound): void {
  const stream = (inbound.req as http2.Http2ServerRequest).stream
  let excused = false
  stream.setTimeout(context.limits.idleMs, () => {
    const connection = stream.session && connectionOf(stream.session)
    if (!connection) return
    const silent = isSilent(inbound, stream.readableEnded)
    if (silent && !excused) {
      breakInbound(context, connection, inbound, 'REQUEST_TIMEOUT', 'The body stopped for longer than `limits.idleMs`.')
    } else if (!silent && stream.writableLength > 0) stream.close()
    else {
      excused = !silent
      stream.setTimeout(context.limits.idleMs)
    }
  })
}

// Silent means: we could read, and the client, who owes us more, sends nothing.
function isSilent(inbound: Inbound, complete: boolean): boolean {
  const { req, res, head } = inbound
  if (complete || !head.hasBody || req.readableLength > 0 || req.isPaused()) return false
  const invited = !head.expectContinue || res.headersSent || (res as { _sent100?: boolean })._sent100 !== false
  return invited
}

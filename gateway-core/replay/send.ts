import type { ReplayAnswer } from '../protocol/replay.ts'
import { connect, type Destination, since, type Timings } from './connect.ts'
import { ReplayError } from './replay-error.ts'
import type { WireRequest } from './resolve.ts'
import { bytesOfRequest, sendHttp1, type WireResponse } from './send-http1.ts'
import { sendHttp2 } from './send-http2.ts'

/** One request sent to one place, with what came of it. It never throws: what went wrong stands in `problem`. */
export interface Sent {
  response?: WireResponse
  timings: Timings
  tls?: NonNullable<ReplayAnswer['tls']>
  problem?: { what: string; todo?: string }
  /** Our end of the connection: by it the gateway's record is found. 0 when there was none. */
  localPort: number
  /** Milliseconds since the epoch. */
  sentAt: number
}

/** Sends on a connection of its own. `signal` cancels it; without a response in `timeoutMs` it gives up. */
export async function sendOnce(
  destination: Destination,
  target: string,
  request: WireRequest,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<Sent> {
  const start = performance.now()
  const sent: Sent = { timings: { total: 0 }, localPort: 0, sentAt: Date.now() }
  const late = new AbortController()
  const timer = setTimeout(() => {
    const todo = 'send it again, or allow more time'
    late.abort(new ReplayError(`no whole response within ${timeoutMs} ms`, todo))
  }, timeoutMs)
  const either = AbortSignal.any([signal, late.signal])
  try {
    const alpn = request.version === '2' ? ['h2', 'http/1.1'] : ['http/1.1']
    const connected = await connect(destination, alpn, sent.timings, start, either)
    sent.localPort = connected.socket.localPort ?? 0
    if (connected.tls) sent.tls = connected.tls
    sent.response =
      request.version === '2'
        ? await sendHttp2(connected, destination, target, request, sent.timings, start, either)
        : await sendHttp1(
            connected,
            destination,
            bytesOfRequest(target, request),
            request.method,
            sent.timings,
            start,
            either,
          )
  } catch (error) {
    sent.problem = problemOf(error, signal)
  } finally {
    clearTimeout(timer)
  }
  sent.timings.total = since(start)
  return sent
}

function problemOf(error: unknown, signal: AbortSignal): { what: string; todo?: string } {
  if (signal.aborted) return { what: 'cancelled' }
  const { message, todo } = error as ReplayError
  return { what: message, ...(todo !== undefined && { todo }) }
}

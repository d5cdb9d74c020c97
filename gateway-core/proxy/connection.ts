import type http from 'node:http'
import type http2 from 'node:http2'
import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import type { Peer } from '../exchange.ts'
import type { DenialCode } from '../errors.ts'
import { problemDetails } from './problem.ts'
import type { RequestHead } from './strict.ts'
import { certificatesOf } from './tls.ts'
import { STATUS_CODES } from 'node:http'

/** The door that something came in by. */
export type ListenerKind = 'http' | 'https' | 'proxy'

/** What came in by the forward proxy: a request of one's own programs to any server. */
export interface Proxied {
  /** Speaks TLS inside the tunnel, or speaks it not. */
  readonly scheme: 'http' | 'https'
  /** What CONNECT asked for; undefined for a request in absolute form. */
  readonly tunnel: { readonly host: string; readonly port: number } | undefined
}

/** Who wants to know that a client broke its message. */
export interface FaultListener {
  onFault(code: DenialCode, detail: string): void
}

/** What the listener hands over for every acceptable request head. */
export interface Inbound {
  /** The body as a stream, where `head.hasBody`; otherwise nothing comes of it, not even `end`. */
  readonly req: http.IncomingMessage | http2.Http2ServerRequest
  readonly res: http.ServerResponse | http2.Http2ServerResponse
  readonly listener: ListenerKind
  /** Only for what came in by the forward proxy. */
  readonly proxied: Proxied | undefined
  readonly head: RequestHead
  readonly peer: Peer
  /**
   * Set by the handler to learn, at most once, that the client broke its message after the head: a bad chunk
   * (`MALFORMED_REQUEST`), or silence inside the body for longer than `limits.idleMs` (`REQUEST_TIMEOUT`). The handler
   * aborts the upstream and answers through `res` if it has not begun to; the listener then closes the connection.
   * Where it is not set, the listener answers and reports a refusal. A client that leaves is not a fault: `req` emits
   * `error` (`ECONNRESET`), `res` emits `close` before `finish`.
   *
   * An object and not a function: a new function here for each request made V8 keep requests that were over, until a
   * full collection ten times as dear.
   */
  faults: FaultListener | undefined
}

/** What the listener knows of one client connection. */
export interface Connection {
  readonly socket: Socket
  readonly listener: ListenerKind
  readonly proxied: Proxied | undefined
  readonly peer: Peer
  /** The last request handed over. HTTP/1 answers in order, so once this one is answered, all are. */
  current: Inbound | undefined
  /** A refusal was answered: nothing that follows on this connection counts. */
  closing: boolean
  /** The handler read nothing at the last look, so the client may have had no room to send: its silence starts anew. */
  excused: boolean
  /** `long` connections (WebSocket, HTTP/2) end by other means than the last response. */
  kind: 'http1' | 'long'
}

const key = Symbol('gatehouse.connection')
type Tracked = { [key]?: Connection }

/** Remembers what is known of a socket: on the socket itself, because it is looked up for every request. */
export function track(socket: Socket, listener: ListenerKind, proxied?: Proxied): Connection {
  const connection: Connection = {
    socket,
    listener,
    proxied,
    peer: peerOf(socket),
    current: undefined,
    closing: false,
    excused: false,
    kind: 'http1',
  }
  ;(socket as Tracked)[key] = connection
  return connection
}

/** Lets an HTTP/2 session be looked up like its socket, which the session gives out no more once it is destroyed. */
export function trackSession(session: object, connection: Connection): void {
  connection.kind = 'long'
  ;(session as Tracked)[key] = connection
}

/** The connection of a socket, or of an HTTP/2 session. */
export function connectionOf(socket: object): Connection | undefined {
  return (socket as Tracked)[key]
}

/** Address of a socket without the IPv4-mapped form that a dual-stack listener shows. */
export function addressOf(socket: Socket): string {
  const address = socket.remoteAddress ?? ''
  return address.startsWith('::ffff:') && address.includes('.') ? address.slice(7) : address
}

function peerOf(socket: Socket): Peer {
  const address = addressOf(socket)
  const port = socket.remotePort ?? 0
  if (!(socket instanceof TLSSocket)) return { address, port }
  const serverName = (socket as { servername?: string | false }).servername
  return {
    address,
    port,
    certificates: certificatesOf(socket),
    tls: {
      protocol: socket.getProtocol() ?? '',
      cipher: socket.getCipher()?.name ?? '',
      ...(serverName ? { serverName } : {}),
    },
  }
}

/** Not by the version: an HTTP/1 request line may claim to be HTTP/2.0. */
export function isHttp2(req: Inbound['req']): req is http2.Http2ServerRequest {
  return 'stream' in req
}

/** True when nothing is owed to an HTTP/1 client any more. */
export function isAnswered(connection: Connection): boolean {
  const { current } = connection
  return !current || ((current.req as http.IncomingMessage).complete && current.res.writableFinished)
}

/** Writes a problem as a whole HTTP/1.1 response, for connections on which no response object exists. */
export function problemBytes(code: DenialCode, id: string, detail: string): string {
  const problem = problemDetails(code, id, detail)
  const fields = problem.headers.map(([name, value]) => `${name}: ${value}\r\n`).join('')
  const date = new Date().toUTCString()
  return `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status] ?? ''}\r\n${fields}date: ${date}\r\nconnection: close\r\n\r\n${problem.body}`
}

/** Answers with a problem through the response object, and closes an HTTP/1 connection after it. */
export function answerProblem(res: Inbound['res'], code: DenialCode, id: string, detail: string): void {
  if (res.headersSent || res.writableEnded) return
  const problem = problemDetails(code, id, detail)
  for (const [name, value] of problem.headers) res.setHeader(name, value)
  if ('shouldKeepAlive' in res) res.shouldKeepAlive = false
  res.statusCode = problem.status
  res.end(problem.body)
}

/**
 * Ends a connection so that the client can read what was written: closing a socket with unread input makes the kernel
 * send a reset, which discards our answer at the client. Input is read and dropped until the client closes, for at
 * most `lingerMs`.
 */
export function closeGently(socket: Socket, lingerMs: number, last?: string | Buffer): void {
  if (socket.destroyed) return
  if (last === undefined) socket.end()
  else socket.end(last)
  socket.resume()
  const timer = setTimeout(() => socket.destroy(), lingerMs)
  socket.once('close', () => clearTimeout(timer))
  socket.once('end', () => {
    if (socket.writableFinished) socket.destroy()
    else socket.once('finish', () => socket.destroy())
  })
}

/** Makes Node's own closing after the last response gentle too (it calls `destroySoon`, which resets on unread input). */
export function closeGentlyAfterResponse(socket: Socket, lingerMs: number): void {
  ;(socket as Socket & { destroySoon: () => void }).destroySoon = () => closeGently(socket, lingerMs)
}

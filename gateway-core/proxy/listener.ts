import http from 'node:http'
import http2 from 'node:http2'
import type { AddressInfo, Server, Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import type { Limits, Listen, ListenAddress } from '../config/workspace.ts'
import {
  addressOf,
  closeGently,
  connectionOf,
  type ListenerKind,
  type Proxied,
  problemBytes,
  track,
  trackSession,
} from './connection.ts'
import { takeSilence } from './client-faults.ts'
import { http2Options } from './http2-limits.ts'
import {
  type InboundContext,
  type InboundHandler,
  takeClientError,
  takeRequest,
  takeUpgrade,
  windDown,
} from './inbound.ts'
import type { ClientError } from './parse-error.ts'
import { report } from './report-refusal.ts'
import { explainListenError } from './port-holder.ts'
import type { HeadRefusal } from './strict.ts'
import { contextOptions, type TlsMaterial, tlsServerOptions } from './tls.ts'

/** What a listener is started with. */
export interface ListenerOptions {
  listen: Listen
  limits: Limits
  handler: InboundHandler
  /** Required where `listen.https` is set; see `loadTlsMaterial`. */
  tls?: TlsMaterial
  /** Milliseconds since the epoch; for tests. */
  now?: () => number
  /** How long a refused client may take to read its answer before its connection is cut. */
  lingerMs?: number
}

/** Where it listens; `port` is the real one where 0 was asked for. */
export interface ListenerAddress {
  host: string
  port: number
  url: string
}

export interface ListenerAddresses {
  http?: ListenerAddress
  https?: ListenerAddress
  /** The forward proxy, while it is open. */
  proxy?: ListenerAddress
}

export interface Listener {
  readonly addresses: ListenerAddresses
  /** Takes new limits (for new connections; idle time at once) and rotated certificates, without dropping a connection. */
  update(change: { limits?: Limits; tls?: TlsMaterial }): void
  /** Takes no new connection, lets exchanges finish for `graceMs`, then cuts what is left. */
  close(graceMs: number): Promise<void>
  stats(): { connections: number; http2Sessions: number; refused: number }
}

// Connections above the limit are still taken in small number, to answer 503 instead of silence.
const overflow = 32

/**
 * Opens the gateway's doors: HTTP/1.1, and HTTPS with HTTP/2 by ALPN. Every head passes `judgeHead` before the handler
 * sees it; what is refused is answered with problem details, reported, and its HTTP/1 connection closed.
 * Rejects where an address cannot be had, with a message that names who holds it where the system tells.
 */
export async function startListener(options: ListenerOptions): Promise<Listener> {
  const { listen } = options
  const context: InboundContext = {
    limits: options.limits,
    handler: options.handler,
    now: options.now ?? Date.now,
    lingerMs: options.lingerMs ?? 1_000,
  }
  const counts = { refused: 0 }
  const { handler } = options
  context.handler = {
    request: (inbound) => handler.request(inbound),
    upgrade: (inbound) => handler.upgrade(inbound),
    refused: (refusal) => {
      counts.refused += 1
      handler.refused(refusal)
    },
  }
  const sockets = new Set<Socket>()
  const sessions = new Set<http2.Http2Session>()
  const raw = new Set<Socket>()
  if (listen.https && !options.tls) throw new Error('listen.https is set, and no certificate was given.')
  const plain = listen.http && plainServer(context, sockets)
  const secure = listen.https && secureServer(context, sockets, sessions, options.tls!, listen.https.clientCertificates)
  secure?.on('connection', (socket: Socket) => {
    raw.add(socket)
    socket.once('close', () => raw.delete(socket))
  })
  const apply = () => {
    for (const server of [plain, secure]) if (server) setLimits(server, context.limits)
  }
  apply()
  const servers: Server[] = []
  const addresses: ListenerAddresses = {}
  try {
    if (plain) addresses.http = await open(servers, plain, listen.http, 'http')
    if (secure) addresses.https = await open(servers, secure, listen.https, 'https')
  } catch (error) {
    for (const server of servers) server.close()
    throw error
  }
  return {
    addresses,
    update({ limits, tls }) {
      if (limits) {
        context.limits = limits
        apply()
      }
      if (tls && secure) secure.setSecureContext(contextOptions(tls, listen.https.clientCertificates))
    },
    close: (graceMs) => close(context, servers, { raw, sockets, sessions }, graceMs),
    stats: () => ({ connections: sockets.size, http2Sessions: sessions.size, refused: counts.refused }),
  }
}

/** The door that a server stands in. */
export interface Entry {
  listener: ListenerKind
  proxied?: Proxied
  /** Instead of only reporting a TLS handshake that failed. */
  handshakeFailed?(error: NodeJS.ErrnoException, socket: Socket): void
}

export type PlainServer = http.Server
export type SecureServer = http2.Http2SecureServer & Partial<Pick<http.Server, 'headersTimeout' | 'keepAliveTimeout'>>

/** A server of HTTP/1.1 that does not listen yet. */
export function plainServer(
  context: InboundContext,
  sockets: Set<Socket>,
  entry: Entry = { listener: 'http' },
): PlainServer {
  const server = http.createServer(http1Options(context.limits))
  server.on('connection', (socket: Socket) => admit(context, sockets, socket, entry))
  takeAll(context, server, entry)
  return server
}

/** A server of HTTPS, which speaks HTTP/2 and HTTP/1.1, that does not listen yet. */
export function secureServer(
  context: InboundContext,
  sockets: Set<Socket>,
  sessions: Set<http2.Http2Session>,
  tls: TlsMaterial,
  clientCertificates: 'none' | 'optional' | 'required',
  entry: Entry = { listener: 'https' },
): SecureServer {
  const server = http2.createSecureServer({
    ...http1Options(context.limits),
    ...http2Options(context.limits),
    ...tlsServerOptions(tls, clientCertificates, context.limits.headersMs),
    allowHTTP1: true,
  })
  // Node's HTTP/2 server forgets this option, and would upgrade any token.
  Object.assign(server, { shouldUpgradeCallback: mayUpgrade })
  const required = clientCertificates === 'required'
  // Before Node's own listener, which starts to parse: the connection has to be known by then.
  server.prependListener('secureConnection', (socket: TLSSocket) => admit(context, sockets, socket, entry, required))
  server.on('session', (session) => {
    sessions.add(session)
    session.once('close', () => sessions.delete(session))
    const connection = connectionOf(session.socket)
    if (!connection || connection.closing) session.destroy()
    else trackSession(session, connection)
  })
  server.on('sessionError', (error: NodeJS.ErrnoException, session: http2.ServerHttp2Session) => {
    const connection = connectionOf(session)
    if (connection && error.code !== 'ECONNRESET') {
      const detail = `HTTP/2 session ended: ${error.code ?? 'error'} ${plainWords(error.message)}`.trim()
      report(context, connection, 'connection', { code: 'MALFORMED_REQUEST', detail })
    }
  })
  takeAll(context, server, entry)
  return server
}

function takeAll(context: InboundContext, server: PlainServer | SecureServer, entry: Entry): void {
  const { listener } = entry
  const listening = server as PlainServer
  const request = (req: http.IncomingMessage, res: http.ServerResponse) => takeRequest(context, req, res)
  listening.on('request', request)
  listening.on('checkContinue', request)
  listening.on('checkExpectation', request)
  listening.on('upgrade', (req, socket: Socket, firstBytes) => takeUpgrade(context, req, socket, firstBytes))
  listening.on('connect', (req, socket, firstBytes) => {
    // HTTP/2 has a response in the place of the socket.
    if ('stream' in req) takeRequest(context, req, socket as unknown as http.ServerResponse)
    else takeUpgrade(context, req, socket as Socket, firstBytes)
  })
  listening.on('clientError', (error: ClientError, socket: Socket) => {
    if (server instanceof http.Server || connectionOf(socket)) takeClientError(context, error, socket)
    else if (entry.handshakeFailed) entry.handshakeFailed(error, socket)
    else takeHandshakeError(context, error, socket)
  })
  listening.on('timeout', (source: Socket | http2.ServerHttp2Session) => {
    // Streams have timers of their own: a session without a byte takes no new ones, and ends when they have.
    if ('goaway' in source) source.close()
    else takeSilence(context, source)
  })
  // Accepting failed (too many open files, for example): an error nobody listens to would end the process.
  listening.on('error', (error: NodeJS.ErrnoException) => {
    if (!listening.listening) return
    const peer = { address: '', port: 0 }
    const detail = `A connection could not be accepted (${error.code ?? 'error'}).`
    report(context, { listener, peer }, 'connection', {
      code: 'OVERLOADED',
      detail,
    })
  })
  listening.on('drop', (dropped) => {
    const peer = { address: dropped?.remoteAddress ?? '', port: dropped?.remotePort ?? 0 }
    report(context, { listener, peer }, 'connection', { code: 'OVERLOADED', detail: 'At `limits.connections`.' })
  })
}

function takeHandshakeError(context: InboundContext, error: ClientError, socket: Socket): void {
  const peer = { address: addressOf(socket), port: socket.remotePort ?? 0 }
  socket.destroy()
  if (error.code === 'ECONNRESET') return
  const detail = `TLS handshake failed: ${error.code ?? plainWords(error.message)}`
  report(context, { listener: 'https', peer }, 'connection', { code: 'TLS_HANDSHAKE_FAILED', detail })
}

function admit(
  context: InboundContext,
  sockets: Set<Socket>,
  socket: Socket | TLSSocket,
  { listener, proxied }: Entry,
  certificateRequired = false,
): void {
  const connection = track(socket, listener, proxied)
  sockets.add(socket)
  socket.once('close', () => sockets.delete(socket))
  let refusal: HeadRefusal | undefined
  if (sockets.size > context.limits.connections) {
    refusal = { code: 'OVERLOADED', detail: 'At `limits.connections`; try again later.' }
  } else if (certificateRequired && !(socket as TLSSocket).authorized) {
    const why = connection.peer.certificates ? 'is not trusted here' : 'is required'
    refusal = { code: 'TLS_HANDSHAKE_FAILED', detail: `A client certificate ${why}.` }
  }
  if (!refusal) return
  // Marked before anything is parsed: nothing of this connection is handed over. An HTTP/2 session is ended when it
  // begins; HTTP/1 clients are told why.
  connection.closing = true
  const id = report(context, connection, 'connection', refusal)
  if ('alpnProtocol' in socket && socket.alpnProtocol === 'h2') return
  closeGently(socket, Math.min(context.lingerMs, 200), problemBytes(refusal.code, id, refusal.detail))
}

function http1Options(limits: Limits): http.ServerOptions {
  return {
    // Judged by us, with a record; Node would answer 400 without any event.
    requireHostHeader: false,
    insecureHTTPParser: false,
    maxHeaderSize: limits.headerBytes,
    headersTimeout: limits.headersMs,
    // Bodies may take as long as they flow; their silence is bounded by `idleMs`.
    requestTimeout: 0,
    keepAliveTimeout: limits.keepAliveMs,
    connectionsCheckingInterval: Math.min(Math.max(Math.floor(limits.headersMs / 4), 20), 5_000),
    noDelay: true,
    // A request without a body is over with its head: as a stream it would cost a tenth of what a plain GET takes.
    optimizeEmptyRequests: true,
    shouldUpgradeCallback: mayUpgrade,
  }
}

// Other tokens are ignored (RFC 9110 §7.8): such a request goes the way of any other, where `h2c` is refused.
function mayUpgrade(req: http.IncomingMessage): boolean {
  return req.method === 'GET' && req.httpVersion === '1.1' && req.headers.upgrade?.toLowerCase() === 'websocket'
}

/** Puts limits in force: for new connections, idle time at once. */
export function setLimits(server: PlainServer | SecureServer, limits: Limits): void {
  const http1 = server as PlainServer & { maxHeaderSize?: number; keepAliveTimeoutBuffer?: number }
  // Node silently drops header fields beyond this count; ours are counted and refused.
  http1.maxHeadersCount = 0
  http1.maxHeaderSize = limits.headerBytes
  http1.headersTimeout = limits.headersMs
  http1.keepAliveTimeout = limits.keepAliveMs
  http1.requestTimeout = 0
  http1.timeout = limits.idleMs
  http1.maxConnections = limits.connections + overflow
  if (!(server instanceof http.Server)) server.updateSettings(http2Options(limits).settings!)
}

/** Lets a server listen. Rejects with words that say who holds a taken address. */
export function open(
  servers: Server[],
  server: PlainServer | SecureServer,
  address: ListenAddress,
  kind: ListenerKind,
): Promise<ListenerAddress> {
  return new Promise((resolve, reject) => {
    const fail = (error: NodeJS.ErrnoException) => {
      explainListenError(error, address, kind).then(reject, reject)
    }
    server.once('error', fail)
    server.listen({ host: address.host, port: address.port, exclusive: true }, () => {
      server.off('error', fail)
      servers.push(server)
      const { port } = server.address() as AddressInfo
      const host = address.host.includes(':') ? `[${address.host}]` : address.host
      resolve({ host: address.host, port, url: `${kind === 'https' ? 'https' : 'http'}://${host}:${port}` })
    })
  })
}

/** Everything that is open: TCP sockets below TLS (`raw`), sockets that carry HTTP, HTTP/2 sessions. */
export interface Open {
  raw: Set<Socket>
  sockets: Set<Socket>
  sessions: Set<http2.Http2Session>
}

/** Takes no new connection, lets exchanges finish for `graceMs`, then cuts what is left. */
export async function close(context: InboundContext, servers: Server[], open: Open, graceMs: number): Promise<void> {
  const closed = servers.map((server) => new Promise<void>((resolve) => server.close(() => resolve())))
  for (const session of open.sessions) session.close()
  for (const socket of open.sockets) windDown(context, connectionOf(socket)!)
  const timer = setTimeout(() => {
    for (const session of open.sessions) session.destroy()
    for (const socket of [...open.sockets, ...open.raw]) socket.destroy()
  }, graceMs)
  await Promise.all(closed)
  clearTimeout(timer)
}

/** Messages of OpenSSL and nghttp2 without file names and addresses. */
function plainWords(message: string): string {
  return message.replace(/[^\x20-\x7e]/g, ' ').slice(0, 120)
}

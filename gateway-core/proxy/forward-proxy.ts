import { isIP, type Socket } from 'node:net'
import type http from 'node:http'
import type http2 from 'node:http2'
import type { ExchangeRecord } from '../capture/record.ts'
import type { Limits, ListenAddress } from '../config/workspace.ts'
import type { Inbound } from './connection.ts'
import { addressOf, answerProblem, closeGently, connectionOf, problemBytes } from './connection.ts'
import { ConnectDesk } from './forward-proxy-connect.ts'
import type { ProxyHosts } from './forward-proxy-hosts.ts'
import { answerPage, isPageHost } from './forward-proxy-page.ts'
import { isNearby, OwnAddresses, staysHere } from './forward-proxy-places.ts'
import type { InboundContext, InboundHandler, InboundUpgrade } from './inbound.ts'
import { close, type ListenerAddress, open, plainServer, setLimits } from './listener.ts'
import type { LocalCa } from './local-ca.ts'
import { hostOf, portOf } from './observed-origins.ts'
import type { ConnectTo } from './outbound-tunnel.ts'
import { report } from './report-refusal.ts'
import type { HeadRefusal } from './strict.ts'

/** What a forward proxy is started with. */
export interface ForwardProxyOptions {
  listen: ListenAddress
  limits: Limits
  ca: LocalCa
  hosts: ProxyHosts
  /** Takes every request that is well-formed and meant for a server elsewhere. */
  handler: InboundHandler
  /** Takes the records of tunnels whose bytes nobody reads. */
  record(record: ExchangeRecord): void
  /** Whether routes of the workspace name this host: then nothing to it may pass unread. */
  routed(authority: string, scheme: 'http' | 'https'): boolean
  /** Revision in force, for records. */
  revision(): string
  /** Opens a connection for a tunnel that a client at this address asked for. */
  connect(to: ConnectTo, client: string): Promise<Socket>
  /** Milliseconds since the epoch; for tests. */
  now?: () => number
  lingerMs?: number
  /** How long a client may say nothing inside CONNECT before the server is asked whether it speaks first. */
  silenceMs?: number
}

/** A running forward proxy. */
export interface ForwardProxy {
  readonly address: ListenerAddress
  readonly hosts: ProxyHosts
  readonly ca: LocalCa
  update(limits: Limits): void
  close(graceMs: number): Promise<void>
}

/**
 * Opens the door for one's own programs: HTTP in absolute form, and CONNECT with TLS that is opened by certificates of the
 * local CA. What comes out is handed over like any request; who takes it decides whether a route judges it.
 */
export async function startForwardProxy(options: ForwardProxyOptions): Promise<ForwardProxy> {
  const { hosts, routed, ca } = options
  const own = new OwnAddresses(options.listen)
  const context: InboundContext = {
    limits: options.limits,
    handler: options.handler,
    now: options.now ?? Date.now,
    lingerMs: options.lingerMs ?? 1_000,
    asSent: (authority, scheme) => !routed(authority, scheme),
  }
  const refuse = (inbound: Inbound | InboundUpgrade, refusal: HeadRefusal) => answerRefusal(context, inbound, refusal)
  const mayPass = (inbound: Inbound | InboundUpgrade): boolean => {
    const refusal = whyNot(inbound, own)
    if (refusal) refuse(inbound, refusal)
    return refusal === undefined
  }
  context.handler = {
    request(inbound) {
      const { authority, scheme } = inbound.head
      noteAccepted(inbound, hosts)
      const here = isPageHost(authority) || own.is(hostOf(authority), portOf(authority, scheme))
      if (here && inbound.proxied?.tunnel === undefined)
        answerPage(inbound, ca, own.shown(addressOf(inbound.req.socket)))
      else if (mayPass(inbound)) options.handler.request(inbound)
    },
    upgrade(inbound) {
      noteAccepted(inbound, hosts)
      if (mayPass(inbound)) options.handler.upgrade(inbound)
    },
    refused: (refusal) => options.handler.refused(refusal),
  }
  const sockets = new Set<Socket>()
  const sessions = new Set<http2.Http2Session>()
  const raw = new Set<Socket>()
  const desk = new ConnectDesk(options, context, own, { sockets, sessions, raw })
  const server = plainServer(context, sockets, { listener: 'proxy', proxied: { scheme: 'http', tunnel: undefined } })
  server.prependListener('connection', (socket: Socket) => admitNearby(context, socket))
  server.removeAllListeners('connect')
  server.on('connect', (req: http.IncomingMessage, socket: Socket, firstBytes: Buffer) =>
    desk.take(req, socket, firstBytes),
  )
  setLimits(server, context.limits)
  const address = await open([], server, options.listen, 'proxy')
  own.port = address.port
  return {
    address,
    hosts,
    ca,
    update(limits) {
      context.limits = limits
      setLimits(server, limits)
      desk.update(limits)
    },
    async close(graceMs) {
      const cut = setTimeout(() => desk.cut(), graceMs)
      await close(context, [server], { sockets, sessions, raw }, graceMs)
      clearTimeout(cut)
      desk.cut()
    },
  }
}

/** Why a well-formed request may not go on. */
function whyNot({ head, proxied, peer }: Inbound | InboundUpgrade, own: OwnAddresses): HeadRefusal | undefined {
  const { authority, scheme, target } = head
  const tunnel = proxied?.tunnel
  if (!tunnel && (target.startsWith('/') || target === '*')) {
    const detail = 'This is a forward proxy: set it as the proxy of a program, or send this to the gateway.'
    return { code: 'BAD_TARGET', detail, offset: 0 }
  }
  const host = hostOf(authority)
  const port = portOf(authority, scheme)
  if (tunnel && (port !== tunnel.port || (host !== tunnel.host && isIP(tunnel.host) === 0))) {
    return { code: 'MISDIRECTED_REQUEST', detail: 'Host names another server than CONNECT did.' }
  }
  if (own.is(host, port)) return { code: 'PROXY_LOOP', detail: 'This is the forward proxy itself.' }
  if (staysHere(tunnel?.host ?? host) && !staysHere(peer.address)) {
    return { code: 'PROXY_CLIENT_NOT_ALLOWED', detail: 'Other devices reach no server on this machine through it.' }
  }
  return undefined
}

function answerRefusal(context: InboundContext, inbound: Inbound | InboundUpgrade, refusal: HeadRefusal): void {
  const { head } = inbound
  const { method, target, scheme, authority, rawHeaders, path, query, httpVersion } = head
  const told = { method, target, scheme, authority, rawHeaders, path, query, httpVersion }
  const id = report(context, inbound, 'request', refusal, told)
  if ('res' in inbound) answerProblem(inbound.res, refusal.code, id, refusal.detail)
  else closeGently(inbound.socket as Socket, context.lingerMs, problemBytes(refusal.code, id, refusal.detail))
}

/** Peers that are neither this machine nor of a private network are told to go before anything is read. */
function admitNearby(context: InboundContext, socket: Socket): void {
  const address = addressOf(socket)
  if (isNearby(address)) return
  const connection = connectionOf(socket)
  const peer = connection?.peer ?? { address, port: socket.remotePort ?? 0 }
  const detail = 'The forward proxy serves this machine and its private networks.'
  report(context, { listener: 'proxy', peer }, 'connection', { code: 'PROXY_CLIENT_NOT_ALLOWED', detail })
  socket.destroy()
}

function noteAccepted({ proxied }: Inbound | InboundUpgrade, hosts: ProxyHosts): void {
  const tunnel = proxied?.scheme === 'https' ? proxied.tunnel : undefined
  if (tunnel) hosts.accept(tunnel.host, tunnel.port)
}

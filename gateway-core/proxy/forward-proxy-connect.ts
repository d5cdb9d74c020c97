import type http from 'node:http'
import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import type { Limits } from '../config/workspace.ts'
import type { DenialCode } from '../errors.ts'
import type { Peer } from '../exchange.ts'
import { type Connection, closeGently, connectionOf, isAnswered, problemBytes, type Proxied } from './connection.ts'
import type { ForwardProxyOptions } from './forward-proxy.ts'
import { spokenIn } from './forward-proxy-first-bytes.ts'
import { HostCertificates } from './forward-proxy-certificates.ts'
import { type OwnAddresses, staysHere } from './forward-proxy-places.ts'
import { type ConnectTarget, headOf, readTarget } from './forward-proxy-target.ts'
import { carry, type TunnelReason } from './forward-proxy-tunnel.ts'
import type { InboundContext } from './inbound.ts'
import { type Open, type PlainServer, plainServer, type SecureServer, secureServer, setLimits } from './listener.ts'
import { report } from './report-refusal.ts'

const established = 'HTTP/1.1 200 Connection Established\r\n\r\n'
const mostServers = 256
/** A client that leaves sooner after the handshake than this never meant to ask anything. */
const leftAtOnceMs = 2_000

/**
 * Takes CONNECT: tells what the client speaks inside by its first bytes, and gives that to a server of its own. TLS is
 * opened with a certificate for the host; what is no HTTP passes as a tunnel, unless routes name the host.
 */
export class ConnectDesk {
  readonly #options: ForwardProxyOptions
  readonly #context: InboundContext
  readonly #own: OwnAddresses
  readonly #open: Open
  readonly #certificates: HostCertificates
  readonly #servers = new Map<string, Promise<SecureServer> | PlainServer>()
  readonly #tunnels = new Set<() => void>()
  /** Who came last to a server: a handshake that failed has lost its address. */
  readonly #peers = new WeakMap<PlainServer | SecureServer, Peer>()

  constructor(options: ForwardProxyOptions, context: InboundContext, own: OwnAddresses, open: Open) {
    this.#options = options
    this.#context = context
    this.#own = own
    this.#open = open
    this.#certificates = new HostCertificates(options.ca)
  }

  /** Limits for connections from now on. */
  update(limits: Limits): void {
    for (const server of this.#servers.values()) {
      if (server instanceof Promise) server.then((made) => setLimits(made, limits)).catch(() => undefined)
      else setLimits(server, limits)
    }
  }

  /** Ends everything that goes on inside tunnels. */
  cut(): void {
    for (const cut of this.#tunnels) cut()
    for (const socket of this.#open.raw) socket.destroy()
  }

  take(req: http.IncomingMessage, socket: Socket, firstBytes: Buffer): void {
    // Node has taken its own listeners off: an error nobody listens to would end the process.
    socket.on('error', () => socket.destroy())
    const connection = connectionOf(socket)
    if (!connection || connection.closing) {
      socket.destroy()
      return
    }
    // The timers of the outer server would count silence that is none: TLS reads past them.
    socket.removeAllListeners('timeout')
    socket.setTimeout(0)
    const target = readTarget(req, this.#context.limits)
    if ('code' in target) return this.#refuse(connection, req, target.code, target.detail)
    if (!isAnswered(connection)) {
      return this.#refuse(connection, req, 'UPGRADE_REFUSED', 'CONNECT needs a connection of its own.')
    }
    if (this.#own.is(target.host, target.port)) {
      return this.#refuse(connection, req, 'PROXY_LOOP', 'This is the forward proxy itself.')
    }
    if (staysHere(target.host) && !staysHere(connection.peer.address)) {
      const detail = 'Other devices reach no server on this machine through it.'
      return this.#refuse(connection, req, 'PROXY_CLIENT_NOT_ALLOWED', detail)
    }
    connection.kind = 'long'
    this.#open.raw.add(socket)
    socket.once('close', () => this.#open.raw.delete(socket))
    if (this.#options.hosts.passes(target.host, target.port)) {
      if (firstBytes.length > 0) socket.unshift(firstBytes)
      socket.pause()
      void this.#tunnel(connection, req, target, 'passed-through', true)
      return
    }
    socket.write(established)
    this.#listen(connection, target, firstBytes)
  }

  /** Reads until it is clear what the client speaks. */
  #listen(connection: Connection, target: ConnectTarget, firstBytes: Buffer): void {
    const { socket } = connection
    let seen = firstBytes
    const settle = (): boolean => {
      const spoken = spokenIn(seen)
      if (spoken === 'more') return false
      stop()
      socket.pause()
      socket.unshift(seen)
      if (spoken === 'tls') void this.#serve(connection, target, 'https')
      else if (spoken === 'http') void this.#serve(connection, target, 'http')
      else void this.#tunnelUnread(connection, target, spoken === 'h2c' ? 'h2c' : 'not-http')
      return true
    }
    const read = (chunk: Buffer) => {
      seen = seen.length === 0 ? chunk : Buffer.concat([seen, chunk])
      settle()
    }
    const gone = () => {
      stop()
      socket.destroy()
    }
    // Some protocols let the server speak first: after a while of silence it is asked.
    const silence = setTimeout(() => {
      stop()
      socket.pause()
      if (seen.length > 0) socket.unshift(seen)
      void this.#hearServer(connection, target, seen.length > 0)
    }, this.#options.silenceMs ?? 1_000)
    const stop = () => {
      clearTimeout(silence)
      socket.setTimeout(0)
      socket.off('data', read).off('end', gone).off('close', gone).off('timeout', gone)
    }
    if (seen.length > 0 && settle()) return
    socket.setTimeout(this.#context.limits.idleMs)
    socket.on('data', read).on('end', gone).on('close', gone).on('timeout', gone)
    socket.resume()
  }

  /** A client that says nothing: if its server speaks first, it is a tunnel; if the client does after all, it is read. */
  async #hearServer(connection: Connection, target: ConnectTarget, begun: boolean): Promise<void> {
    const { socket } = connection
    if (this.#options.routed(headOf(target).authority, 'https')) {
      if (!begun) return this.#listen(connection, target, Buffer.alloc(0))
      return this.#refuseTunnel(connection, target)
    }
    const upstream = await this.#options.connect(target, connection.peer.address).catch(() => undefined)
    if (!upstream || socket.destroyed) {
      upstream?.destroy()
      socket.destroy()
      return
    }
    const stop = () => {
      upstream.off('readable', serverSpoke).off('close', left).off('error', left)
      socket.off('data', clientSpoke).off('close', left).off('end', left)
    }
    const serverSpoke = () => {
      stop()
      socket.pause()
      this.#carry(connection, upstream, target, 'not-http')
    }
    const clientSpoke = (chunk: Buffer) => {
      stop()
      upstream.destroy()
      socket.pause()
      this.#listen(connection, target, chunk)
    }
    const left = () => {
      stop()
      upstream.destroy()
      socket.destroy()
    }
    upstream.on('readable', serverSpoke).on('close', left).on('error', left)
    socket.on('data', clientSpoke).on('close', left).on('end', left)
    socket.resume()
  }

  /** Hands the connection to a server that speaks what the client does. */
  async #serve(connection: Connection, target: ConnectTarget, scheme: 'http' | 'https'): Promise<void> {
    const { socket } = connection
    try {
      const server = await this.#serverFor(target, scheme)
      if (socket.destroyed) return
      this.#peers.set(server, connection.peer)
      server.emit('connection', socket)
      // TLS reads below the stream; the parser of HTTP waits for what was put back.
      if (scheme === 'http') socket.resume()
    } catch {
      socket.destroy()
    }
  }

  #serverFor(target: ConnectTarget, scheme: 'http' | 'https'): Promise<SecureServer> | PlainServer {
    const key = `${scheme} ${target.host}:${target.port}`
    const known = this.#servers.get(key)
    if (known) return known
    const proxied: Proxied = { scheme, tunnel: target }
    const context = this.#context
    const server =
      scheme === 'http'
        ? this.#plain(context, proxied)
        : this.#certificates.materialFor(target.host).then((material) => {
            const { sockets, sessions } = this.#open
            const made = secureServer(context, sockets, sessions, material, 'none', {
              listener: 'proxy',
              proxied,
              handshakeFailed: (error, socket) => this.#handshakeFailed(error, socket, target, this.#peers.get(made)),
            })
            made.on('secureConnection', (socket: TLSSocket) => this.#watch(socket, target))
            setLimits(made, context.limits)
            return made
          })
    this.#servers.set(key, server)
    if (server instanceof Promise) server.catch(() => this.#servers.delete(key))
    // Connections keep the server they are on.
    if (this.#servers.size > mostServers) this.#servers.delete(this.#servers.keys().next().value!)
    return server
  }

  #plain(context: InboundContext, proxied: Proxied): PlainServer {
    const server = plainServer(context, this.#open.sockets, { listener: 'proxy', proxied })
    setLimits(server, context.limits)
    return server
  }

  // A client that checks certificates after the handshake says nothing: it just goes.
  #watch(socket: TLSSocket, target: ConnectTarget): void {
    const startedAt = this.#context.now()
    const connection = connectionOf(socket)
    socket.once('close', () => {
      if (!connection || connection.current || connection.closing || connection.kind === 'long') return
      if (this.#context.now() - startedAt > leftAtOnceMs) return
      if (!this.#options.hosts.suspect(target.host, target.port)) return
      this.#certificateRefused(connection, target, 'it left right after the handshake, again')
    })
  }

  #handshakeFailed(
    error: NodeJS.ErrnoException,
    socket: Socket,
    target: ConnectTarget,
    peer: Peer = { address: '', port: 0 },
  ): void {
    socket.destroy()
    const code = error.code ?? ''
    const alert =
      /ALERT_(?:NUMBER_)?(?:[A-Z0-9_]*?_)?(UNKNOWN_CA|BAD_CERTIFICATE|CERTIFICATE_[A-Z]+|ACCESS_DENIED)/.exec(code)
    const left = code === 'ECONNRESET' || code === 'EPIPE'
    if (alert)
      return this.#certificateRefused(
        { peer },
        target,
        `its TLS alert says ${alert[1]!.toLowerCase().replaceAll('_', ' ')}`,
      )
    if (!left) {
      const detail = `TLS handshake failed: ${code || 'error'}`
      report(
        this.#context,
        { listener: 'proxy', peer },
        'connection',
        { code: 'TLS_HANDSHAKE_FAILED', detail },
        headOf(target),
      )
    } else if (this.#options.hosts.suspect(target.host, target.port)) {
      this.#certificateRefused({ peer }, target, 'it left in the middle of the handshake, again')
    }
  }

  #certificateRefused({ peer }: Pick<Connection, 'peer'>, target: ConnectTarget, why: string): void {
    this.#options.hosts.refuse(target.host, target.port, why, this.#context.now())
    const detail = `The client does not take our certificate for ${target.host}: ${why}.`
    report(
      this.#context,
      { listener: 'proxy', peer },
      'connection',
      { code: 'CERTIFICATE_REJECTED', detail },
      headOf(target),
    )
  }

  async #tunnelUnread(connection: Connection, target: ConnectTarget, reason: TunnelReason): Promise<void> {
    if (this.#options.routed(headOf(target).authority, 'https')) return this.#refuseTunnel(connection, target)
    await this.#tunnel(connection, undefined, target, reason, false)
  }

  #refuseTunnel(connection: Connection, target: ConnectTarget): void {
    const detail = `Routes of this workspace name ${target.host}, and bytes that are no HTTP would pass them by; list it in listen.proxy.passThrough if that is meant.`
    report(this.#context, connection, 'connection', { code: 'UPGRADE_REFUSED', detail }, headOf(target))
    connection.socket.destroy()
  }

  /** Connects to the server; with `answer` the client still waits to hear whether that worked. */
  async #tunnel(
    connection: Connection,
    req: http.IncomingMessage | undefined,
    target: ConnectTarget,
    reason: TunnelReason,
    answer: boolean,
  ): Promise<void> {
    const { socket } = connection
    let upstream: Socket
    try {
      upstream = await this.#options.connect(target, connection.peer.address)
    } catch (error) {
      const detail = `${target.host}:${target.port} cannot be reached: ${(error as Error).message}`
      if (answer) return this.#refuse(connection, req, 'UPSTREAM_UNREACHABLE', detail)
      report(this.#context, connection, 'connection', { code: 'UPSTREAM_UNREACHABLE', detail }, headOf(target))
      socket.destroy()
      return
    }
    if (socket.destroyed) {
      upstream.destroy()
      return
    }
    if (answer) socket.write(established)
    this.#carry(connection, upstream, target, reason)
  }

  #carry(connection: Connection, upstream: Socket, { host, port }: ConnectTarget, reason: TunnelReason): void {
    const { socket: client, peer } = connection
    const revision = this.#options.revision()
    const cut = carry({ client, upstream, host, port, reason, peer, revision }, this.#options.record, this.#context.now)
    this.#tunnels.add(cut)
    client.once('close', () => this.#tunnels.delete(cut))
  }

  #refuse(connection: Connection, req: http.IncomingMessage | undefined, code: DenialCode, detail: string): void {
    connection.closing = true
    const head = {
      method: 'CONNECT',
      target: req?.url ?? '',
      authority: req?.url ?? '',
      rawHeaders: req?.rawHeaders ?? [],
    }
    const id = report(this.#context, connection, 'request', { code, detail }, head)
    closeGently(connection.socket, this.#context.lingerMs, problemBytes(code, id, detail))
  }
}

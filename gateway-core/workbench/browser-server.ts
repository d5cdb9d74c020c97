import { existsSync } from 'node:fs'
import http, { type IncomingMessage, type ServerResponse } from 'node:http'
import { type AddressInfo, isIP } from 'node:net'
import { join } from 'node:path'
import type { Duplex } from 'node:stream'
import { WebSocketServer, type WebSocket } from 'ws'
import type { WelcomeFrame } from '../protocol/browser-session.ts'
import { frameLimit } from '../protocol/frames.ts'
import { type Served, serveConnection, type ServeOptions } from '../protocol/rpc-server.ts'
import { closeCodes, webSocketTransport } from '../protocol/transport-web-socket.ts'
import { Admission } from './admission.ts'
import { CannotRun } from './cannot-run.ts'
import { end, securityHeaders, serveStatic } from './static-files.ts'

export interface BrowserServerOptions extends ServeOptions {
  /** Folder of the built screens. */
  renderer: string
  /** Default: a free port. */
  port?: number
  /** Default: loopback only. Whoever reaches another address and has the token may use the workbench. */
  host?: string
  /** Further origins that pages may come from: those of a desktop window, which no page of the web can have. */
  origins?: readonly string[]
  /** How long a new connection may take to show its token or key, in ms. */
  helloMs?: number
}

export interface BrowserServer {
  /** Address of the page, without a token. */
  readonly url: string
  /** Address with a new one-time token in its fragment, which browsers send to nobody. */
  freshUrl(): string
  close(): Promise<void>
}

/** Path of the WebSocket. */
export const socketPath = '/rpc'
/** A page of ours opens one; more than these are no person's doing. */
const mostConnections = 64
/** A hello is short: nobody unknown may send more. */
const helloLimit = 1000

/** Serves the screens and the protocol to a browser. Throws CannotRun when the port is taken. */
export async function startBrowserServer(options: BrowserServerOptions): Promise<BrowserServer> {
  const { renderer, host = '127.0.0.1', origins = ['app://gatehouse'], helloMs = 10_000 } = options
  const admission = new Admission()
  const served = new Set<Served>()
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: frameLimit,
    perMessageDeflate: false,
    clientTracking: true,
  })
  const server = http.createServer({ requestTimeout: 30_000, headersTimeout: 10_000 }, (request, response) =>
    answer(request, response),
  )
  server.maxHeadersCount = 100

  const answer = (request: IncomingMessage, response: ServerResponse) => {
    if (!isOurHost(request, host)) {
      securityHeaders(response)
      return end(response, 421, 'this host name is not one of the workbench')
    }
    if (!existsSync(join(renderer, 'index.html'))) {
      securityHeaders(response)
      return end(response, 503, 'The screens are not built yet: run "npm run build", then load this page again.')
    }
    serveStatic(renderer, request, response)
  }

  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on('error', () => socket.destroy())
    const refusal = upgradeRefusal(request, host, origins)
    if (refusal !== undefined) return refuse(socket, ...refusal)
    if (sockets.clients.size >= mostConnections) return refuse(socket, 503, 'too many connections')
    sockets.handleUpgrade(request, socket, head, (webSocket) => greet(webSocket))
  })

  const greet = (socket: WebSocket) => {
    const late = setTimeout(() => socket.close(closeCodes.unauthorized, 'no token'), helloMs)
    // What is too large or no WebSocket at all ends the connection, and nothing else.
    socket.on('error', () => socket.terminate())
    socket.once('close', () => clearTimeout(late))
    socket.once('message', (data: Buffer, isBinary: boolean) => {
      clearTimeout(late)
      const key = isBinary || data.length > helloLimit ? undefined : admitted(data.toString('utf8'))
      if (key === undefined) return socket.close(closeCodes.unauthorized, 'the token or key is not known')
      const one = serveConnection(webSocketTransport(socket as never), options)
      served.add(one)
      socket.once('close', () => served.delete(one))
      socket.send(JSON.stringify({ t: 'welcome', key } satisfies WelcomeFrame))
    })
  }

  /** The key that a connection has from now on; undefined when it may not come in. */
  const admitted = (text: string): string | undefined => {
    let hello: { t?: unknown; token?: unknown; key?: unknown } | null
    try {
      hello = JSON.parse(text) as typeof hello
    } catch {
      return undefined
    }
    if (hello?.t !== 'hello') return undefined
    if (typeof hello.key === 'string') return admission.knows(hello.key) ? hello.key : undefined
    return typeof hello.token === 'string' ? admission.exchange(hello.token) : undefined
  }

  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const place = `${host}:${options.port ?? 0}`
      const todo = error.code === 'EADDRINUSE' ? 'choose another with --ui-port, or 0 for a free one' : undefined
      const why = error.code === 'EADDRINUSE' ? 'is taken' : `cannot be used (${error.code})`
      reject(new CannotRun(`${place} for the workbench ${why}`, todo))
    })
    server.listen(options.port ?? 0, host, resolve)
  })
  const { port } = server.address() as AddressInfo
  const shown = host === '0.0.0.0' || host === '::' ? 'localhost' : isIP(host) === 6 ? `[${host}]` : host
  const url = `http://${shown}:${port}/`
  return {
    url,
    freshUrl: () => `${url}#token=${admission.issueToken()}`,
    async close() {
      for (const one of served) one.close('the workbench was closed')
      for (const client of sockets.clients) client.terminate()
      sockets.close()
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

function upgradeRefusal(
  request: IncomingMessage,
  host: string,
  origins: readonly string[],
): [status: number, text: string] | undefined {
  if ((request.url ?? '').split('?', 1)[0] !== socketPath) return [404, 'there is nothing here']
  if (!isOurHost(request, host)) return [421, 'this host name is not one of the workbench']
  const { origin } = request.headers
  if (origin === undefined) return [403, 'a page has to say where it comes from']
  if (origin !== `http://${request.headers.host}` && !origins.includes(origin)) return [403, 'this origin may not']
  return undefined
}

/**
 * Whether the Host is one that leads here by itself. A name that somebody else's DNS turned into this address (DNS
 * rebinding) is not: on loopback only loopback's names count, elsewhere addresses do, and the name that was bound.
 */
function isOurHost(request: IncomingMessage, bound: string): boolean {
  const hosts = request.headersDistinct['host'] ?? []
  const match = hosts.length === 1 ? /^(\[[\da-f:.]+\]|[^:@/\\\s]+)(?::(\d+))?$/i.exec(hosts[0]!) : null
  if (!match) return false
  const name = match[1]!.toLowerCase().replace(/^\[|\]$/g, '')
  if (name === 'localhost' || name === '127.0.0.1' || name === '::1') return true
  if (name === bound.toLowerCase()) return true
  const everywhere = bound === '0.0.0.0' || bound === '::'
  return everywhere && isIP(name) !== 0
}

function refuse(socket: Duplex, status: number, text: string): void {
  const reason = http.STATUS_CODES[status] ?? ''
  socket.end(
    `HTTP/1.1 ${status} ${reason}\r\nConnection: close\r\nContent-Type: text/plain\r\nContent-Length: ${text.length}\r\n\r\n${text}`,
  )
}

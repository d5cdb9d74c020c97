import http from 'node:http'
import https from 'node:https'
import net, { type LookupFunction, type Socket } from 'node:net'
import tls from 'node:tls'
import type { Duplex } from 'node:stream'
import { proxyAuthorization } from './upstream-client/through-proxy.ts'

/** Where a connection goes. `host` is without brackets. */
export interface ConnectTo {
  readonly host: string
  readonly port: number
  /** Finds the addresses of a name in the place of the system. */
  readonly lookup?: LookupFunction
}

/** How long a connection may take to come about, in ms, where nobody says otherwise. */
const connectMs = 10_000
const headLimit = 16_384

/**
 * Opens a TCP connection: directly, or with CONNECT through the outbound proxy at `through`. Rejects with words that say
 * what the proxy answered.
 */
export async function openConnection(
  to: ConnectTo,
  through: string | undefined,
  timeoutMs: number = connectMs,
): Promise<Socket> {
  if (through === undefined) return connected(net.connect(to), timeoutMs)
  const { host, port } = to
  const proxy = new URL(through)
  const socket = await openProxy(proxy, timeoutMs)
  await askForTunnel(socket, proxy, `${host.includes(':') ? `[${host}]` : host}:${port}`, timeoutMs)
  return socket
}

/** Opens a connection to an outbound proxy itself. */
export function openProxy(proxy: URL, timeoutMs: number): Promise<Socket> {
  const at = { host: bare(proxy.hostname), port: Number(proxy.port || (proxy.protocol === 'https:' ? 443 : 80)) }
  const way =
    proxy.protocol === 'https:'
      ? tls.connect({ ...at, ...(net.isIP(at.host) ? {} : { servername: at.host }) })
      : net.connect(at)
  return connected(way, timeoutMs)
}

/** Waits until a socket is connected (and its TLS handshake is done). */
export function connected(socket: Socket, timeoutMs: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => fail(new Error(`no connection within ${timeoutMs} ms`)), timeoutMs)
    const fail = (error: Error) => {
      clearTimeout(timer)
      socket.destroy()
      reject(error)
    }
    socket.once('error', fail)
    socket.once(socket instanceof tls.TLSSocket ? 'secureConnect' : 'connect', () => {
      clearTimeout(timer)
      socket.off('error', fail)
      // Until somebody else listens: an error nobody listens to would end the process.
      socket.on('error', () => undefined)
      socket.setNoDelay(true)
      resolve(socket)
    })
  })
}

/** RFC 9110 §9.3.6. What the proxy sent behind its answer belongs to the tunnel and stays readable. */
function askForTunnel(socket: Socket, proxy: URL, authority: string, timeoutMs: number): Promise<void> {
  const lines = [`CONNECT ${authority} HTTP/1.1`, `Host: ${authority}`]
  const authorization = proxyAuthorization(proxy)
  if (authorization !== undefined) lines.push(`Proxy-Authorization: ${authorization}`)
  socket.write(`${lines.join('\r\n')}\r\n\r\n`)
  return new Promise((resolve, reject) => {
    let seen = Buffer.alloc(0)
    const done = (error?: Error) => {
      clearTimeout(timer)
      socket.off('data', read).off('error', done).off('close', closed)
      if (!error) return resolve()
      socket.destroy()
      reject(error)
    }
    const closed = () => done(new Error('the outbound proxy closed the connection'))
    const timer = setTimeout(
      () => done(new Error(`the outbound proxy did not answer within ${timeoutMs} ms`)),
      timeoutMs,
    )
    const read = (chunk: Buffer) => {
      seen = Buffer.concat([seen, chunk])
      const end = seen.indexOf('\r\n\r\n')
      if (end < 0) {
        if (seen.length > headLimit) done(new Error('the outbound proxy sent no HTTP answer'))
        return
      }
      const status = /^HTTP\/1\.[01] (\d{3})/.exec(seen.subarray(0, 12).toString('latin1'))?.[1]
      if (status?.startsWith('2')) {
        socket.pause()
        if (seen.length > end + 4) socket.unshift(seen.subarray(end + 4))
        return done()
      }
      const what = status === '407' ? '407 (it wants a name and a password)' : (status ?? 'something that is not HTTP')
      done(new Error(`the outbound proxy answered ${what} to CONNECT ${authority}`))
    }
    socket.on('data', read).on('error', done).on('close', closed)
  })
}

type Options = http.ClientRequestArgs & tls.ConnectionOptions
type Callback = (error: Error | null, socket: Duplex) => void

/** Makes the connections of an agent with CONNECT through an outbound proxy; TLS with the upstream inside. */
function createThrough(through: string, options: Options, secure: boolean, callback: Callback): undefined {
  const to = { host: bare(options.host ?? 'localhost'), port: Number(options.port) }
  openConnection(to, through, options.timeout).then(
    (socket) => {
      if (!secure) {
        callback(null, socket)
        // A server of HTTP does not speak first: nothing is lost before somebody listens.
        socket.resume()
        return
      }
      const name = options.servername || (net.isIP(to.host) ? undefined : to.host)
      // `path` would be taken for that of a local socket.
      const { path: _, ...rest } = options
      callback(null, tls.connect({ ...rest, socket, ...(name === undefined ? {} : { servername: name }) } as never))
    },
    (error: Error) => callback(error, undefined as never),
  )
  return undefined
}

/** Agent whose connections go through an outbound proxy, for WebSocket tunnels. */
export function agentThrough(through: string, options: https.AgentOptions, secure: boolean): http.Agent | https.Agent {
  const agent = secure ? new https.Agent(options) : new http.Agent(options)
  Object.assign(agent, {
    createConnection: (one: Options, callback: Callback) => createThrough(through, one, secure, callback),
  })
  return agent
}

/** A host without the brackets of an IPv6 address. */
export function bare(host: string): string {
  return host.replace(/^\[|\]$/g, '')
}

import net, { type LookupFunction, type Socket } from 'node:net'
import tls, { type ConnectionOptions, type TLSSocket } from 'node:tls'
import { bare, connected, openConnection, openProxy } from '../outbound-tunnel.ts'

/** An open connection. What is read waits until `onBytes` is set and the socket is resumed. */
export interface Wire {
  readonly socket: Socket
  /** Told of each piece that comes. Whoever wants to keep the bytes after that copies them where they are `shared`. */
  onBytes: (bytes: Buffer, shared: boolean) => void
}

/** Opens a connection that HTTP/1.1 can be spoken on: TLS and tunnels are done. Rejects after its own time limit. */
export type Connect = () => Promise<Wire>

const readBytes = 16 * 1024

/** How an upstream is connected to. */
export interface ConnectOptions {
  /** Time for the whole of it, TLS included. */
  readonly timeoutMs: number
  /** URL of an outbound proxy that is asked for a tunnel. */
  readonly through: string | undefined
  /** For `https:`: CAs, client certificate, server name. */
  readonly tls: ConnectionOptions
  readonly lookup?: LookupFunction | undefined
}

/** Opens connections to an origin; TLS sessions are resumed. */
export function connectorTo(origin: URL, { timeoutMs, through, tls: secure, lookup }: ConnectOptions): Connect {
  const host = bare(origin.hostname)
  const isSecure = origin.protocol === 'https:'
  const port = Number(origin.port || (isSecure ? 443 : 80))
  const to = { host, port, ...(lookup && { lookup }) }
  if (!isSecure && through === undefined) return () => openPlain(to, timeoutMs)
  if (!isSecure) return async () => wireOf(await openConnection(to, through, timeoutMs))
  const options: ConnectionOptions = {
    ALPNProtocols: ['http/1.1'],
    ...(net.isIP(host) ? {} : { servername: host }),
    ...secure,
  }
  let session: Buffer | undefined
  const start = async (socket?: Socket): Promise<Wire> => {
    const connection: TLSSocket = tls.connect({
      ...options,
      ...(session && { session }),
      ...(socket ? { socket, host } : to),
    })
    connection.on('session', (ticket) => (session = ticket))
    try {
      return wireOf(await connected(connection, timeoutMs))
    } catch (error) {
      session = undefined
      throw error
    }
  }
  return through === undefined ? () => start() : async () => start(await openConnection(to, through, timeoutMs))
}

/** Opens connections to an outbound proxy itself, for requests that it takes in absolute form. */
export function connectorToProxy(through: string, timeoutMs: number): Connect {
  const url = new URL(through)
  return async () => wireOf(await openProxy(url, timeoutMs))
}

/** TCP alone is read into one buffer for each connection: Node would make 64 KB for every piece, and a stream's events. */
async function openPlain(to: net.TcpNetConnectOpts, timeoutMs: number): Promise<Wire> {
  const buffer = Buffer.allocUnsafeSlow(readBytes)
  const callback = (length: number) => {
    wire.onBytes(length === readBytes ? buffer : buffer.subarray(0, length), true)
    return true
  }
  const socket = net.connect({ ...to, onread: { buffer, callback } } as net.TcpNetConnectOpts)
  const wire: Wire = { socket, onBytes: () => undefined }
  await connected(socket.pause(), timeoutMs)
  return wire
}

function wireOf(socket: Socket): Wire {
  const wire: Wire = { socket, onBytes: () => undefined }
  socket.pause()
  socket.on('data', (bytes: Buffer) => wire.onBytes(bytes, false))
  return wire
}

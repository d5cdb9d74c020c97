import net, { type LookupFunction, type Socket } from 'node:net'
import tls, { type ConnectionOptions, type TLSSocket } from 'node:tls'
import { bare, connected, openConnection } from '../outbound-tunnel.ts'
import type { Connect } from './connection-pool.ts'

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
  if (!isSecure) return () => openConnection(to, through, timeoutMs)
  const options: ConnectionOptions = {
    ALPNProtocols: ['http/1.1'],
    ...(net.isIP(host) ? {} : { servername: host }),
    ...secure,
  }
  let session: Buffer | undefined
  const start = (socket?: Socket): Promise<Socket> => {
    const connection: TLSSocket = tls.connect({
      ...options,
      ...(session && { session }),
      ...(socket ? { socket, host } : to),
    })
    connection.on('session', (ticket) => (session = ticket))
    return connected(connection, timeoutMs).catch((error: unknown) => {
      session = undefined
      throw error
    })
  }
  return through === undefined ? () => start() : async () => start(await openConnection(to, through, timeoutMs))
}

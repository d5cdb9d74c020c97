import { once } from 'node:events'
import net, { type AddressInfo, type Socket } from 'node:net'
import { afterEach } from 'vitest'
import type { UpstreamCall } from '../../../gateway-core/proxy/upstream-client/call.ts'
import { ConnectionPool } from '../../../gateway-core/proxy/upstream-client/connection-pool.ts'
import { connectorTo } from '../../../gateway-core/proxy/upstream-client/connector.ts'
import type { UpstreamFailure } from '../../../gateway-core/proxy/upstream-client/failure.ts'

const open: (() => Promise<unknown> | void)[] = []
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close()
})

/** A server of raw bytes: told of each connection, and of each piece that comes on it. */
export async function server(onBytes: (socket: Socket, text: string, connection: number) => void) {
  const sockets: Socket[] = []
  const seen: string[] = []
  const listening = net.createServer((socket) => {
    const number = sockets.push(socket) - 1
    seen.push('')
    socket.on('error', () => undefined)
    socket.on('data', (bytes) => {
      seen[number] += bytes.toString('latin1')
      onBytes(socket, bytes.toString('latin1'), number)
    })
  })
  listening.listen(0, '127.0.0.1')
  await once(listening, 'listening')
  const origin = new URL(`http://127.0.0.1:${(listening.address() as AddressInfo).port}`)
  const pool = new ConnectionPool(connectorTo(origin, { timeoutMs: 2000, through: undefined, tls: {} }))
  open.push(() => {
    for (const socket of sockets) socket.destroy()
    listening.close()
  })
  return { pool, sockets, seen, listening }
}

/** Both ends of a connection. */
export async function pair(): Promise<[Socket, Socket]> {
  const listening = net.createServer().listen(0, '127.0.0.1')
  await once(listening, 'listening')
  const near = net.connect((listening.address() as AddressInfo).port, '127.0.0.1')
  const [far] = (await once(listening, 'connection')) as [Socket]
  listening.close()
  return [near, far]
}

export interface Answer {
  status?: number
  body: string
  trailers?: string[]
  failure?: UpstreamFailure
}

export const get: UpstreamCall = {
  method: 'GET',
  path: '/',
  headers: ['Host', 'x'],
  body: undefined,
  timeoutMs: 2000,
  expectContinue: false,
  trailers: false,
}

/** The answer to a call, or its failure. */
export function ask(pool: ConnectionPool, call: Partial<UpstreamCall> = {}, onContinue?: () => void): Promise<Answer> {
  return new Promise((resolve) => {
    const answer: Answer = { body: '' }
    pool.dispatch(
      { ...get, ...call },
      {
        onHead: (status) => {
          answer.status = status
          return true
        },
        onData: (bytes) => {
          answer.body += bytes.toString('latin1')
          return true
        },
        onEnd: (trailers) => resolve({ ...answer, trailers }),
        onFailure: (failure) => resolve({ ...answer, failure }),
        ...(onContinue && { onContinue }),
      },
    )
  })
}

export const ok = (body = 'ok', more = '') => `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n${more}\r\n${body}`

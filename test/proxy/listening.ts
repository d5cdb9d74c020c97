import net from 'node:net'
import { afterEach } from 'vitest'
import type { HttpsListen, Limits } from '../../gateway-core/config/workspace.ts'
import type { Inbound } from '../../gateway-core/proxy/connection.ts'
import type { InboundHandler, InboundUpgrade, Refusal } from '../../gateway-core/proxy/inbound.ts'
import { type Listener, type ListenerOptions, startListener } from '../../gateway-core/proxy/listener.ts'

/** Limits that no ordinary test meets. */
export const wideLimits: Limits = {
  headerBytes: 16_384,
  headerCount: 100,
  bodyBytes: undefined,
  headersMs: 5_000,
  idleMs: 5_000,
  keepAliveMs: 5_000,
  connections: 100,
  bufferBytes: 1_000_000,
}

/** A listener that answers every request with what it read of it, and remembers what it was handed. */
export interface Rig {
  listener: Listener
  requests: Inbound[]
  upgrades: InboundUpgrade[]
  refusals: Refusal[]
  port: number
  httpsPort: number
}

const open: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close()
})

/** Closes something after the test. */
export function closing(close: () => Promise<void> | void): void {
  open.push(async () => close())
}

export async function rig(
  options: {
    limits?: Partial<Limits>
    request?: (inbound: Inbound) => void
    upgrade?: (inbound: InboundUpgrade) => void
    https?: Partial<HttpsListen>
    tls?: ListenerOptions['tls']
  } = {},
): Promise<Rig> {
  const requests: Inbound[] = []
  const upgrades: InboundUpgrade[] = []
  const refusals: Refusal[] = []
  const handler: InboundHandler = {
    request: (inbound) => {
      requests.push(inbound)
      ;(options.request ?? echo)(inbound)
    },
    upgrade: (inbound) => {
      upgrades.push(inbound)
      if (options.upgrade) options.upgrade(inbound)
      else inbound.socket.end('HTTP/1.1 101 Switching Protocols\r\n\r\n')
    },
    refused: (refusal) => refusals.push(refusal),
  }
  const https: HttpsListen | undefined = options.tls && {
    host: '127.0.0.1',
    port: 0,
    certificate: undefined,
    key: undefined,
    clientCertificates: 'none',
    clientCa: undefined,
    ...options.https,
  }
  const listener = await startListener({
    listen: { http: { host: '127.0.0.1', port: 0 }, https },
    limits: { ...wideLimits, ...options.limits },
    handler,
    ...(options.tls ? { tls: options.tls } : {}),
    lingerMs: 300,
  })
  closing(() => listener.close(0))
  return {
    listener,
    requests,
    upgrades,
    refusals,
    port: listener.addresses.http!.port,
    httpsPort: listener.addresses.https?.port ?? 0,
  }
}

/** Answers 200 with the body's length once the body has ended. */
export function echo(inbound: Inbound): void {
  let length = 0
  const { req, res } = inbound
  if (inbound.head.expectContinue) res.writeContinue()
  req.on('data', (chunk: Buffer) => {
    length += chunk.length
  })
  req.on('error', () => {})
  const answer = () => {
    if (res.headersSent) return
    const body = `${inbound.head.method} ${inbound.head.path} ${length}`
    res.setHeader('content-length', Buffer.byteLength(body))
    res.end(body)
  }
  if (inbound.head.hasBody) req.on('end', answer)
  else answer()
}

/** Sends bytes over a fresh connection (a pause at each part) and gives everything that comes back until it closes. */
export function converse(port: number, parts: (string | Buffer)[], pauseMs = 20): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = net.connect(port, '127.0.0.1')
    let seen = ''
    socket.setEncoding('latin1')
    socket.on('data', (text: string) => {
      seen += text
    })
    socket.on('close', () => resolve(seen))
    socket.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'ECONNRESET' && error.code !== 'EPIPE') reject(error)
    })
    const next = (at: number) => {
      const part = parts[at]
      if (part === undefined || socket.destroyed) return
      socket.write(typeof part === 'string' ? Buffer.from(part, 'latin1') : part)
      setTimeout(next, pauseMs, at + 1)
    }
    socket.on('connect', () => next(0))
  })
}

/** Status codes of the responses in a conversation, in order. */
export function statuses(text: string): number[] {
  return [...text.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map((match) => Number(match[1]))
}

/** Codes of the problem details in a conversation, in order. */
export function codes(text: string): string[] {
  return [...text.matchAll(/"code":"([A-Z_]+)"/g)].map((match) => match[1]!)
}

/** Waits until a condition holds; fails after two seconds with what it waited for. */
export async function until(what: string, holds: () => boolean): Promise<void> {
  const end = Date.now() + 2_000
  while (!holds()) {
    if (Date.now() > end) throw new Error(`waited in vain until ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

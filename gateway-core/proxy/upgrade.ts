import http, { type Agent, type ClientRequest, type IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import httpProxy from 'http-proxy'
import type { UpstreamTls } from '../config/workspace.ts'
import type { DenialCode } from '../errors.ts'
import type { RawHeaders } from '../exchange.ts'
import { closeGently } from './connection.ts'
import { isUntrusted } from './upstream-client/failure.ts'
import { problemDetails } from './problem.ts'

/** What the client is answered instead of `101`: by the upstream, or by the gateway where there is no upstream's answer. */
export interface TunnelAnswer {
  status: number
  reason: string
  /** Flat list, without hop-by-hop fields and length: the body ends with the connection. */
  headers: RawHeaders
  from: 'upstream' | 'gateway'
  /** Set for the gateway's own answers. */
  code?: Extract<DenialCode, 'UPSTREAM_UNREACHABLE' | 'UPSTREAM_NOT_TRUSTED' | 'UPSTREAM_TIMEOUT' | 'UPSTREAM_BROKEN'>
  /** What went wrong, for the capture; never for the client. */
  error?: string
}

/** How a tunnel ended. */
export interface TunnelEnd {
  /** Bytes from the client and from the upstream after the handshake. */
  bytesIn: number
  bytesOut: number
  /** First bytes of the body of an answer other than 101 (64 KB at most). */
  body: Buffer
  error: string | undefined
}

export interface TunnelOptions {
  /** Exchange id, for the problem details of a failure. */
  id: string
  /** Client's side, with the bytes that followed the handshake directly. */
  socket: Duplex
  firstBytes: Buffer
  /** Origin of the upstream; its path is not used. */
  target: URL
  /** Path and query exactly as they were judged and rewritten. */
  path: string
  /** Flat list, complete and rewritten, `Host` among it; Connection and Upgrade are set by the tunnel. */
  headers: RawHeaders
  tls?: UpstreamTls
  /** Makes the upstream connection where it is not made directly. */
  agent?: Agent
  /** Milliseconds from now to the head of the upstream's answer. */
  timeoutMs: number
  /** The upstream accepted. A list that is returned goes to the client instead of the upstream's header fields. */
  onOpen?(status: number, headers: RawHeaders): RawHeaders | undefined
  /** Carries what follows the handshake instead of plain bytes both ways. */
  carry?(client: Socket, upstream: Socket): void
  /** There will be no tunnel; the client gets this answer, or the one that is returned (its `body` replaces the other). */
  onRefused?(answer: TunnelAnswer): { status: number; headers: RawHeaders; body: string } | undefined
  /** Always called, once, at the end of it all. */
  onClose(end: TunnelEnd): void
}

const keptBytes = 65_536
const lingerMs = 2_000

/**
 * Carries a judged WebSocket handshake to the upstream through `http-proxy`, and then bytes both ways until either side
 * closes. Sockets never outlive each other. Returns the way to cut it. What was judged is what is sent: the path that
 * `http-proxy` would normalize once more (it merges slashes) is put back.
 */
export function tunnel(options: TunnelOptions): () => void {
  const socket = options.socket as Socket
  const end: TunnelEnd = { bytesIn: 0, bytesOut: 0, body: Buffer.alloc(0), error: undefined }
  let request = undefined as ClientRequest | undefined
  let upstream: Socket | undefined
  let connected = false
  let answered = false
  let closed = false

  const close = () => {
    if (closed) return
    closed = true
    clearTimeout(timer)
    request?.destroy()
    upstream?.destroy()
    options.onClose(end)
  }
  const fail = (code: NonNullable<TunnelAnswer['code']>, error: string) => {
    end.error ??= error
    if (answered) {
      socket.destroy()
      return
    }
    answered = true
    const problem = problemDetails(code, options.id)
    const headers = problem.headers.filter(([name]) => name !== 'content-length').flat()
    const reason = http.STATUS_CODES[problem.status] ?? ''
    const answer: TunnelAnswer = { status: problem.status, reason, headers, from: 'gateway', code, error }
    const instead = options.onRefused?.(answer)
    const body = instead?.body ?? problem.body
    end.body = Buffer.from(body).subarray(0, keptBytes)
    closeGently(socket, lingerMs, answerBytes(instead ?? answer, body))
  }
  const timer = setTimeout(() => {
    fail('UPSTREAM_TIMEOUT', `no answer to the handshake within ${options.timeoutMs} ms`)
    request?.destroy()
  }, options.timeoutMs)

  const proxy = httpProxy.createProxyServer()
  // Emitted before http-proxy adds its own listeners, so that ours run first.
  proxy.on('proxyReqWs', (outgoing) => {
    request = outgoing
    outgoing.path = options.path
    outgoing.once('socket', (connection: Socket & { secureConnecting?: boolean }) => {
      connected = !connection.connecting && connection.secureConnecting !== true
      connection.once('encrypted' in connection ? 'secureConnect' : 'connect', () => {
        connected = true
      })
    })
    outgoing.on('upgrade', (response: IncomingMessage, connection: Socket) => {
      clearTimeout(timer)
      if (answered || response.headers.upgrade?.toLowerCase() !== 'websocket') {
        connection.destroy()
        fail('UPSTREAM_BROKEN', 'the upstream switched to another protocol than websocket')
        return
      }
      answered = true
      upstream = connection
      const headers = options.onOpen?.(101, response.rawHeaders)
      if (headers) response.headers = Object.assign(grouped(headers), { connection: 'Upgrade', upgrade: 'websocket' })
      connection.on('close', () => {
        if (connection.errored) socket.destroy()
        else closeGently(socket, lingerMs)
      })
    })
  })

  // Only now: a listener that came before http-proxy's pipes would take the first bytes away from them.
  proxy.on('open', (connection) => {
    socket.on('data', (chunk: Buffer) => {
      end.bytesIn += chunk.length
    })
    connection.on('data', (chunk: Buffer) => {
      end.bytesOut += chunk.length
    })
    if (!options.carry) return
    connection.unpipe(socket)
    socket.unpipe(connection)
    options.carry(socket, connection)
  })

  const relay = (response: IncomingMessage) => {
    answered = true
    const headers = withoutFraming(response.rawHeaders)
    const { statusCode: status = 502, statusMessage: reason = '' } = response
    const instead = options.onRefused?.({ status, reason, headers, from: 'upstream' })
    if (instead) {
      response.destroy()
      end.body = Buffer.from(instead.body).subarray(0, keptBytes)
      closeGently(socket, lingerMs, answerBytes(instead, instead.body))
      return
    }
    socket.write(headBytes({ status, reason, headers }), 'latin1')
    const kept: Buffer[] = []
    let left = keptBytes
    response.on('data', (chunk: Buffer) => {
      if (left <= 0) return
      kept.push(chunk.subarray(0, left))
      left -= chunk.length
    })
    response.on('error', (error) => {
      end.error ??= error.message
      socket.destroy()
    })
    response.on('end', () => {
      end.body = Buffer.concat(kept)
      closeGently(socket, lingerMs)
    })
    response.pipe(socket, { end: false })
  }

  socket.on('close', close)
  socket.on('error', (error) => {
    end.error ??= error.message
  })
  if (socket.destroyed) {
    close()
    return () => {}
  }
  const judged = {
    method: 'GET',
    url: options.path,
    headers: Object.assign(grouped(options.headers), { connection: 'Upgrade', upgrade: 'websocket' }),
    socket,
    connection: socket,
  } as unknown as IncomingMessage
  // http-proxy 1.18 calls `util._extend`, and Node would tell the user's terminal so.
  const { noDeprecation } = process
  process.noDeprecation = true
  proxy.ws(judged, socket, options.firstBytes, proxyOptions(options), (error: NodeJS.ErrnoException) => {
    clearTimeout(timer)
    const untrusted = isUntrusted(error.code ?? '')
    fail(untrusted ? 'UPSTREAM_NOT_TRUSTED' : connected ? 'UPSTREAM_BROKEN' : 'UPSTREAM_UNREACHABLE', error.message)
  })
  process.noDeprecation = noDeprecation
  // http-proxy would relay a refusal with the head as it came: `Transfer-Encoding: chunked` before a body that is not.
  request?.removeAllListeners('response')
  request?.on('response', (response: IncomingMessage) => {
    clearTimeout(timer)
    if (answered) response.destroy()
    else relay(response)
  })
  return () => {
    end.error ??= 'cut by the gateway'
    socket.destroy()
  }
}

function proxyOptions({ target, tls, agent }: TunnelOptions): httpProxy.ServerOptions {
  const secure = target.protocol === 'https:' || target.protocol === 'wss:'
  const hostname = target.hostname.replace(/^\[|\]$/g, '')
  return {
    target: {
      protocol: secure ? 'https:' : 'http:',
      host: hostname,
      hostname,
      port: target.port || (secure ? '443' : '80'),
      ...(tls?.ca === undefined ? {} : { ca: tls.ca }),
      ...(tls?.certificate === undefined ? {} : { cert: tls.certificate }),
      ...(tls?.key === undefined ? {} : { key: tls.key }),
    },
    secure: tls?.verify ?? true,
    // http-proxy writes into this object: never share it. Its own path handling is bypassed, see `outgoing.path`.
    ssl: tls?.serverName === undefined ? {} : { servername: tls.serverName },
    ignorePath: true,
    toProxy: true,
    ...(agent ? { agent } : {}),
  }
}

// http-proxy takes an object: several fields of one name become one entry with several values.
function grouped(raw: RawHeaders): Record<string, string | string[]> {
  const names = new Map<string, string>()
  const headers: Record<string, string | string[]> = {}
  for (let at = 0; at < raw.length; at += 2) {
    const lower = raw[at]!.toLowerCase()
    if (lower === 'connection' || lower === 'upgrade' || lower === '__proto__') continue
    const name = names.get(lower) ?? raw[at]!
    names.set(lower, name)
    const known = headers[name]
    headers[name] = known === undefined ? raw[at + 1]! : [known, raw[at + 1]!].flat()
  }
  return headers
}

const framing = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'transfer-encoding',
  'content-length',
  'upgrade',
  'trailer',
  'te',
])

function withoutFraming(raw: RawHeaders): string[] {
  const left: string[] = []
  for (let at = 0; at < raw.length; at += 2) {
    if (!framing.has(raw[at]!.toLowerCase())) left.push(raw[at]!, raw[at + 1]!)
  }
  return left
}

function headBytes(head: { status: number; reason?: string; headers: RawHeaders }, length?: number): string {
  const lines = [`HTTP/1.1 ${head.status} ${head.reason ?? http.STATUS_CODES[head.status] ?? ''}`]
  const headers = withoutFraming(head.headers)
  for (let at = 0; at < headers.length; at += 2) lines.push(`${headers[at]}: ${headers[at + 1]}`)
  if (length !== undefined) lines.push(`content-length: ${length}`)
  return `${lines.join('\r\n')}\r\nconnection: close\r\n\r\n`
}

function answerBytes(head: { status: number; reason?: string; headers: RawHeaders }, body: string): Buffer {
  const bytes = Buffer.from(body)
  return Buffer.concat([Buffer.from(headBytes(head, bytes.length), 'latin1'), bytes])
}

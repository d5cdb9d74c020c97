import http from 'node:http'
import net from 'node:net'
import { Duplex } from 'node:stream'
import tls from 'node:tls'
import type { Abort, UpstreamCall, UpstreamSink } from './forwarder.ts'
import { relay } from './forwarder.ts'
import type { Passage } from './passage.ts'
import type { Target } from './upstream.ts'

/**
 * The bytes of a request whose lengths are wrong on purpose: header fields as they were written (and as policies changed
 * them), only Host names the upstream. Nothing is stripped and nothing is added.
 */
export function exactBytes(passage: Passage, target: Target, call: UpstreamCall): Buffer {
  const { headers } = passage.exchange.request
  const lines = [`${call.method} ${call.path} HTTP/1.1`]
  for (const [name, value] of headers.entries()) {
    const host = name.toLowerCase() === 'host' && !passage.route?.preserveHost
    lines.push(`${name}: ${host ? target.host : value}`)
  }
  const head = Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1')
  const { body } = call
  if (body instanceof Uint8Array) return Buffer.concat([head, body])
  // Nobody read the body: the capture takes it as it goes by.
  body?.resume()
  return Buffer.concat([head, passage.origin?.exact ?? new Uint8Array()])
}

/** Sends these bytes on a connection of their own, and hands on the first answer. */
export function sendExactly(target: Target, bytes: Buffer, call: UpstreamCall, sink: UpstreamSink): Abort {
  const url = new URL(target.origin)
  const secure = url.protocol === 'https:'
  const host = url.hostname.replace(/^\[|\]$/g, '')
  const port = Number(url.port || (secure ? 443 : 80))
  const { options } = target.agent as unknown as { options: tls.ConnectionOptions }
  const socket = secure ? tls.connect({ ...options, host, port }) : net.connect({ host, port })
  let connected = false
  let settled = false
  const fail = (failure: Parameters<UpstreamSink['onFailure']>[0]) => {
    if (settled) return
    settled = true
    socket.destroy()
    sink.onFailure(failure)
  }
  socket.once(secure ? 'secureConnect' : 'connect', () => {
    connected = true
    socket.write(bytes)
  })
  const parser = http.request({
    method: call.method === 'HEAD' ? 'HEAD' : 'GET',
    createConnection: () => new ReadOnly(socket) as unknown as net.Socket,
    timeout: call.timeoutMs,
  })
  parser.on('timeout', () =>
    fail({ code: 'UPSTREAM_TIMEOUT', reason: `no answer within ${call.timeoutMs} ms`, sent: true }),
  )
  parser.on('error', (error) => {
    const code = connected ? 'UPSTREAM_BROKEN' : 'UPSTREAM_UNREACHABLE'
    fail({ code, reason: error.message, sent: connected })
  })
  parser.on('response', (incoming) => {
    relay(incoming, sink, fail)
    incoming.once('end', () => {
      settled = true
      // Whatever the upstream takes the rest of the bytes for, its answer to that is not ours.
      socket.destroy()
    })
  })
  parser.end()
  return () => {
    settled = true
    parser.destroy()
    socket.destroy()
  }
}

/** A connection as Node's parser sees it: what it would write is swallowed, because the bytes are written already. */
class ReadOnly extends Duplex {
  readonly #socket: net.Socket

  constructor(socket: net.Socket) {
    super()
    this.#socket = socket
    socket.on('data', (chunk: Buffer) => {
      if (!this.push(chunk)) socket.pause()
    })
    socket.once('end', () => this.push(null))
    socket.once('error', (error) => this.destroy(error))
    socket.once('close', () => this.destroy())
  }

  override _read(): void {
    this.#socket.resume()
  }

  override _write(_chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    done()
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#socket.destroy()
    done(error)
  }

  setTimeout(ms: number, listener?: () => void): this {
    this.#socket.setTimeout(ms)
    if (listener) this.#socket.once('timeout', listener)
    this.#socket.once('timeout', () => this.emit('timeout'))
    return this
  }

  setNoDelay(): this {
    return this
  }

  setKeepAlive(): this {
    return this
  }
}

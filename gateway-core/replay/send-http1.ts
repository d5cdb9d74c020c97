import http from 'node:http'
import type { Socket } from 'node:net'
import { Duplex } from 'node:stream'
import { type Connected, type Destination, failure, since, type Timings } from './connect.ts'
import { ReplayError } from './replay-error.ts'
import type { WireRequest } from './resolve.ts'

/** A response as it came: fields in their order, body as on the wire. */
export interface WireResponse {
  status: number
  reason: string
  version: string
  rawHeaders: string[]
  rawTrailers: string[]
  body: Buffer
  /** Bytes of the body in all; more than `body` has where it was cut. */
  length: number
  /** Why it is not whole. */
  problem?: string
}

/** Bytes of a body that are kept. */
export const keptBytes = 10 * 1024 * 1024

/** The bytes of an HTTP/1 request, exactly as it is written: nothing is checked, sorted or added. */
export function bytesOfRequest(target: string, { method, version, fields, body }: WireRequest): Buffer {
  const head = [`${method} ${target} HTTP/${version}`, ...fields.map(([name, value]) => `${name}: ${value}`), '', '']
  const bytes = Buffer.from(head.join('\r\n'), 'latin1')
  return body ? Buffer.concat([bytes, body]) : bytes
}

/** Writes the bytes to a connection of its own and reads one response. Throws a ReplayError, or the signal's reason. */
export async function sendHttp1(
  { socket }: Connected,
  destination: Destination,
  bytes: Buffer,
  method: string,
  timings: Timings,
  start: number,
  signal: AbortSignal,
): Promise<WireResponse> {
  const response = readResponse(socket, method, signal, () => (timings.firstByte ??= since(start)))
  socket.write(bytes, () => (timings.sent = since(start)))
  try {
    return await response
  } catch (error) {
    throw failure(error as NodeJS.ErrnoException, destination, signal)
  } finally {
    socket.destroy()
  }
}

/**
 * Reads one response from a socket with Node's parser. What the parser's own request would write goes nowhere: the
 * caller writes the bytes that it wants.
 */
export function readResponse(
  socket: Socket,
  method: string,
  signal: AbortSignal,
  onHead: () => void,
): Promise<WireResponse> {
  return new Promise((resolve, reject) => {
    const side = new ReadingSide(socket)
    // A method that no parser knows would be refused here; only HEAD changes how a response is read.
    const reader = http.request({
      createConnection: () => side,
      method: method === 'HEAD' ? 'HEAD' : 'GET',
      host: 'reader',
      maxHeaderSize: 1024 * 1024,
      insecureHTTPParser: true,
    })
    const stop = () => settle(() => reject(signal.reason as Error))
    const settle = (finish: () => void) => {
      signal.removeEventListener('abort', stop)
      finish()
      reader.destroy()
    }
    if (signal.aborted) return stop()
    signal.addEventListener('abort', stop, { once: true })
    const take = (response: http.IncomingMessage, problem?: string) => {
      onHead()
      const chunks: Buffer[] = []
      let length = 0
      const done = (why?: string) =>
        settle(() => {
          const { statusCode: status = 0, statusMessage: reason = '', httpVersion: version } = response
          const { rawHeaders, rawTrailers } = response
          const body = Buffer.concat(chunks)
          resolve({ status, reason, version, rawHeaders, rawTrailers, body, length, ...(why && { problem: why }) })
        })
      if (problem !== undefined) return done(problem)
      response.on('data', (chunk: Buffer) => {
        if (length < keptBytes) chunks.push(chunk.subarray(0, keptBytes - length))
        length += chunk.byteLength
      })
      response.on('end', () => done())
      response.on('error', (error) => done(`the response broke off: ${error.message}`))
    }
    reader.on('response', (response) => take(response))
    reader.on('upgrade', (response) => take(response, 'the connection was upgraded, and closed here'))
    reader.on('error', (error: NodeJS.ErrnoException) => {
      const parse = error.code?.startsWith('HPE_') === true
      const what = parse
        ? new ReplayError(`what came back is no HTTP response: ${error.message}`)
        : error.code === 'ECONNRESET'
          ? new ReplayError('the connection was closed without a response')
          : error
      settle(() => reject(what))
    })
    reader.end()
  })
}

/** A connection as the parser sees it: it reads what comes from the socket, and what it writes is dropped. */
class ReadingSide extends Duplex {
  constructor(socket: Socket) {
    super()
    socket.on('data', (chunk: Buffer) => {
      if (!this.destroyed) this.push(chunk)
    })
    socket.on('end', () => this.push(null))
    socket.on('error', (error) => this.destroy(error))
    socket.on('close', () => this.push(null))
  }

  override _read(): void {}

  override _write(_chunk: unknown, _encoding: unknown, done: () => void): void {
    done()
  }

  /** Asked for by Node's client. */
  setTimeout(): this {
    return this
  }
  setNoDelay(): this {
    return this
  }
  setKeepAlive(): this {
    return this
  }
  ref(): this {
    return this
  }
  unref(): this {
    return this
  }
}

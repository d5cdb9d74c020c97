import type http from 'node:http'
import type http2 from 'node:http2'
import type { Socket } from 'node:net'
import type { ResponseMessage } from '../exchange.ts'
import { leaveTogether, type Leaving } from './together.ts'
import type { Inbound } from './connection.ts'

/** Bytes up to which a body is written together with its head. */
const onePiece = 16 * 1024

const nothing = new Uint8Array(0)

type AnyResponse = http.ServerResponse | http2.Http2ServerResponse

/** Writes one response to the client, over HTTP/1.1 or HTTP/2, with back-pressure. */
export class ClientResponse implements Leaving {
  readonly #res: AnyResponse
  readonly #http2: boolean
  headSent = false
  /** The client closed before the response was complete: nothing more can be written. */
  gone = false
  #expected = -1
  #written = 0
  #complete = false
  /** The piece of the body that goes with {@link leave}. */
  #last: Uint8Array = nothing

  constructor(inbound: Inbound, onGone: () => void) {
    this.#res = inbound.res
    this.#http2 = inbound.head.httpVersion === '2'
    this.#res.on('close', () => {
      // `writableFinished` would not do: a reset HTTP/2 stream says that it finished.
      if (this.#complete) return
      this.gone = true
      onGone()
    })
    // A write to a connection that just went is reported by `close` as well.
    this.#res.on('error', () => undefined)
  }

  writeContinue(): void {
    if (!this.headSent && !this.gone) this.#res.writeContinue()
  }

  /** Writes status and headers; the body follows by `write` and `end`. */
  head(response: ResponseMessage): void {
    this.headSent = true
    const length = response.headers.get('content-length')
    this.#expected = length === undefined ? -1 : Number(length)
    this.#writeHead(response.status, response.reason, response.headers.raw)
    if (this.#expected < 0 && !this.#http2) (this.#res as http.ServerResponse).flushHeaders()
  }

  /** False when the client is slower than the upstream; `resume` is called when it caught up. */
  write(chunk: Buffer, resume: () => void): boolean {
    this.#written += chunk.length
    if (this.#written === this.#expected) {
      this.#complete = true
      this.#last = chunk
      leaveTogether(this)
      return true
    }
    if ((this.#res as http.ServerResponse).write(chunk)) return true
    this.#res.once('drain', resume)
    return false
  }

  end(trailers: readonly string[]): void {
    if (this.#complete) return
    this.#complete = true
    if (trailers.length > 0) this.#res.addTrailers(objectOf(trailers))
    this.#res.end()
  }

  /** Writes a response whose body is there whole. `dropConnection` when a request body was left unread. */
  whole(response: ResponseMessage, body: Uint8Array, method: string, dropConnection: boolean): void {
    this.headSent = true
    this.#complete = true
    const { status } = response
    const bare = status === 204 || status === 304 || status < 200
    const raw: string[] = []
    for (let at = 0; at < response.headers.raw.length; at += 2) {
      const name = response.headers.raw[at]!
      if (name.toLowerCase() !== 'content-length') raw.push(name, response.headers.raw[at + 1]!)
    }
    if (!bare) raw.push('Content-Length', String(body.length))
    if (dropConnection && !this.#http2) raw.push('Connection', 'close')
    this.#writeHead(status, response.reason, raw)
    if (bare || method === 'HEAD') this.#res.end()
    else this.#endWith(body)
  }

  leave(): void {
    if (!this.#res.destroyed) this.#endWith(this.#last)
  }

  /** Node writes a head and a string as one piece, a head and a buffer as two; for short bodies one piece is cheaper. */
  #endWith(bytes: Uint8Array): void {
    const res = this.#res as http.ServerResponse
    if (this.#http2 || bytes.length > onePiece) res.end(bytes)
    else res.end(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1'), 'latin1')
  }

  /** Ends the connection (HTTP/1.1) or the stream (HTTP/2) in the middle; `reset` tells the client so by TCP's own means. */
  cut(reset = false): void {
    this.#complete = true
    if (this.#http2) (this.#res as http2.Http2ServerResponse).stream.close(2)
    else if (reset) (this.#res.socket as Socket | null)?.resetAndDestroy()
    else this.#res.destroy()
  }

  #writeHead(status: number, reason: string, raw: readonly string[]): void {
    if (this.#http2) (this.#res as http2.Http2ServerResponse).writeHead(status, objectOf(raw))
    else if (reason) (this.#res as http.ServerResponse).writeHead(status, reason, raw as string[])
    else (this.#res as http.ServerResponse).writeHead(status, raw as string[])
  }
}

/** Header object of a flat list; repeated names become arrays. HTTP/2 knows no connection fields. */
function objectOf(raw: readonly string[]): Record<string, string | string[]> {
  const object: Record<string, string | string[]> = Object.create(null) as Record<string, string | string[]>
  for (let at = 0; at < raw.length; at += 2) {
    const name = raw[at]!.toLowerCase()
    if (name === 'connection') continue
    const before = object[name]
    if (before === undefined) object[name] = raw[at + 1]!
    else if (typeof before === 'string') object[name] = [before, raw[at + 1]!]
    else before.push(raw[at + 1]!)
  }
  return object
}

import type { Socket } from 'node:net'
import type { Readable } from 'node:stream'
import { mayTrail } from '../trailer-fields.ts'
import { isKnownName } from './response-head.ts'
import { badValue, type RequestHead } from './request-head.ts'

/** Who is told how a body goes out. */
export interface BodyEvents {
  /** The server is slower than the body (true), or the body is what is waited for (false). */
  onWaiting(forServer: boolean): void
  /** With an error where it did not come as promised: what was written is not a request then. */
  onWritten(error?: Error): void
}

/** Writes a body that streams by, counted or in chunks (RFC 9112 §7.1), as fast as the server takes it. */
export class BodyWriter {
  readonly #socket: Socket
  readonly #source: Readable & { readonly rawTrailers?: string[] }
  readonly #head: RequestHead
  readonly #trailers: boolean
  readonly #events: BodyEvents
  #written = 0
  #over = false

  constructor(socket: Socket, source: Readable, head: RequestHead, trailers: boolean, events: BodyEvents) {
    this.#socket = socket
    this.#source = source
    this.#head = head
    this.#trailers = trailers
    this.#events = events
  }

  start(): void {
    const source = this.#source
    source.on('data', this.#onData)
    source.on('end', this.#onEnd)
    source.on('error', this.#onError)
    source.on('close', this.#onClose)
    this.#events.onWaiting(false)
  }

  /** Nothing more is written; what is left of the body is not wanted. */
  stop(): void {
    if (this.#over) return
    this.#leave()
    this.#source.destroy()
  }

  readonly #onData = (bytes: Buffer) => {
    if (bytes.length === 0) return
    this.#written += bytes.length
    if (this.#head.body === 'counted') {
      if (this.#written > this.#head.length)
        return this.#finish(new Error('the body is longer than its Content-Length'))
      if (this.#socket.write(bytes)) return
    } else {
      const socket = this.#socket
      socket.cork()
      socket.write(`${bytes.length.toString(16)}\r\n`, 'latin1')
      socket.write(bytes)
      const more = socket.write('\r\n', 'latin1')
      socket.uncork()
      if (more) return
    }
    this.#source.pause()
    this.#events.onWaiting(true)
    this.#socket.once('drain', this.#onDrain)
  }

  readonly #onDrain = () => {
    this.#events.onWaiting(false)
    this.#source.resume()
  }

  readonly #onEnd = () => {
    if (this.#head.body === 'counted') {
      const short = this.#written < this.#head.length
      this.#finish(short ? new Error('the body is shorter than its Content-Length') : undefined)
      return
    }
    const trailers = this.#trailers ? trailerText(this.#source.rawTrailers ?? [], this.#head) : ''
    this.#socket.write(`0\r\n${trailers}\r\n`, 'latin1')
    this.#finish()
  }

  readonly #onError = (error: Error) => this.#finish(error)

  readonly #onClose = () => this.#finish(new Error('the body ended before it was whole'))

  #finish(error?: Error): void {
    if (this.#over) return
    this.#leave()
    this.#events.onWritten(error)
  }

  #leave(): void {
    this.#over = true
    this.#socket.off('drain', this.#onDrain)
    const source = this.#source
    source.off('data', this.#onData).off('end', this.#onEnd).off('close', this.#onClose)
    // An error that nobody listens to would end the process.
    source.off('error', this.#onError).on('error', () => undefined)
  }
}

/**
 * Trailers as they came, but for those that would end a line or belong before the body, and for fields that stand there:
 * servers that merge the two would take what the client says for what a policy wrote.
 */
function trailerText(raw: readonly string[], head: RequestHead): string {
  if (raw.length === 0) return ''
  const above = new Set(head.text.split('\r\n').map((line) => folded(line.slice(0, Math.max(0, line.indexOf(':'))))))
  let text = ''
  for (let at = 0; at < raw.length; at += 2) {
    const sound = isKnownName(raw[at]!) && !badValue.test(raw[at + 1]!)
    if (sound && mayTrail(raw[at]!) && !above.has(folded(raw[at]!))) text += `${raw[at]}: ${raw[at + 1]}\r\n`
  }
  return text
}

/** Servers behind CGI read `X_User` as `X-User`. */
function folded(name: string): string {
  return name.toLowerCase().replaceAll('_', '-')
}

import type { Socket } from 'node:net'
import type { Wire } from './connector.ts'
import { brokenBy } from './failure.ts'
import { BodyWriter, type BodyEvents } from './body-writer.ts'
import { leaveTogether, type Leaving } from '../together.ts'
import type { PendingCall } from './pending-call.ts'
import type { ResponseHead } from './response-head.ts'
import { type ResponseEvents, ResponseParser } from './response-parser.ts'

/** Who lends connections. */
export interface ConnectionOwner {
  /** It is free for another call. */
  released(connection: UpstreamConnection): void
  closed(connection: UpstreamConnection): void
  /** The connection was closed before it brought an answer to this call. */
  repeat(call: PendingCall): void
  /** `deadline` of the connection may be earlier than all others now. */
  watch(deadline: number): void
}

/** Bytes of a body up to which it is written in one piece with its head. */
const onePiece = 16 * 1024

/** A connection to an upstream, with one call at a time (RFC 9112 §9). */
export class UpstreamConnection implements ResponseEvents, BodyEvents, Leaving {
  readonly #socket: Socket
  readonly #owner: ConnectionOwner
  readonly #parser = new ResponseParser(this)
  #call: PendingCall | undefined
  #head: ResponseHead | undefined
  #writer: BodyWriter | undefined
  /** All of the request was written. */
  #written = true
  /** Something of the answer came. */
  #answered = false
  #paused = false
  #ended = false
  #error: Error | undefined
  #calls = 0
  /** What is to be written of the request with the next {@link leave}. */
  #leaving = ''
  /** When it is given up, on the clock of `performance.now()`: an answer that does not come, or the end of idling. */
  deadline = Infinity
  /** Seconds for which the server keeps it open without a request, where it says so. */
  idleSeconds: number | undefined

  constructor(wire: Wire, owner: ConnectionOwner) {
    const { socket } = wire
    this.#socket = socket
    this.#owner = owner
    wire.onBytes = (bytes, shared) => this.#read(bytes, shared)
    socket.on('end', () => this.#end())
    socket.on('error', (error) => (this.#error ??= error))
    socket.on('close', () => this.#closed())
    socket.resume()
  }

  get isOpen(): boolean {
    return !this.#socket.destroyed && !this.#ended
  }

  send(pending: PendingCall): void {
    const { call, head } = pending
    const { body } = call
    this.#call = pending
    this.#head = undefined
    this.#answered = false
    this.#written = true
    this.#calls++
    pending.connection = this
    this.#parser.begin(call.method)
    this.#within(call.timeoutMs)
    const socket = this.#socket
    if (!(body instanceof Uint8Array)) {
      if (body === undefined) {
        this.#leaving = head.text
        return leaveTogether(this)
      }
      socket.write(head.text, 'latin1')
      this.#written = false
      this.#writer = new BodyWriter(socket, body, head, call.trailers, this)
      if (!call.expectContinue) this.#writer.start()
    } else if (body.length <= onePiece) {
      // A head and a string leave in one piece, without another buffer.
      const text = Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('latin1')
      this.#leaving = head.text + text
      leaveTogether(this)
    } else {
      socket.cork()
      socket.write(head.text, 'latin1')
      socket.write(body)
      socket.uncork()
    }
  }

  leave(): void {
    // Where it was dropped or closed in between, nothing was ever sent.
    if (!this.isOpen) return
    this.#socket.write(this.#leaving, 'latin1')
    this.#leaving = ''
  }

  /** Nobody waits for the answer any more. */
  drop(pending: PendingCall): void {
    if (this.#call !== pending) return
    this.#detach()
    this.destroy()
  }

  resume(pending: PendingCall): void {
    if (this.#call !== pending || !this.#paused) return
    this.#paused = false
    this.#within(pending.call.timeoutMs)
    this.#socket.resume()
    this.#tell(pending, 'resume')
  }

  destroy(): void {
    this.#socket.destroy()
  }

  /** The deadline passed. */
  expire(): void {
    const pending = this.#call
    if (pending) {
      const what = this.#head ? 'nothing more of the answer came' : 'no answer came'
      this.#detach()
      pending.fail({ code: 'UPSTREAM_TIMEOUT', reason: `${what} within ${pending.call.timeoutMs} ms`, sent: true })
    }
    this.destroy()
  }

  onInterim(status: number): void {
    const pending = this.#call!
    if (status !== 100 || !pending.call.expectContinue) return
    pending.sink.onContinue?.()
    this.#writer?.start()
  }

  onHead(head: ResponseHead): boolean {
    this.#head = head
    const pending = this.#call!
    this.#paused = true
    return this.#flows(pending, pending.sink.onHead(head.status, head.headers, pending.resume, head.reason))
  }

  onBody(bytes: Buffer): boolean {
    const pending = this.#call!
    this.#paused = true
    return this.#flows(pending, pending.sink.onData(bytes))
  }

  onMessageEnd(trailers: string[]): void {
    const pending = this.#call!
    const head = this.#head!
    const reusable = head.keepAlive && !pending.isAlone && this.#written && this.isOpen && !this.#parser.hasRest
    this.idleSeconds = head.idleSeconds
    this.#detach()
    pending.over = true
    // What the server did not want of the request is not sent, and the connection ends with it.
    if (reusable) this.#owner.released(this)
    else this.destroy()
    pending.sink.onEnd(trailers)
  }

  onWaiting(forServer: boolean): void {
    if (!this.#call || this.#head) return
    // The client of the gateway has its own time limit.
    if (forServer) this.#within(this.#call.call.timeoutMs)
    else this.deadline = Infinity
  }

  onWritten(error?: Error): void {
    const pending = this.#call
    if (!pending) return
    if (error) return this.#broken(pending, error)
    this.#written = true
    if (!this.#head) this.#within(pending.call.timeoutMs)
  }

  #read(bytes: Buffer, shared: boolean): void {
    const pending = this.#call
    // Nobody asked, or nobody yet: whatever it is, it must not be taken for the next answer.
    if (!pending || (this.#leaving !== '' && this.#calls > 1)) return this.destroy()
    this.#answered = true
    if (this.#writer === undefined || this.#written) this.#within(pending.call.timeoutMs)
    // Not by `#tell`: this is the hot path, and needs no function for each piece.
    try {
      this.#parser.read(bytes, shared)
    } catch (error) {
      this.#broken(pending, error as Error)
    }
  }

  #end(): void {
    this.#ended = true
    const pending = this.#call
    if (pending && this.#answered) this.#tell(pending, 'end')
  }

  #closed(): void {
    const pending = this.#call
    // What came before the end is still to be told.
    if (pending && !(this.#ended && this.#paused)) this.#lost(pending)
    this.#owner.closed(this)
  }

  #lost(pending: PendingCall): void {
    const fresh = this.#calls === 1
    const mayRepeat = pending.mayRepeat || this.#leaving !== ''
    this.#detach()
    if (!this.#answered && !fresh && mayRepeat && !pending.over) return this.#owner.repeat(pending)
    const reason = this.#answered
      ? 'the upstream closed the connection in the middle of its answer'
      : 'the upstream closed the connection without an answer'
    pending.fail(brokenBy(this.#error, reason))
  }

  /** Tells the call of what came; what those who are told throw ends the call and not the process. */
  #tell(pending: PendingCall, what: 'resume' | 'end'): void {
    try {
      this.#parser[what]()
    } catch (error) {
      this.#broken(pending, error as Error)
    }
  }

  #broken(pending: PendingCall, error: Error): void {
    if (this.#call === pending) {
      this.#detach()
      this.destroy()
    }
    // Also where the call was over: somebody has to say what went wrong at its end.
    pending.over = true
    pending.sink.onFailure({ code: 'UPSTREAM_BROKEN', reason: error.message, sent: true })
  }

  /** Paused beforehand: whoever was told may have asked to go on already, or ended it. */
  #flows(pending: PendingCall, flowing: boolean): boolean {
    if (this.#call !== pending || !this.#paused) return true
    if (flowing) {
      this.#paused = false
      return true
    }
    this.deadline = Infinity
    this.#socket.pause()
    return false
  }

  #detach(): void {
    this.#call!.connection = undefined
    this.#call = undefined
    this.#parser.stop()
    this.#writer?.stop()
    this.#writer = undefined
    this.#paused = false
    this.deadline = Infinity
  }

  #within(ms: number): void {
    this.deadline = performance.now() + ms
    this.#owner.watch(this.deadline)
  }
}

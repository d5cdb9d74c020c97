import type http from 'node:http'
import type { ExchangeRecord } from '../capture/record.ts'
import type { RawHeaders } from '../exchange.ts'
import { HeaderList } from '../headers.ts'
import { drawFor } from './draw.ts'
import type { Abort, UpstreamSink } from './upstream-client/call.ts'
import type { UpstreamFailure } from './upstream-client/failure.ts'
import { type AnsweredResponse, heldBodyBytes, type Holds, type Pace, type ResponseDecision } from './holds.ts'
import type { Passage } from './passage.ts'
import { recordOf } from './record-exchange.ts'

/** How often a slowed answer goes on, in ms; more rarely where that would be less than a byte. */
const tickMs = 50

/**
 * Stands between an upstream and the passage while somebody may hold its answer: what just passes is handed on as it
 * comes; what is held waits here, with back-pressure, and goes on as it was decided.
 */
export class HeldUpstream implements UpstreamSink {
  readonly #passage: Passage
  readonly #holds: Holds
  readonly #gone = new AbortController()
  #mode: 'before' | 'asking' | 'delivering' | 'through' = 'before'
  #queue: Buffer[] = []
  #queued = 0
  #trailers: string[] | undefined
  #reading = false
  #bodyThere: ((whole: boolean) => void) | undefined
  #paused = false
  /** What still comes from the upstream is not wanted: another body goes out. */
  #deaf = false
  #stopped = false
  #pace: Pace | undefined
  #sent = 0
  /** Bytes that may go out before the next tick. */
  #allowed = Infinity
  #timer: NodeJS.Timeout | undefined
  #resumeUpstream: () => void = () => undefined
  #abortUpstream: Abort = () => undefined

  constructor(passage: Passage, holds: Holds) {
    this.#passage = passage
    this.#holds = holds
  }

  /** Tells how the call is ended; returns how the passage ends it. */
  from(abort: Abort): Abort {
    this.#abortUpstream = abort
    return () => {
      this.#stop(new Error('the client left'))
      abort()
    }
  }

  onContinue(): void {
    this.#passage.onContinue()
  }

  onHead(status: number, headers: string[], resume: () => void, reason: string): boolean {
    this.#resumeUpstream = resume
    const answered = this.#answered(status, headers, reason)
    this.#mode = 'asking'
    const decision = this.#holds.response(answered)
    if (decision === undefined) {
      this.#mode = 'through'
      return this.#passage.onHead(status, headers, resume, reason)
    }
    decision
      .then((decided) => this.#decided(decided, status, headers, reason))
      .catch((error: unknown) => {
        const detail = error instanceof Error ? (error.stack ?? error.message) : String(error)
        if (!this.#stopped) this.#passage.breakOff(detail, 'error')
      })
    return this.#reading
  }

  onData(chunk: Buffer): boolean {
    if (this.#mode === 'through') return this.#passage.onData(chunk)
    if (this.#stopped || this.#deaf) return true
    this.#queue.push(chunk)
    this.#queued += chunk.length
    const { budget } = this.#passage.engine.around
    budget.held += chunk.length
    if (this.#mode === 'delivering') {
      this.#deliver()
      return this.#queue.length === 0
    }
    const tooMuch = this.#queued > heldBodyBytes || budget.held > this.#passage.engine.workspace.limits.bufferBytes
    if (this.#reading && tooMuch) this.#bodyThere?.(false)
    return this.#reading && !tooMuch
  }

  onEnd(trailers: string[]): void {
    if (this.#mode === 'through') return this.#passage.onEnd(trailers)
    if (this.#deaf) return
    this.#trailers = trailers
    if (this.#mode === 'asking') this.#bodyThere?.(true)
    else this.#deliver()
  }

  onFailure(failure: UpstreamFailure): void {
    this.#stop(new Error('the upstream broke its answer'))
    this.#passage.onFailure(failure)
  }

  #answered(status: number, headers: RawHeaders, reason: string): AnsweredResponse {
    const passage = this.#passage
    const { engine, exchange } = passage
    const bare = exchange.request.method === 'HEAD' || status === 204 || status === 304
    const unread = bare || isEndless(headers)
    let reading: Promise<Uint8Array | undefined> | undefined
    return {
      id: exchange.id,
      workspace: engine.workspace,
      gone: this.#gone.signal,
      status,
      reason,
      headers,
      hasBody: !bare,
      interception: passage.interception,
      readBody: () => (reading ??= unread ? Promise.resolve(undefined) : this.#readBody()),
      draw: (purpose) => drawFor(engine, exchange.id, purpose),
      record: () => this.#record(status, headers, reason),
    }
  }

  #record(status: number, headers: RawHeaders, reason: string): ExchangeRecord {
    const record = recordOf(this.#passage, 'pass', 'open')
    return { ...record, status, response: { status, reason, headers, from: 'upstream' } }
  }

  async #readBody(): Promise<Uint8Array | undefined> {
    if (this.#trailers === undefined) {
      let timer: NodeJS.Timeout | undefined
      const whole = await new Promise<boolean>((resolve) => {
        this.#bodyThere = resolve
        this.#gone.signal.addEventListener('abort', () => resolve(false), { once: true })
        timer = setTimeout(() => resolve(false), this.#holds.bodyMs)
        this.#reading = true
        this.#resumeUpstream()
      })
      clearTimeout(timer)
      this.#reading = false
      if (!whole) return undefined
    }
    return this.#queue.length === 1 ? this.#queue[0]! : Buffer.concat(this.#queue)
  }

  #decided(decision: ResponseDecision, status: number, headers: string[], reason: string): void {
    if (this.#stopped) {
      this.#passage.interception = decision.interception
      return
    }
    this.#passage.interception = decision.interception
    if (decision.go === 'drop') {
      this.#stop()
      this.#passage.breakOff(decision.why, 'failed')
      return
    }
    const { edit, pace } = decision
    this.#pace = pace
    if (edit?.body) this.#replaceBody(Buffer.from(edit.body))
    if (edit?.exact) this.#endConnectionBehind()
    const goOn = () => {
      this.#timer = undefined
      if (this.#stopped) return
      this.#mode = 'delivering'
      if (pace?.bytesPerSecond !== undefined) this.#allow(pace.bytesPerSecond)
      const resume = () => {
        this.#paused = false
        this.#deliver()
      }
      const flowing = edit
        ? this.#passage.onHead(edit.status, [...edit.headers], resume, edit.reason)
        : this.#passage.onHead(status, headers, resume, reason)
      this.#paused = !flowing
      this.#deliver()
    }
    if (pace?.delayMs) this.#timer = setTimeout(goOn, pace.delayMs)
    else goOn()
  }

  /** HTTP/2 ends a stream whose length is wrong by itself. */
  #endConnectionBehind(): void {
    const { res, head } = this.#passage.inbound
    if (head.httpVersion !== '2') (res as http.ServerResponse).shouldKeepAlive = false
  }

  #replaceBody(body: Buffer): void {
    this.#release()
    this.#queue = body.length > 0 ? [body] : []
    this.#queued = body.length
    this.#passage.engine.around.budget.held += body.length
    if (this.#trailers === undefined) {
      this.#deaf = true
      this.#trailers = []
      this.#abortUpstream()
    }
  }

  /** Hands on what is there, as fast as the passage and the pace let it. */
  #deliver(): void {
    const { bytesPerSecond, cutAfter } = this.#pace ?? {}
    while (!this.#paused && !this.#stopped && this.#allowed > 0 && this.#queue.length > 0) {
      const left = cutAfter === undefined ? Infinity : cutAfter - this.#sent
      const chunk = this.#take(Math.min(this.#allowed, left))
      this.#allowed -= chunk.length
      if (chunk.length > 0 && !this.#passage.onData(chunk)) this.#paused = true
      if (chunk.length >= left) return this.#cut()
    }
    if (this.#stopped) return
    if (bytesPerSecond !== undefined && this.#allowed <= 0) this.#waitForTick(bytesPerSecond)
    if (this.#paused || this.#queue.length > 0) return
    if (this.#trailers === undefined) return this.#resumeUpstream()
    this.#stopped = true
    clearTimeout(this.#timer)
    this.#passage.onEnd(this.#trailers)
  }

  #waitForTick(bytesPerSecond: number): void {
    this.#timer ??= setTimeout(
      () => {
        this.#timer = undefined
        this.#allow(bytesPerSecond)
        this.#deliver()
      },
      Math.max(tickMs, 1000 / bytesPerSecond),
    )
  }

  #allow(bytesPerSecond: number): void {
    this.#allowed = Math.max(1, Math.ceil((bytesPerSecond * tickMs) / 1000))
  }

  /** Up to so many bytes from the front of the queue. */
  #take(most: number): Buffer {
    const first = this.#queue[0]!
    const chunk = first.length <= most ? first : first.subarray(0, most)
    if (chunk === first) this.#queue.shift()
    else this.#queue[0] = first.subarray(most)
    this.#queued -= chunk.length
    this.#passage.engine.around.budget.held -= chunk.length
    this.#sent += chunk.length
    return chunk
  }

  #cut(): void {
    this.#stop()
    // What was written leaves first.
    setImmediate(() => this.#passage.breakOff(`cut after ${this.#sent} bytes by a rule`, 'failed'))
  }

  #stop(why?: Error): void {
    this.#stopped = true
    clearTimeout(this.#timer)
    this.#release()
    this.#gone.abort(why)
  }

  #release(): void {
    this.#passage.engine.around.budget.held -= this.#queued
    this.#queue = []
    this.#queued = 0
  }
}

/** Whether a body goes on for as long as the connection does, by its type. */
function isEndless(headers: RawHeaders): boolean {
  const type = new HeaderList(headers).get('content-type') ?? ''
  return /^\s*(?:text\/event-stream|multipart\/x-mixed-replace|application\/grpc)/i.test(type)
}

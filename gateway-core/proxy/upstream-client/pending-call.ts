import type { UpstreamCall, UpstreamSink } from './call.ts'
import type { UpstreamFailure } from './failure.ts'
import type { RequestHead } from './request-head.ts'
import type { UpstreamConnection } from './upstream-connection.ts'

const idempotent = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PUT', 'DELETE'])

/** A call from the moment it is asked for to its end: with the connection it runs on, once there is one. */
export class PendingCall {
  readonly call: UpstreamCall
  readonly head: RequestHead
  readonly sink: UpstreamSink
  connection: UpstreamConnection | undefined
  /** Nobody waits for it any more. */
  over = false
  /** It was sent on a connection that turned out to be closed. */
  retried = false
  /** Its connection is for nothing else. */
  isAlone = false
  /** Until when it may wait for a connection, on the clock of `performance.now()`. */
  deadline = Infinity

  constructor(call: UpstreamCall, head: RequestHead, sink: UpstreamSink) {
    this.call = call
    this.head = head
    this.sink = sink
  }

  /**
   * Whether it may be sent once more where a kept connection ended before any answer came (RFC 9110 §9.2.2): the server
   * closed it as it was sent, or it did nothing that doing twice would change.
   */
  get mayRepeat(): boolean {
    const { method, expectContinue } = this.call
    const { body } = this.head
    return !this.retried && !expectContinue && idempotent.has(method) && (body === 'none' || body === 'whole')
  }

  readonly abort = (): void => {
    if (this.over) return
    this.over = true
    this.connection?.drop(this)
  }

  /** Goes on with an answer that was paused. */
  readonly resume = (): void => this.connection?.resume(this)

  fail(failure: UpstreamFailure): void {
    if (this.over) return
    this.over = true
    this.sink.onFailure(failure)
  }
}

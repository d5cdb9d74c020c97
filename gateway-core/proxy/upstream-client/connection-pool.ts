import type { Abort, UpstreamCall, UpstreamSink } from './call.ts'
import type { Connect, Wire } from './connector.ts'
import { unreachableBy } from './failure.ts'
import { PendingCall } from './pending-call.ts'
import { requestHead } from './request-head.ts'
import { inProxyForm, pastProxy, type ProxyForm } from './through-proxy.ts'
import { type ConnectionOwner, UpstreamConnection } from './upstream-connection.ts'

const mostConnections = 256
const idleMs = 30_000
/** A server that says when it closes an idle connection may be a little earlier than it says. */
const idleMarginMs = 1_000

/** The connections to one upstream target: kept while they idle, the one that was used last is used first. */
export class ConnectionPool implements ConnectionOwner {
  readonly #connect: Connect
  readonly #proxy: { readonly connect: Connect; readonly form: ProxyForm } | undefined
  readonly #open = new Set<UpstreamConnection>()
  readonly #idle: UpstreamConnection[] = []
  /** Calls beyond the most connections, in the order they came. */
  readonly #waiting: PendingCall[] = []
  #connecting = 0
  #timer: NodeJS.Timeout | undefined
  /** When the timer goes off, on the clock of `performance.now()`. */
  #wakesAt = Infinity
  #closing: (() => void) | undefined
  #isClosing = false

  /** `proxy`: requests go in its form, over connections to it; only what is sent exactly goes by `connect`. */
  constructor(connect: Connect, proxy?: { readonly connect: Connect; readonly form: ProxyForm }) {
    this.#connect = connect
    this.#proxy = proxy
  }

  /** Sends a call; the sink gets exactly one of `onEnd` and `onFailure`, and nothing after an abort. */
  dispatch(call: UpstreamCall, sink: UpstreamSink): Abort {
    if (this.#proxy === undefined) return this.#dispatch(call, sink)
    return this.#dispatch(inProxyForm(call, this.#proxy.form), pastProxy(sink))
  }

  #dispatch(call: UpstreamCall, sink: UpstreamSink): Abort {
    let head
    try {
      head = requestHead(call)
    } catch (error) {
      // Later, as every other failure: whoever asked has the way to end it in hand by then.
      const reason = `the request cannot be sent: ${(error as Error).message}`
      queueMicrotask(() => sink.onFailure({ code: 'UPSTREAM_UNREACHABLE', reason, sent: false }))
      return () => undefined
    }
    const pending = new PendingCall(call, head, sink)
    this.#assign(pending)
    return pending.abort
  }

  /** Sends a text (Latin-1) as it is, on a connection of its own: the request that `call` says only tells how to read the answer. */
  dispatchExactly(text: string, call: UpstreamCall, sink: UpstreamSink): Abort {
    const asWritten = { ...call, body: undefined, expectContinue: false }
    const pending = new PendingCall(asWritten, { text, body: 'none', length: 0 }, sink)
    pending.isAlone = true
    void this.#openFor(pending)
    return pending.abort
  }

  /** Ends idle connections at once, the others with their calls. */
  close(): Promise<void> {
    this.#isClosing = true
    for (const connection of this.#idle.splice(0)) connection.destroy()
    return new Promise((resolve) => {
      this.#closing = resolve
      this.#endWhenEmpty()
    })
  }

  released(connection: UpstreamConnection): void {
    for (let next = this.#waiting.shift(); next; next = this.#waiting.shift()) {
      if (!next.over) return connection.send(next)
    }
    if (this.#isClosing) return connection.destroy()
    const { idleSeconds } = connection
    const keptMs = idleSeconds === undefined ? idleMs : Math.min(idleMs, idleSeconds * 1000 - idleMarginMs)
    if (keptMs <= 0) return connection.destroy()
    connection.deadline = performance.now() + keptMs
    this.watch(connection.deadline)
    this.#idle.push(connection)
  }

  closed(connection: UpstreamConnection): void {
    this.#open.delete(connection)
    const at = this.#idle.indexOf(connection)
    if (at >= 0) this.#idle.splice(at, 1)
    this.#openForWaiting()
    this.#endWhenEmpty()
  }

  repeat(pending: PendingCall): void {
    pending.retried = true
    // Other kept connections may have ended with it: this call gets one of its own.
    void this.#openFor(pending)
  }

  watch(deadline: number): void {
    if (deadline >= this.#wakesAt) return
    clearTimeout(this.#timer)
    this.#wakesAt = deadline
    this.#timer = setTimeout(() => this.#expire(), Math.max(0, deadline - performance.now()))
    this.#timer.unref()
  }

  #assign(pending: PendingCall): void {
    for (let idle = this.#idle.pop(); idle; idle = this.#idle.pop()) {
      if (idle.isOpen) return idle.send(pending)
    }
    if (this.#open.size + this.#connecting < mostConnections) return void this.#openFor(pending)
    pending.deadline = performance.now() + pending.call.timeoutMs
    this.watch(pending.deadline)
    this.#waiting.push(pending)
  }

  async #openFor(pending: PendingCall): Promise<void> {
    this.#connecting++
    let wire: Wire
    try {
      wire = await (pending.isAlone || !this.#proxy ? this.#connect() : this.#proxy.connect())
    } catch (error) {
      this.#connecting--
      pending.fail(unreachableBy(error as Error))
      this.#openForWaiting()
      this.#endWhenEmpty()
      return
    }
    this.#connecting--
    const connection = new UpstreamConnection(wire, this)
    this.#open.add(connection)
    if (pending.over) this.released(connection)
    else connection.send(pending)
  }

  #openForWaiting(): void {
    if (this.#open.size + this.#connecting >= mostConnections) return
    for (let next = this.#waiting.shift(); next; next = this.#waiting.shift()) {
      if (!next.over) return void this.#openFor(next)
    }
  }

  #expire(): void {
    const now = performance.now()
    let next = Infinity
    for (const connection of this.#open) {
      if (connection.deadline <= now) connection.expire()
      else if (connection.deadline < next) next = connection.deadline
    }
    for (const pending of this.#waiting) {
      if (pending.over) continue
      if (pending.deadline <= now) {
        const reason = `no connection was free within ${pending.call.timeoutMs} ms`
        pending.fail({ code: 'UPSTREAM_TIMEOUT', reason, sent: false })
      } else if (pending.deadline < next) next = pending.deadline
    }
    this.#timer = undefined
    this.#wakesAt = Infinity
    if (next < Infinity) this.watch(next)
  }

  #endWhenEmpty(): void {
    if (!this.#closing || this.#open.size > 0 || this.#connecting > 0 || this.#waiting.length > 0) return
    clearTimeout(this.#timer)
    this.#closing()
    this.#closing = undefined
  }
}

import { creditWindow, type ServerFrame, type Transport } from './frames.ts'
import { Intake } from './flow.ts'
import type { CallName, EventData, EventName, Params, Result } from './protocol.ts'
import { RpcError } from './rpc-error.ts'

/** `connected`: calls go through. `connecting`: not yet, or not any more; calls wait. `closed`: for good. */
export type ConnectionState = 'connecting' | 'connected' | 'closed'

export interface ClientOptions {
  /** Makes a connection; called again whenever one was lost. A rejection is tried again after a while. */
  connect(): Promise<Transport>
  /** Milliseconds before trying again, by the number of tries so far (default: 100 ms doubling to 5 s). */
  retryMs?: (tries: number) => number
}

type ParamsOf<N extends CallName> = Record<never, never> extends Params<N> ? [params?: Params<N>] : [params: Params<N>]

/** The core, as a screen sees it. */
export interface RpcClient {
  /** Makes a call. Rejects with an RpcError. A call that waits for the answer when the connection is lost is `DISCONNECTED`. */
  call<N extends CallName>(name: N, ...params: ParamsOf<N>): Promise<Result<N>>
  /** Like `call`; the signal tells the core that nobody waits any more. */
  callWith<N extends CallName>(name: N, params: Params<N>, signal: AbortSignal): Promise<Result<N>>
  /** Hears an event. The returned function stops that. */
  on<N extends EventName>(name: N, listener: (data: EventData<N>) => void): () => void
  /**
   * The connection is there, again or for the first time, or events were lost: whatever is shown has to be asked for
   * anew, and searches have to be begun again.
   */
  onSync(listener: () => void): () => void
  onState(listener: (state: ConnectionState, reason?: string) => void): () => void
  readonly state: ConnectionState
  /** Lets the connection go and makes another, for example because the core was started anew. */
  reconnect(): void
  close(): void
}

interface Waiting {
  frame: { t: 'call'; id: number; name: string; params: unknown }
  sent: boolean
  resolve(result: unknown): void
  reject(error: RpcError): void
}

/** Connects a screen with the core. Needs no schema and makes no code, so that it runs under a strict policy of content. */
export function createRpcClient(options: ClientOptions): RpcClient {
  return new Client(options)
}

class Client implements RpcClient {
  readonly #options: ClientOptions
  readonly #waiting = new Map<number, Waiting>()
  readonly #listeners = new Map<string, Set<(data: never) => void>>()
  readonly #sync = new Set<() => void>()
  readonly #stateListeners = new Set<(state: ConnectionState, reason?: string) => void>()
  #transport: Transport | undefined
  #state: ConnectionState = 'connecting'
  #nextId = 1
  #tries = 0
  #attempt = 0
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor(options: ClientOptions) {
    this.#options = options
    void this.#connect()
  }

  get state(): ConnectionState {
    return this.#state
  }

  call<N extends CallName>(name: N, ...[params]: ParamsOf<N>): Promise<Result<N>> {
    return this.#start(name, params ?? {}).result as Promise<Result<N>>
  }

  callWith<N extends CallName>(name: N, params: Params<N>, signal: AbortSignal): Promise<Result<N>> {
    if (signal.aborted) return Promise.reject(cancelled())
    const { id, result } = this.#start(name, params)
    const stop = () => {
      const waiting = this.#waiting.get(id)
      if (!waiting) return
      this.#waiting.delete(id)
      if (waiting.sent) this.#transport?.send(JSON.stringify({ t: 'cancel', id }))
      waiting.reject(cancelled())
    }
    signal.addEventListener('abort', stop, { once: true })
    return result.finally(() => signal.removeEventListener('abort', stop)) as Promise<Result<N>>
  }

  on<N extends EventName>(name: N, listener: (data: EventData<N>) => void): () => void {
    const listeners = this.#listeners.get(name) ?? new Set()
    this.#listeners.set(name, listeners)
    listeners.add(listener as (data: never) => void)
    return () => listeners.delete(listener)
  }

  onSync(listener: () => void): () => void {
    this.#sync.add(listener)
    return () => this.#sync.delete(listener)
  }

  onState(listener: (state: ConnectionState, reason?: string) => void): () => void {
    this.#stateListeners.add(listener)
    return () => this.#stateListeners.delete(listener)
  }

  reconnect(): void {
    if (this.#state === 'closed') return
    this.#tries = 0
    this.#lose('connecting anew')
    void this.#connect()
  }

  close(): void {
    if (this.#state === 'closed') return
    this.#lose('closed')
    clearTimeout(this.#timer)
    this.#setState('closed')
    for (const waiting of this.#waiting.values()) waiting.reject(disconnected('closed'))
    this.#waiting.clear()
  }

  #start(name: string, params: unknown): { id: number; result: Promise<unknown> } {
    const id = this.#nextId++
    const result = new Promise<unknown>((resolve, reject) => {
      if (this.#state === 'closed') {
        reject(disconnected('closed'))
        return
      }
      const waiting: Waiting = { frame: { t: 'call', id, name, params }, sent: false, resolve, reject }
      this.#waiting.set(id, waiting)
      this.#send(waiting)
    })
    return { id, result }
  }

  #send(waiting: Waiting): void {
    if (!this.#transport) return
    waiting.sent = true
    this.#transport.send(JSON.stringify(waiting.frame))
  }

  async #connect(): Promise<void> {
    clearTimeout(this.#timer)
    const attempt = ++this.#attempt
    let transport: Transport
    try {
      transport = await this.#options.connect()
    } catch (error) {
      if (attempt === this.#attempt) this.#retry(error instanceof Error ? error.message : String(error))
      return
    }
    // Something newer was begun, or nobody wants it any more.
    if (attempt !== this.#attempt || this.#state === 'closed') return transport.close('not needed')
    this.#transport = transport
    this.#tries = 0
    transport.onClose((reason) => {
      if (this.#transport !== transport) return
      this.#lose(reason)
      this.#retry(reason)
    })
    const intake = new Intake((amount) => transport.send(JSON.stringify({ t: 'credit', amount })), creditWindow)
    transport.onMessage((text) => {
      if (this.#transport !== transport) return
      try {
        this.#take(JSON.parse(text) as ServerFrame)
      } finally {
        intake.took(text.length)
      }
    })
    this.#setState('connected')
    for (const waiting of this.#waiting.values()) if (!waiting.sent) this.#send(waiting)
    this.#tellSync()
  }

  #retry(reason: string): void {
    if (this.#state === 'closed') return
    this.#setState('connecting', reason)
    const wait = this.#options.retryMs ?? ((tries: number) => Math.min(5000, 100 * 2 ** tries))
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => void this.#connect(), wait(this.#tries++))
  }

  /** What was sent may have happened or not: nobody may believe either, so it is not sent again. */
  #lose(reason: string): void {
    const transport = this.#transport
    this.#transport = undefined
    this.#attempt++
    transport?.close(reason)
    for (const [id, waiting] of this.#waiting) {
      if (!waiting.sent) continue
      this.#waiting.delete(id)
      waiting.reject(disconnected(reason))
    }
  }

  #take(frame: ServerFrame): void {
    switch (frame.t) {
      case 'result':
      case 'error': {
        const waiting = this.#waiting.get(frame.id)
        this.#waiting.delete(frame.id)
        if (frame.t === 'result') waiting?.resolve(frame.result)
        else waiting?.reject(new RpcError(frame.error))
        return
      }
      case 'events':
        for (const [name, data] of frame.events) this.#tell(name, data)
        return
      case 'lost':
        this.#tellSync()
    }
  }

  #tell(name: string, data: unknown): void {
    for (const listener of this.#listeners.get(name) ?? []) listener(data as never)
  }

  #tellSync(): void {
    for (const listener of this.#sync) listener()
  }

  #setState(state: ConnectionState, reason?: string): void {
    if (this.#state === state) return
    this.#state = state
    for (const listener of this.#stateListeners) listener(state, reason)
  }
}

function cancelled(): RpcError {
  return new RpcError({ code: 'CANCELLED', message: 'cancelled' })
}

function disconnected(reason: string): RpcError {
  return new RpcError({ code: 'DISCONNECTED', message: `the core cannot be reached: ${reason}` })
}

import { Worker } from 'node:worker_threads'
import { RpcError } from '../protocol/rpc-error.ts'
import type { ErrandAsked, ErrandDone, ErrandKind, Errands } from './errand-messages.ts'

interface Waiting {
  resolve(answer: unknown): void
  reject(error: Error): void
}

const idleMs = 60_000

/**
 * Does what takes a while in a thread of its own, so that requests do not wait for it. The thread starts with the first
 * errand and ends when there was none for a while.
 */
export class ErrandRunner {
  readonly #waiting = new Map<number, Waiting>()
  readonly #idleMs: number
  #worker: Worker | undefined
  #idle: NodeJS.Timeout | undefined
  #next = 0
  #closed = false

  constructor(options: { idleMs?: number } = {}) {
    this.#idleMs = options.idleMs ?? idleMs
  }

  /** Rejects with an RpcError what a person can mend. */
  run<K extends ErrandKind>(kind: K, asked: Errands[K]['asked']): Promise<Errands[K]['answer']> {
    if (this.#closed) return Promise.reject(ended('the workspace was closed'))
    clearTimeout(this.#idle)
    const id = ++this.#next
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve: resolve as Waiting['resolve'], reject })
      const worker = this.#start()
      // A process that waits for this must not end before it is done.
      worker.ref()
      worker.postMessage({ id, kind, asked } satisfies ErrandAsked<K>)
    })
  }

  close(): void {
    this.#closed = true
    this.#end('the workspace was closed')
  }

  #start(): Worker {
    if (this.#worker) return this.#worker
    const worker = new Worker(new URL('./errand-worker.ts', import.meta.url), { name: 'errands' })
    const died = (why: string) => {
      if (worker === this.#worker) this.#end(why)
    }
    worker.on('message', (message: ErrandDone) => this.#receive(message))
    worker.on('error', (error) => died(error.message))
    worker.on('exit', () => died('its thread ended'))
    this.#worker = worker
    return worker
  }

  #receive(message: ErrandDone): void {
    const waiting = this.#waiting.get(message.id)
    this.#waiting.delete(message.id)
    if ('answer' in message) waiting?.resolve(message.answer)
    else waiting?.reject('failure' in message ? new RpcError(message.failure) : new Error(message.bug))
    if (this.#waiting.size > 0) return
    this.#worker?.unref()
    this.#idle = setTimeout(() => this.#end('it was idle'), this.#idleMs).unref()
  }

  /** The next errand starts another thread. */
  #end(why: string): void {
    clearTimeout(this.#idle)
    const worker = this.#worker
    this.#worker = undefined
    void worker?.terminate()
    const all = [...this.#waiting.values()]
    this.#waiting.clear()
    for (const { reject } of all) reject(ended(why))
  }
}

function ended(why: string): RpcError {
  return new RpcError({ code: 'REFUSED', message: `this could not be finished: ${why}`, todo: 'try it again' })
}

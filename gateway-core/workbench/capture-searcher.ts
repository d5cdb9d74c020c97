import { Worker } from 'node:worker_threads'
import type { Density } from '../capture/store.ts'
import type { StepCounts } from '../rejudge/coverage.ts'
import type { FromSearch, SearchSetup, ToSearch } from './search-messages.ts'

interface Waiting {
  counted?(counts: StepCounts | Density): void
  found(list: Float64Array): void
  done(newest: number, problem: string | undefined): void
}

type Unnumbered<M> = M extends unknown ? Omit<M, 'id'> : never

/** Searches a workspace's captures in a thread of their own. The thread starts with the first search. */
export class CaptureSearcher {
  readonly #folder: string
  readonly #waiting = new Map<number, Waiting>()
  #worker: Worker | undefined
  #next = 0
  #closed = false

  constructor(folder: string) {
    this.#folder = folder
  }

  /** Every match before a sequence, stretch by stretch. The returned function stops it. */
  search(ask: { query: string; order: 'newest' | 'oldest'; before: number }, waiting: Waiting): () => void {
    const id = this.#ask({ kind: 'search', ...ask }, waiting)
    return () => {
      if (this.#waiting.delete(id)) this.#post({ kind: 'cancel', id })
    }
  }

  /** Every match after a sequence, oldest first, and up to which sequence was looked. Undefined when it could not be searched. */
  since(query: string, after: number): Promise<{ list: number[]; newest: number } | undefined> {
    const list: number[] = []
    return new Promise((resolve) => {
      this.#ask(
        { kind: 'since', query, after },
        {
          found: (found) => {
            for (const sequence of found) list.push(sequence)
          },
          done: (newest, problem) => resolve(problem === undefined ? { list, newest } : undefined),
        },
      )
    })
  }

  /** How often each policy came to each outcome in what matches. Rejects where it cannot be read. */
  steps(query: string): Promise<StepCounts> {
    return this.#counts({ kind: 'steps', query }) as Promise<StepCounts>
  }

  /** How many matches began in each part of the recorded time. Rejects where it cannot be read. */
  density(query: string, parts: number): Promise<Density> {
    return this.#counts({ kind: 'density', query, parts }) as Promise<Density>
  }

  /** When some exchanges began, by their sequence. Rejects where it cannot be read. */
  when(sequences: readonly number[], parts: number): Promise<Density> {
    return this.#counts({ kind: 'when', sequences, parts }) as Promise<Density>
  }

  #counts(ask: Unnumbered<Extract<ToSearch, { kind: 'steps' | 'density' | 'when' }>>): Promise<StepCounts | Density> {
    return new Promise((resolve, reject) => {
      this.#ask(ask, {
        counted: resolve,
        found: () => undefined,
        done: (_newest, problem) => reject(new Error(problem ?? 'nothing was counted')),
      })
    })
  }

  close(): void {
    this.#closed = true
    this.#post({ kind: 'close' })
    this.#worker = undefined
    this.#fail('the captures were closed')
  }

  #ask(ask: Unnumbered<Exclude<ToSearch, { kind: 'cancel' | 'close' }>>, waiting: Waiting): number {
    const id = ++this.#next
    if (this.#closed) {
      waiting.done(0, 'the captures were closed')
      return id
    }
    this.#waiting.set(id, waiting)
    this.#start().postMessage({ ...ask, id } as ToSearch)
    return id
  }

  #start(): Worker {
    if (this.#worker) return this.#worker
    const setup: SearchSetup = { folder: this.#folder }
    const worker = new Worker(new URL('./search-worker.ts', import.meta.url), { workerData: setup, name: 'search' })
    worker.on('message', (message: FromSearch) => {
      const waiting = this.#waiting.get(message.id)
      if (message.kind === 'found') waiting?.found(message.list)
      else {
        this.#waiting.delete(message.id)
        if (message.kind === 'counted') waiting?.counted?.(message.counts)
        else waiting?.done(message.newest, message.problem)
      }
    })
    const ended = (why: string) => {
      if (this.#worker !== worker) return
      // The next search starts another.
      this.#worker = undefined
      this.#fail(why)
    }
    worker.on('error', (error) => ended(error.message))
    worker.on('exit', () => ended('the search ended'))
    // Listeners hold it; nobody has to wait for a search to end.
    worker.unref()
    this.#worker = worker
    return worker
  }

  #fail(why: string): void {
    const all = [...this.#waiting.values()]
    this.#waiting.clear()
    for (const waiting of all) waiting.done(0, why)
  }

  #post(message: ToSearch): void {
    this.#worker?.postMessage(message)
  }
}

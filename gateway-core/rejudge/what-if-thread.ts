import { Worker } from 'node:worker_threads'
import type { WorkspaceKey } from '../config/workspace-key.ts'
import type { StateAt } from './state-at.ts'
import type { SteppedThrough } from '../protocol/what-if.ts'
import type { ChangedValue } from './step-through.ts'
import { WhatIfError } from './what-if-error.ts'
import type { FromWhatIf, ToWhatIf, WhatIfAnswers, WhatIfKindAsked, WhatIfSetup } from './what-if-messages.ts'
import type { SmallestRequest } from '../protocol/what-if.ts'
import type { WhatIfExplanation, WhatIfOptions, WhatIfQuestion, WhatIfReport } from './what-if.ts'

export { WhatIfError } from './what-if-error.ts'

export interface WhatIfThreadOptions {
  /** Folder of the workspace; its capture is what is judged again. */
  folder: string
  key: WorkspaceKey
  env: Readonly<Record<string, string | undefined>>
  engineVersion: string
}

interface Waiting {
  resolve(answer: unknown): void
  reject(error: unknown): void
  progress?: WhatIfOptions['onProgress']
}

/** A thread that nobody asked for so long ends, and with it the memory of what it read; in ms. */
const idleMs = 10 * 60_000
/** Judging makes much short-lived garbage; with too little room for it half the time goes into collecting. */
const resourceLimits = { maxYoungGenerationSizeMb: 64 }

/**
 * Judges a workspace's capture again in a thread of its own. The thread starts with the first question and keeps what it
 * read, so that the next edit is answered at once. A candidate that does not load rejects with a `WhatIfError`.
 */
export class WhatIfThread {
  readonly #options: WhatIfThreadOptions
  readonly #waiting = new Map<number, Waiting>()
  #worker: Worker | undefined
  #idle: NodeJS.Timeout | undefined
  #next = 0
  #closed = false

  constructor(options: WhatIfThreadOptions) {
    this.#options = options
  }

  /** Counts and changes. Rejects with the signal's reason when it is aborted. */
  judge(question: WhatIfQuestion, { signal, onProgress }: WhatIfOptions = {}): Promise<WhatIfReport> {
    return this.#ask('judge', { question, progress: onProgress !== undefined }, signal, onProgress)
  }

  /** One exchange under both versions, with blame. */
  explain(id: string, question: WhatIfQuestion): Promise<WhatIfExplanation> {
    return this.#ask('explain', { exchange: id, question })
  }

  shrink(id: string, question: WhatIfQuestion): Promise<SmallestRequest> {
    return this.#ask('shrink', { exchange: id, question })
  }

  /** State of every limiter, quota and session at a moment (ms since the epoch) of the recorded time. */
  stateAt(time: number): Promise<StateAt> {
    return this.#ask('stateAt', { time })
  }

  /** One exchange phase by phase by the files on disk, or with texts over them; from a step on with changed values. */
  stepThrough(id: string, changed: readonly ChangedValue[], question: WhatIfQuestion): Promise<SteppedThrough> {
    return this.#ask('stepThrough', { exchange: id, changed, question })
  }

  /** Questions that are open are rejected. */
  close(): void {
    this.#closed = true
    this.#end('the workspace was closed')
  }

  #ask<K extends WhatIfKindAsked>(
    kind: K,
    asked: WhatIfAnswers[K]['asked'],
    signal?: AbortSignal,
    progress?: WhatIfOptions['onProgress'],
  ): Promise<WhatIfAnswers[K]['answer']> {
    if (this.#closed) return Promise.reject(new WhatIfError('the workspace was closed'))
    if (signal?.aborted) return Promise.reject(signal.reason as Error)
    const id = ++this.#next
    return new Promise((resolve, reject) => {
      const done = () => {
        signal?.removeEventListener('abort', stop)
        this.#rest()
      }
      const stop = () => {
        if (!this.#waiting.delete(id)) return
        this.#post({ kind: 'cancel', id })
        done()
        reject(signal!.reason as Error)
      }
      signal?.addEventListener('abort', stop)
      this.#waiting.set(id, {
        resolve: (answer) => {
          done()
          resolve(answer as WhatIfAnswers[K]['answer'])
        },
        reject: (error) => {
          done()
          reject(error as Error)
        },
        progress,
      })
      clearTimeout(this.#idle)
      const worker = this.#start()
      worker.ref()
      worker.postMessage({ ...asked, kind, id })
    })
  }

  #start(): Worker {
    if (this.#worker) return this.#worker
    const { folder, key, env, engineVersion } = this.#options
    const setup: WhatIfSetup = { folder, key: key.share(), env: { ...env }, engineVersion }
    const worker = new Worker(new URL('./what-if-worker.ts', import.meta.url), {
      workerData: setup,
      name: 'what-if',
      resourceLimits,
    })
    worker.on('message', (message: FromWhatIf) => this.#receive(message))
    const ended = (why: string) => {
      if (this.#worker !== worker) return
      // The next question starts another.
      this.#worker = undefined
      this.#fail(why)
    }
    worker.on('error', (error) => ended(`the past could not be judged: ${error.message}`))
    worker.on('exit', () => ended('judging the past ended'))
    this.#worker = worker
    return worker
  }

  #receive(message: FromWhatIf): void {
    const waiting = this.#waiting.get(message.id)
    if (!waiting) return
    if (message.kind === 'progress') {
      waiting.progress?.(message.counts, message.fresh)
      return
    }
    this.#waiting.delete(message.id)
    if (message.kind === 'answer') waiting.resolve(message.answer)
    else waiting.reject(new WhatIfError(message.message, message.suggestion, message.where))
  }

  /** Ends the thread when nobody asks any more. */
  #rest(): void {
    if (this.#waiting.size > 0 || !this.#worker) return
    // Only a question that is open keeps the process alive.
    this.#worker.unref()
    clearTimeout(this.#idle)
    this.#idle = setTimeout(() => this.#end('judging the past ended'), idleMs)
    this.#idle.unref()
  }

  #end(why: string): void {
    clearTimeout(this.#idle)
    this.#post({ kind: 'close' })
    this.#worker = undefined
    this.#fail(why)
  }

  #fail(why: string): void {
    const all = [...this.#waiting.values()]
    this.#waiting.clear()
    for (const { reject } of all) reject(new WhatIfError(why))
  }

  #post(message: ToWhatIf): void {
    this.#worker?.postMessage(message)
  }
}

import type { ServerFrame } from './frames.ts'

export interface FlowOptions {
  /** Characters that may be on their way. */
  window: number
  /** Most events of the kind `every` that wait. Older ones are dropped, and the receiver is told how many. */
  mostEvents?: number
}

/** What flow control did, for tests and for people who look into it. */
export interface FlowCounts {
  sentFrames: number
  sentEvents: number
  /** `latest` events that a newer one replaced before they were sent. */
  coalesced: number
  /** `every` events that did not fit. */
  dropped: number
  /** Most answers and events that waited at once. */
  peakWaiting: number
}

const batchEvents = 500

/**
 * Sends frames as fast as the receiver takes them in. Answers come first and are never dropped: there are no more of
 * them than calls. Of `latest` events only the newest of each name waits, `every` events wait in order and leave in
 * batches, and there is a bound to both.
 */
export class Flow {
  readonly #send: (text: string) => void
  readonly #mostEvents: number
  readonly #answers: string[] = []
  readonly #latest = new Map<string, unknown>()
  #every: [string, unknown][] = []
  #credit: number
  #lost = 0
  #scheduled = false
  #closed = false
  readonly counts: FlowCounts = { sentFrames: 0, sentEvents: 0, coalesced: 0, dropped: 0, peakWaiting: 0 }

  constructor(send: (text: string) => void, options: FlowOptions) {
    this.#send = send
    this.#credit = options.window
    this.#mostEvents = options.mostEvents ?? 5000
  }

  /** An answer, already as text. */
  answer(text: string): void {
    this.#answers.push(text)
    this.#pump()
  }

  event(name: string, data: unknown, delivery: 'every' | 'latest'): void {
    if (this.#closed) return
    if (delivery === 'latest') {
      if (this.#latest.has(name)) this.counts.coalesced++
      this.#latest.set(name, data)
    } else {
      this.#every.push([name, data])
      if (this.#every.length > this.#mostEvents) {
        const surplus = this.#every.length - Math.ceil(this.#mostEvents / 2)
        this.#every.splice(0, surplus)
        this.#lost += surplus
        this.counts.dropped += surplus
      }
    }
    this.#note()
    this.#schedule()
  }

  /** The receiver took in that many characters. */
  credit(amount: number): void {
    this.#credit += amount
    this.#pump()
    this.#schedule()
  }

  close(): void {
    this.#closed = true
    this.#answers.length = 0
    this.#every = []
    this.#latest.clear()
  }

  /** Events of one turn leave together. */
  #schedule(): void {
    if (this.#scheduled || this.#closed) return
    this.#scheduled = true
    setTimeout(() => {
      this.#scheduled = false
      this.#pump()
      this.#flushEvents()
    }, 0)
  }

  #pump(): void {
    if (this.#closed) return
    while (this.#credit > 0 && this.#answers.length > 0) this.#sendNow(this.#answers.shift()!)
    this.#note()
  }

  #flushEvents(): void {
    while (this.#credit > 0 && !this.#closed) {
      if (this.#lost > 0) {
        const events = this.#lost
        this.#lost = 0
        this.#sendNow(JSON.stringify({ t: 'lost', events } satisfies ServerFrame))
        continue
      }
      const events = this.#every.splice(0, batchEvents)
      events.push(...this.#latest)
      this.#latest.clear()
      if (events.length === 0) return
      this.counts.sentEvents += events.length
      this.#sendNow(JSON.stringify({ t: 'events', events } satisfies ServerFrame))
    }
  }

  #sendNow(text: string): void {
    this.#credit -= text.length
    this.counts.sentFrames++
    this.#send(text)
  }

  #note(): void {
    const waiting = this.#answers.length + this.#every.length + this.#latest.size
    if (waiting > this.counts.peakWaiting) this.counts.peakWaiting = waiting
  }
}

/** The receiving end: gives credit back once a good part of the window was taken in. */
export class Intake {
  readonly #give: (amount: number) => void
  readonly #step: number
  #taken = 0

  constructor(give: (amount: number) => void, window: number) {
    this.#give = give
    this.#step = window / 4
  }

  /** A frame of that many characters was handled. */
  took(length: number): void {
    this.#taken += length
    if (this.#taken < this.#step) return
    this.#give(this.#taken)
    this.#taken = 0
  }
}

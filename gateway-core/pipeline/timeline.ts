/** Gives each step its time and each batch of state operations its place in the one global order. */
export interface Timeline {
  /** Milliseconds since the epoch; never less than before. */
  now(): number
  /** Next place in the global order, counted from 1. */
  next(): number
  /** Monotonic µs, for measuring. */
  micros(): number
}

/** The live timeline: the system's clock, held back from running backwards. */
export class LiveTimeline implements Timeline {
  #last = 0
  #sequence: number

  /** `sequence` is the last place given by an earlier run on the same captures. */
  constructor(sequence = 0) {
    this.#sequence = sequence
  }

  now(): number {
    const now = Date.now()
    if (now > this.#last) this.#last = now
    return this.#last
  }

  next(): number {
    return ++this.#sequence
  }

  micros(): number {
    return performance.now() * 1000
  }
}

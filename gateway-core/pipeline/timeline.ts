/** Gives each step its time and each batch of state operations its place in the one global order. */
export interface Timeline {
  /** Milliseconds since the epoch; never less than before. */
  now(): number
  /** Next place in the global order. */
  next(): number
  /** Monotonic µs, for measuring. */
  micros(): number
}

/** The live timeline: the system's clock, held back from running backwards. */
export class LiveTimeline implements Timeline {
  #last = 0
  /** Begins at the time in µs, so that the places of a later run on the same captures come after those of an earlier one. */
  #sequence = Date.now() * 1000

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

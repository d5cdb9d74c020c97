/**
 * Runs a task at most once in each interval: at once when the last run is long ago, else when the interval is over.
 * However often it is asked for, the last wish is always served.
 */
export class Pace {
  readonly #intervalMs: number
  readonly #run: () => void
  #timer: NodeJS.Timeout | undefined
  #last = 0

  constructor(intervalMs: number, run: () => void) {
    this.#intervalMs = intervalMs
    this.#run = run
  }

  ask(): void {
    if (this.#timer) return
    const wait = Math.max(0, this.#last + this.#intervalMs - performance.now())
    this.#timer = setTimeout(() => {
      this.#timer = undefined
      this.#last = performance.now()
      this.#run()
    }, wait)
    this.#timer.unref()
  }

  stop(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
  }
}

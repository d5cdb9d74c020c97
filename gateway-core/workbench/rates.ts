/** Requests of the last minute, second by second. */
export class Rates {
  readonly #seconds = new Float64Array(60).fill(-1)
  readonly #requests = new Uint32Array(60)
  readonly #denied = new Uint32Array(60)

  count(now: number, denied: boolean): void {
    const second = Math.floor(now / 1000)
    const at = second % 60
    if (this.#seconds[at] !== second) {
      this.#seconds[at] = second
      this.#requests[at] = 0
      this.#denied[at] = 0
    }
    this.#requests[at]!++
    if (denied) this.#denied[at]!++
  }

  /** Over the last ten seconds, the running one included. */
  requestsPerSecond(now: number): number {
    return Math.round(this.#sum(this.#requests, now, 10)) / 10
  }

  deniedLastMinute(now: number): number {
    return this.#sum(this.#denied, now, 60)
  }

  #sum(counts: Uint32Array, now: number, seconds: number): number {
    const until = Math.floor(now / 1000)
    let sum = 0
    for (let at = 0; at < 60; at++) {
      const second = this.#seconds[at]!
      if (second > until - seconds && second <= until) sum += counts[at]!
    }
    return sum
  }
}

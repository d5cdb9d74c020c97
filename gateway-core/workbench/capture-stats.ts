/** How much is recorded; asked of the store at most every two seconds. */
export class CaptureStats {
  readonly #read: () => { exchanges: number; bytes: number }
  #known = { exchanges: 0, bytes: 0 }
  #readAt = 0

  constructor(read: () => { exchanges: number; bytes: number }) {
    this.#read = read
  }

  at(now: number): { exchanges: number; bytes: number } {
    if (now - this.#readAt < mostOftenMs) return this.#known
    this.#readAt = now
    try {
      const { exchanges, bytes } = this.#read()
      this.#known = { exchanges, bytes }
    } catch {
      // Closed, or locked for a moment: the last numbers stand.
    }
    return this.#known
  }

  /** What is known is old. */
  forget(): void {
    this.#readAt = 0
  }
}

const mostOftenMs = 2000

/**
 * Texts that the recorder and the store both know by a number: a text crosses to the store once, later records only name
 * it. Numbers count from 0 and are given anew after `clear`.
 */
export class TextMemory {
  readonly #numbers = new Map<string, number>()
  #fresh: string[] = []
  #count = 0
  /** Characters remembered. */
  size = 0

  /** The number of a text. */
  of(text: string): number {
    const known = this.#numbers.get(text)
    if (known !== undefined) return known
    const number = this.add(text)
    this.#numbers.set(text, number)
    return number
  }

  /** A number for a text that the caller remembers by other means. */
  add(text: string): number {
    this.#fresh.push(text)
    this.size += text.length
    return this.#count++
  }

  /** Texts added since the last call, in the order of their numbers. */
  take(): string[] {
    const fresh = this.#fresh
    this.#fresh = []
    return fresh
  }

  clear(): void {
    this.#numbers.clear()
    this.#fresh = []
    this.#count = 0
    this.size = 0
  }
}

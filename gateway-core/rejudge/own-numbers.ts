import type { Context } from '../capture/decode-context.ts'

/** What is read of `own` (see `ownOf`) for a run of exchanges. */
export interface OwnNumbers {
  /** Of each step {@link perStep} numbers, then those of the evidence; for each exchange where they begin. */
  numbers: Float64Array
  numbersAt: Uint32Array
  /** Path that the route gave, where it is not the path itself. */
  upstreamPaths: ReadonlyMap<number, string>
}

/** Time of the step since the exchange began, in ms, and its place in the global order. */
export const perStep = 2

const [comma, quote, backslash, openBrace, closeBrace, closeBracket, lineEnd] = [44, 34, 92, 123, 125, 93, 10]
const [zero, nine] = [48, 57]

/**
 * Reads the `own` of many exchanges, one a line: `[timings ×3, parameters, upstream path, (at, micros, now, sequence) of each
 * step, numbers…]`. Read by hand, because as JSON they would be twenty times as many objects as there are exchanges.
 */
export function readOwn(text: string, contexts: readonly Context[]): OwnNumbers {
  const reader = new OwnReader(text)
  const numbersAt = new Uint32Array(contexts.length + 1)
  const upstreamPaths = new Map<number, string>()
  for (const [at, { shape }] of contexts.entries()) {
    numbersAt[at] = reader.count
    const upstreamPath = reader.line(shape.length)
    if (upstreamPath !== undefined) upstreamPaths.set(at, upstreamPath)
  }
  numbersAt[contexts.length] = reader.count
  return { numbers: reader.numbers(), numbersAt, upstreamPaths }
}

class OwnReader {
  readonly #text: string
  #at = 0
  #numbers = new Float64Array(1 << 16)
  count = 0

  constructor(text: string) {
    this.#text = text
  }

  numbers(): Float64Array {
    return this.#numbers.slice(0, this.count)
  }

  /** Reads one line; gives the upstream's path where there is one. */
  line(steps: number): string | undefined {
    for (let head = 0; head < 4; head++) this.#skip()
    const from = this.#at
    this.#skip()
    const path = this.#text.charCodeAt(from) === quote ? this.#text.slice(from, this.#at - 1) : undefined
    for (let step = 0; step < steps; step++) {
      this.#skip()
      this.#skip()
      this.#take()
      this.#take()
    }
    while (this.#at < this.#text.length && this.#text.charCodeAt(this.#at) !== lineEnd) this.#take()
    this.#at++
    return path === undefined ? undefined : (JSON.parse(path) as string)
  }

  /** Passes a value and what ends it: a comma, or the bracket at the end. */
  #skip(): void {
    const text = this.#text
    let at = this.#at
    let depth = 0
    for (;;) {
      const code = text.charCodeAt(at++)
      if (code === quote) at = endOfString(text, at)
      else if (code === openBrace) depth++
      else if (code === closeBrace) depth--
      else if (depth === 0 && (code === comma || code === closeBracket)) break
    }
    this.#at = at
  }

  #take(): void {
    const text = this.#text
    const from = this.#at
    let at = from
    let value = 0
    let code = text.charCodeAt(at)
    while (code >= zero && code <= nine) {
      value = value * 10 + (code - zero)
      code = text.charCodeAt(++at)
    }
    if ((code !== comma && code !== closeBracket) || value > Number.MAX_SAFE_INTEGER) {
      this.#skip()
      // Below zero, with a fraction, or longer than digits can be added up exactly.
      value = Number(text.slice(from, this.#at - 1))
    } else this.#at = at + 1
    if (this.count === this.#numbers.length) this.#grow()
    this.#numbers[this.count++] = value
  }

  #grow(): void {
    const larger = new Float64Array(this.#numbers.length * 2)
    larger.set(this.#numbers)
    this.#numbers = larger
  }
}

/** The place behind the quote that ends a string. */
function endOfString(text: string, from: number): number {
  for (let at = from; ; at++) {
    const code = text.charCodeAt(at)
    if (code === backslash) at++
    else if (code === quote) return at + 1
  }
}

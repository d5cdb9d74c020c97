import type { Context } from '../capture/decode-context.ts'
import type { RecordedExchange } from './recorded-exchange.ts'
import { orderOf, type Traffic } from './traffic.ts'

/** The part of recorded traffic that one exchange stands at the end of: what came before it, and what began before it ended. */
export class StretchOfTraffic implements Traffic {
  /** Number of that exchange in the stretch. */
  readonly last: number
  readonly #traffic: Traffic
  readonly #numbers: readonly number[]

  /** `after`: order of the last exchange that is left out at the beginning. */
  constructor(traffic: Traffic, at: number, after: number) {
    this.#traffic = traffic
    const exchange = traffic.exchange(at)
    const steps = exchange.context.shape.length
    const end = steps === 0 ? traffic.beginning(at) : exchange.sequence(steps - 1)
    const numbers: number[] = []
    for (let number = 0; number < traffic.length; number++) {
      const inside = number === at || (number < at ? true : traffic.beginning(number) < end)
      if (inside && traffic.exchange(number).order > after) numbers.push(number)
    }
    this.#numbers = numbers
    this.last = numbers.indexOf(at)
  }

  get length(): number {
    return this.#numbers.length
  }

  context(at: number): Context {
    return this.#traffic.context(this.#numbers[at]!)
  }

  kinds(): ReadonlyMap<Context, number> {
    const kinds = new Map<Context, number>()
    for (const at of this.#numbers.keys()) if (!kinds.has(this.context(at))) kinds.set(this.context(at), at)
    return kinds
  }

  exchange(at: number): RecordedExchange {
    return this.#traffic.exchange(this.#numbers[at]!)
  }

  inOrder(): Uint32Array {
    return orderOf(Float64Array.from(this.#numbers, (number) => this.#traffic.beginning(number)))
  }

  beginning(at: number): number {
    return this.#traffic.beginning(this.#numbers[at]!)
  }

  startedAt(at: number): number {
    return this.#traffic.startedAt(this.#numbers[at]!)
  }

  get withMessages(): ReadonlySet<string> {
    return this.#traffic.withMessages ?? new Set()
  }

  prepare(numbers: readonly number[]): void {
    this.#traffic.prepare?.(numbers.map((at) => this.#numbers[at]!))
  }
}

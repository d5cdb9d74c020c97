import type { Context } from '../capture/decode-context.ts'
import type { RecordedExchange } from './recorded-exchange.ts'
import type { Traffic } from './traffic.ts'

/** Traffic of one exchange. */
export class OneTraffic implements Traffic {
  readonly length = 1
  readonly #exchange: RecordedExchange
  readonly #beginning: number

  constructor(exchange: RecordedExchange, beginning: number) {
    this.#exchange = exchange
    this.#beginning = beginning
  }

  context(): Context {
    return this.#exchange.context
  }

  kinds(): ReadonlyMap<Context, number> {
    return new Map([[this.#exchange.context, 0]])
  }

  exchange(): RecordedExchange {
    return this.#exchange
  }

  inOrder(): Uint32Array {
    return Uint32Array.of(0)
  }

  beginning(): number {
    return this.#beginning
  }

  startedAt(): number {
    return this.#exchange.startedAt
  }
}

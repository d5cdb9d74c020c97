import type { Context } from '../capture/decode-context.ts'
import type { ExchangeRecord } from '../capture/record.ts'
import type { KnownState } from './cold-state.ts'
import { PlainExchange, type RecordedExchange } from './recorded-exchange.ts'
import type { MessageAsStored } from './recorded-message.ts'

/** Recorded exchanges as judging them again goes through them. */
export interface Traffic {
  readonly length: number
  /** What an exchange shares with those judged alike, without reading the rest of it. */
  context(at: number): Context
  /** Every context, with the first exchange of it. */
  kinds(): ReadonlyMap<Context, number>
  exchange(at: number): RecordedExchange
  /** Numbers of the exchanges in the order of their first steps. */
  inOrder(): Uint32Array
  /** What counters are known to have held, in the order of places. */
  readonly states?: readonly KnownState[]
  /** Place of the first step of an exchange in the global order. */
  beginning(at: number): number
  /** When an exchange began, in ms since the epoch. */
  startedAt(at: number): number
  /** Ids of the exchanges whose messages, of a WebSocket or an event stream, were recorded; read when it is asked for. */
  readonly withMessages?: ReadonlySet<string>
  /** Told before these exchanges are read, so that they can be read together. */
  prepare?(numbers: readonly number[]): void
}

/** Traffic that is in memory as whole records. */
export class RecordsTraffic implements Traffic {
  readonly length: number
  readonly #exchanges: readonly PlainExchange[]
  readonly #beginnings: Float64Array

  /** `messages`: those of an exchange; without it nobody knows whether there were any. */
  constructor(
    records: readonly ExchangeRecord[],
    messages: (exchange: string) => readonly MessageAsStored[] | undefined = () => undefined,
  ) {
    this.length = records.length
    this.#exchanges = records.map((record, at) => {
      const { order = at + 1 } = record as { order?: number }
      return new PlainExchange(record, order, messages(record.id))
    })
    this.#beginnings = beginningsOf(records.length, (at) => {
      const { trace } = records[at]!
      return trace[0]?.sequence
    })
  }

  context(at: number): Context {
    return this.#exchanges[at]!.context
  }

  kinds(): ReadonlyMap<Context, number> {
    const kinds = new Map<Context, number>()
    for (const [at, { context }] of this.#exchanges.entries()) if (!kinds.has(context)) kinds.set(context, at)
    return kinds
  }

  exchange(at: number): RecordedExchange {
    return this.#exchanges[at]!
  }

  inOrder(): Uint32Array {
    return orderOf(this.#beginnings)
  }

  beginning(at: number): number {
    return this.#beginnings[at]!
  }

  startedAt(at: number): number {
    return this.#exchanges[at]!.startedAt
  }
}

/** First places; an exchange without any step stands behind the one recorded before it. */
export function beginningsOf(length: number, first: (at: number) => number | undefined): Float64Array {
  const beginnings = new Float64Array(length)
  let latest = 0
  for (let at = 0; at < length; at++) {
    const place = first(at)
    beginnings[at] = place ?? latest
    if (place !== undefined && place > latest) latest = place
  }
  return beginnings
}

export function orderOf(beginnings: Float64Array): Uint32Array {
  const order = Uint32Array.from(beginnings.keys())
  let sorted = true
  for (let at = 1; at < beginnings.length && sorted; at++) sorted = beginnings[at - 1]! <= beginnings[at]!
  return sorted ? order : order.sort((one, other) => beginnings[one]! - beginnings[other]! || one - other)
}

import { type ContextList, contextOf, isContextOf } from './context-text.ts'
import { type Extra, extraOf } from './layout.ts'
import type { ExchangeRecord } from './record.ts'
import { alike, fitsDetail, type Judged } from './same-detail.ts'
import type { TextMemory } from './text-memory.ts'
import { detailOf } from './trace-detail.ts'

/** A context that the store knows, with the details and rare parts that came with it last. */
interface Known {
  context: ContextList
  number: number
  details: { judged: Judged; number: number }[]
  extras: { extra: Extra; number: number }[]
}

/** Exchanges of one caller on one route; of each kind, so many of the last ones are compared with. */
const lastOnes = 6
const lastParts = 3

/** Finds contexts, details and rare parts that came before by comparing, so that no JSON is written for them. */
export class ContextMemory {
  readonly #texts: TextMemory
  readonly #routes = new Map<string | undefined, Map<string | undefined, Known[]>>()

  constructor(texts: TextMemory) {
    this.#texts = texts
  }

  find(record: ExchangeRecord): Known {
    const known = this.#of(record)
    for (let at = 0; at < known.length; at++) {
      const one = known[at]!
      if (isContextOf(one.context, record)) {
        if (at > 0) {
          known.splice(at, 1)
          known.unshift(one)
        }
        return one
      }
    }
    const context = contextOf(record)
    const fresh: Known = { context, number: this.#texts.of(JSON.stringify(context)), details: [], extras: [] }
    known.unshift(fresh)
    if (known.length > lastOnes) known.pop()
    return fresh
  }

  /** Number of the detail's text, -1 when there is none; `numbers` gets those of this exchange alone. */
  detail(known: Known, record: ExchangeRecord, numbers: number[]): number {
    for (const { judged, number } of known.details) if (fitsDetail(judged, record, numbers)) return number
    const text = detailOf(record, numbers)
    const number = text === null ? -1 : this.#texts.of(text)
    const { trace, claims, response } = record
    known.details.unshift({ judged: { trace, claims, response: response && { headers: response.headers } }, number })
    if (known.details.length > lastParts) known.details.pop()
    return number
  }

  /** Number of the text of the rare parts, -1 when there are none. */
  extra(known: Known, record: ExchangeRecord): number {
    const extra = extraOf(record)
    if (!extra) return -1
    for (const { extra: before, number } of known.extras) if (alike(before, extra)) return number
    const number = this.#texts.of(JSON.stringify(extra))
    known.extras.unshift({ extra, number })
    if (known.extras.length > lastParts) known.extras.pop()
    return number
  }

  clear(): void {
    this.#routes.clear()
  }

  #of({ route, consumer }: ExchangeRecord): Known[] {
    let consumers = this.#routes.get(route?.id)
    if (!consumers) this.#routes.set(route?.id, (consumers = new Map()))
    let known = consumers.get(consumer?.name)
    if (!known) consumers.set(consumer?.name, (known = []))
    return known
  }
}

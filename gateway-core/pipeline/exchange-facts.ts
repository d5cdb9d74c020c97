import type { Exchange, Place } from '../exchange.ts'
import {
  type FactAnswer,
  factKey,
  type FactQuery,
  type Facts,
  type FactSource,
  type KeySource,
  type Maybe,
  type RecordedFact,
  type SignatureCheck,
  type TokenReading,
} from './facts.ts'

/**
 * The facts of one exchange: each question is put to the source once, and what it answered is kept for the record. Places
 * are read in the request as the client sent it, so that the identity of a fact does not depend on what policies changed
 * before. A random number belongs to the exchange: the source draws it from the exchange's id and the purpose.
 */
export class ExchangeFacts implements Facts {
  readonly #source: FactSource
  readonly #exchange: Exchange
  readonly #received: Exchange['request']
  readonly #asked: Asked[] = []

  constructor(source: FactSource, exchange: Exchange) {
    this.#source = source
    this.#exchange = exchange
    this.#received = exchange.request
  }

  token(place: Place, scheme?: string): FactAnswer<TokenReading> {
    return atOnce(this.#ask({ kind: 'token', place, scheme })) as FactAnswer<TokenReading>
  }

  tag(place: Place): FactAnswer<string | null> {
    return atOnce(this.#ask({ kind: 'tag', place })) as FactAnswer<string | null>
  }

  signature(place: Place, keys: KeySource, algorithm: string, scheme?: string): Maybe<FactAnswer<SignatureCheck>> {
    return this.#ask({ kind: 'signature', place, scheme, keys, algorithm }) as Maybe<FactAnswer<SignatureCheck>>
  }

  random(purpose: string): FactAnswer<number> {
    return atOnce(this.#ask({ kind: 'random', purpose })) as FactAnswer<number>
  }

  /** What was asked and answered so far, in the order asked. A question still open is not there yet. */
  get recorded(): readonly RecordedFact[] {
    const facts: RecordedFact[] = []
    for (const { key, answer } of this.#asked) if (!(answer instanceof Promise)) facts.push({ key, answer })
    return facts
  }

  #ask(query: FactQuery): Maybe<FactAnswer<unknown>> {
    const key = factKey(query)
    for (const asked of this.#asked) if (asked.key === key) return asked.answer
    const asked: Asked = { key, answer: this.#source.ask(query, this.#asReceived()) }
    this.#asked.push(asked)
    if (asked.answer instanceof Promise) asked.answer = settle(asked, asked.answer)
    return asked.answer
  }

  #asReceived(): Exchange {
    const exchange = this.#exchange
    return exchange.request === this.#received ? exchange : { ...exchange, request: this.#received }
  }
}

interface Asked {
  readonly key: string
  answer: Maybe<FactAnswer<unknown>>
}

async function settle(asked: Asked, promise: Promise<FactAnswer<unknown>>): Promise<FactAnswer<unknown>> {
  asked.answer = await promise
  return asked.answer
}

function atOnce(answer: Maybe<FactAnswer<unknown>>): FactAnswer<unknown> {
  if (answer instanceof Promise) throw new TypeError('only a signature may be waited for')
  return answer
}

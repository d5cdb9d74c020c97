import { hasMarker, isMarker, tagsIn } from '../capture/markers.ts'
import type { Exchange } from '../exchange.ts'
import { createLiveFacts, type FactKeyring, type LiveFacts } from '../facts/live.ts'
import {
  type FactAnswer,
  factKey,
  type FactQuery,
  type FactSource,
  MissingFact,
  type SignatureCheck,
} from '../pipeline/facts.ts'
import { readPlace } from '../pipeline/place.ts'
import type { RecordedExchange } from './recorded-exchange.ts'

/** What an exchange recorded, and nothing else. */
export function recordedFacts({ facts }: RecordedExchange): FactSource {
  return {
    ask(query: FactQuery): FactAnswer<unknown> {
      const key = factKey(query)
      const answer = facts.get(key)
      if (answer === undefined) throw new MissingFact(key)
      return answer
    },
  }
}

type SignatureQuery = Extract<FactQuery, { kind: 'signature' }>

/**
 * The facts of recorded exchanges, and what follows from them. What an exchange recorded counts. What it was never asked
 * is worked out where everything for it is still there: tokens, tags and random numbers from the message and the
 * workspace key. A signature under keys that an edit brings in is checked while the token is still sealed and not
 * purged: it is missing at first, `resolve` fetches the keys, and the second time it is known. Nothing is invented.
 */
export class SharedFacts {
  readonly #key: FactKeyring | undefined
  readonly #live: LiveFacts | undefined
  readonly #checked = new Map<string, FactAnswer<SignatureCheck>>()
  readonly #wanted = new Map<string, { query: SignatureQuery; exchange: Exchange }>()
  readonly #failed = new Set<string>()

  constructor(key: FactKeyring | undefined) {
    this.#key = key
    this.#live = key && createLiveFacts({ key })
  }

  of = (recorded: RecordedExchange): FactSource => {
    const { facts } = recorded
    return {
      ask: (query, exchange) => {
        const key = factKey(query)
        return facts.get(key) ?? this.#derive(key, query, exchange)
      },
    }
  }

  /** Checks the signatures that were asked for; true when there is now more to judge by than before. */
  async resolve(): Promise<boolean> {
    const wanted = [...this.#wanted]
    this.#wanted.clear()
    let more = false
    for (const [id, { query, exchange }] of wanted) {
      const answer = (await this.#live!.ask(query, exchange)) as FactAnswer<SignatureCheck>
      // Keys that cannot be had now may have been there then: that says nothing.
      if ('unavailable' in answer) this.#failed.add(id)
      else {
        this.#checked.set(id, answer)
        more = true
      }
    }
    return more
  }

  #derive(key: string, query: FactQuery, exchange: Exchange): FactAnswer<unknown> {
    if (!this.#key || !this.#live) throw new MissingFact(key)
    switch (query.kind) {
      case 'random':
        return { value: this.#key.random(`${exchange.id}|${query.purpose}`) }
      case 'token':
        return this.#readable(key, () => this.#live!.ask(query, exchange) as FactAnswer<unknown>)
      case 'tag':
        return (
          sealedTag(query, exchange) ??
          this.#readable(key, () => this.#live!.ask(query, exchange) as FactAnswer<unknown>)
        )
      case 'signature':
        return this.#signature(key, query, exchange)
      default:
        throw new MissingFact(key)
    }
  }

  #signature(key: string, query: SignatureQuery, exchange: Exchange): FactAnswer<unknown> {
    const values = this.#readable(key, () => readPlace(exchange, query.place))
    const id = `${key}\n${values.join('\n')}`
    const checked = this.#checked.get(id)
    if (checked) return checked
    if (!this.#failed.has(id)) this.#wanted.set(id, { query, exchange: { ...exchange, request: exchange.request } })
    throw new MissingFact(key)
  }

  #readable<T>(key: string, read: () => T): T {
    try {
      return read()
    } catch (error) {
      throw error instanceof MissingFact ? new MissingFact(key) : error
    }
  }
}

/** The tag of a value that is sealed as a whole stands in its marker. */
function sealedTag({ place }: Extract<FactQuery, { kind: 'tag' }>, exchange: Exchange): FactAnswer<string> | undefined {
  if (place.in !== 'header') return undefined
  const { raw } = exchange.request.headers
  const name = place.name.toLowerCase()
  const values = raw.filter((_, at) => at % 2 === 1 && raw[at - 1]!.toLowerCase() === name)
  const [value] = values
  if (values.length !== 1 || !hasMarker(value!) || !isMarker(value!)) return undefined
  return { value: tagsIn(value!)[0]! }
}

import { type KeySource, type Maybe, whenReady } from '../pipeline/facts.ts'
import type { FetchOptions } from './fetch-json.ts'
import { fetchKeys } from './key-location.ts'
import { KeySet } from './key-set.ts'

/** All times in milliseconds. */
export interface KeySetOptions extends Partial<FetchOptions> {
  readonly now: () => number
  /** Bounds for the lifetime that Cache-Control gives, and the lifetime when it gives none. */
  readonly minLifetimeMs?: number
  readonly maxLifetimeMs?: number
  readonly lifetimeMs?: number
  /** Least time between two fetches for an unknown kid, and after a failure. */
  readonly cooldownMs?: number
  /** How long the last good keys are used after they grew stale while the issuer cannot be reached. */
  readonly keepMs?: number
}

/** Keys, or why there are none. */
export type KeySetAnswer = KeySet | { unavailable: string }

interface Held {
  readonly source: KeySource
  keySet: KeySet | undefined
  /** When the keys grow stale, and when the last attempt began. */
  staleAt: number
  attemptedAt: number
  problem: string | undefined
  loading: Promise<void> | undefined
}

/**
 * Key sets by source: fetched once, shared by everybody who waits, refreshed in the background when stale. While an
 * issuer is down the last good keys stay in use. An unknown kid causes one fetch, not more often than the cooldown.
 */
export class KeySets {
  readonly #options: Required<Omit<KeySetOptions, 'dispatcher'>> & Pick<KeySetOptions, 'dispatcher'>
  readonly #held = new Map<string, Held>()
  #lent: Lent | undefined

  constructor(options: KeySetOptions) {
    this.#options = {
      timeoutMs: 5000,
      maxBytes: 512 * 1024,
      minLifetimeMs: 60_000,
      maxLifetimeMs: 24 * 3_600_000,
      lifetimeMs: 10 * 60_000,
      cooldownMs: 10_000,
      keepMs: 24 * 3_600_000,
      ...options,
    }
  }

  /**
   * Adds keys to every set of public keys, also to those that cannot be fetched, until others (or none) are lent: tokens
   * of a local issuer then pass for those of any issuer. For trying things out on one's own machine.
   */
  async lend(jwks: readonly unknown[] | undefined): Promise<void> {
    const lent = jwks && (await KeySet.import(jwks, 'none'))
    this.#lent = lent && { alone: lent, joined: new WeakMap(), origin: new WeakMap() }
  }

  /** Whether keys are lent. */
  get lends(): boolean {
    return this.#lent !== undefined
  }

  /** Keys of a source: at once when they are there, with a promise when they have to be loaded first. */
  keys(source: KeySource): Maybe<KeySetAnswer> {
    const lent = this.#lent
    return lent ? whenReady(this.#keys(source), (answer) => joined(answer, source, lent)) : this.#keys(source)
  }

  /** Keys again, for a token whose kid `known` lacks: fetched once more unless that was done within the cooldown. */
  newerKeys(source: KeySource, known: KeySet): Maybe<KeySetAnswer> {
    const lent = this.#lent
    if (!lent) return this.#newerKeys(source, known)
    const own = lent.origin.get(known)
    // Only lent keys are there: the fetch that failed is tried again as its cooldown allows.
    const newer = own ? this.#newerKeys(source, own) : this.#keys(source)
    return whenReady(newer, (answer) => joined(answer, source, lent))
  }

  #keys(source: KeySource): Maybe<KeySetAnswer> {
    const held = this.#hold(source)
    const now = this.#options.now()
    const usable = this.#usable(held, now)
    if (usable) {
      if (now >= held.staleAt && this.#mayAttempt(held, now)) void this.#load(held)
      return usable
    }
    if (held.loading || this.#mayAttempt(held, now)) return this.#load(held).then(() => this.#answer(held))
    return this.#answer(held)
  }

  #newerKeys(source: KeySource, known: KeySet): Maybe<KeySetAnswer> {
    const held = this.#hold(source)
    if (held.keySet !== undefined && held.keySet !== known) return held.keySet
    if (isStatic(source)) return known
    if (!held.loading && !this.#mayAttempt(held, this.#options.now())) return known
    return this.#load(held).then(() => this.#answer(held))
  }

  /** What is wrong with which source at the moment, for people: one line each. */
  problems(): readonly { source: string; problem: string }[] {
    return [...this.#held.values()].flatMap(({ source, problem, keySet }) => [
      ...(problem === undefined ? [] : [{ source: source.id, problem }]),
      ...(keySet?.problems ?? []).map((text) => ({ source: source.id, problem: text })),
    ])
  }

  #hold(source: KeySource): Held {
    let held = this.#held.get(source.id)
    if (!held) {
      const never = Number.NEGATIVE_INFINITY
      held = {
        source,
        keySet: undefined,
        staleAt: never,
        attemptedAt: never,
        problem: undefined,
        loading: undefined,
      }
      this.#held.set(source.id, held)
    }
    return held
  }

  #usable(held: Held, now: number): KeySet | undefined {
    return held.keySet && now - held.staleAt < this.#options.keepMs ? held.keySet : undefined
  }

  #mayAttempt(held: Held, now: number): boolean {
    return now - held.attemptedAt >= this.#options.cooldownMs
  }

  #answer(held: Held): KeySetAnswer {
    const usable = this.#usable(held, this.#options.now())
    return usable ?? { unavailable: held.problem ?? `the keys of ${held.source.id} are too old` }
  }

  #load(held: Held): Promise<void> {
    held.loading ??= this.#attempt(held).finally(() => (held.loading = undefined))
    return held.loading
  }

  async #attempt(held: Held): Promise<void> {
    const { source } = held
    held.attemptedAt = this.#options.now()
    if ('keys' in source) {
      const secret = source.keys.some((key) => key['kty'] === 'oct')
      held.keySet = await KeySet.import(source.keys, secret ? 'only' : 'none')
      held.staleAt = Number.POSITIVE_INFINITY
      return
    }
    const fetched = await fetchKeys(source, this.#options)
    if ('problem' in fetched) {
      held.problem = fetched.problem
      return
    }
    const keySet = await KeySet.import(fetched.value as unknown[], 'none')
    if (keySet.keys.length === 0) {
      held.problem = `${source.id} has no key to verify with${keySet.problems.map((text) => `; ${text}`).join('')}`
      return
    }
    const { minLifetimeMs, maxLifetimeMs, lifetimeMs } = this.#options
    const lifetime = Math.min(maxLifetimeMs, Math.max(minLifetimeMs, fetched.maxAgeMs ?? lifetimeMs))
    held.staleAt = this.#options.now() + lifetime
    held.problem = undefined
    // The same keys again keep their identity, so that verified tokens stay verified.
    if (!held.keySet || !sameKeys(held.keySet, keySet)) held.keySet = keySet
  }
}

/** Keys lent to every source, and what they were joined with, so that the same keys stay the same object. */
interface Lent {
  readonly alone: KeySet
  readonly joined: WeakMap<KeySet, KeySet>
  readonly origin: WeakMap<KeySet, KeySet>
}

function joined(answer: KeySetAnswer, source: KeySource, lent: Lent): KeySetAnswer {
  // A shared secret beside public keys would let one be taken for the other.
  if ('keys' in source && source.keys.some((key) => key['kty'] === 'oct')) return answer
  if ('unavailable' in answer) return lent.alone
  const known = lent.joined.get(answer)
  if (known) return known
  const whole = new KeySet([...answer.keys, ...lent.alone.keys], answer.problems)
  lent.joined.set(answer, whole)
  lent.origin.set(whole, answer)
  return whole
}

function isStatic(source: KeySource): boolean {
  return 'keys' in source
}

function sameKeys(a: KeySet, b: KeySet): boolean {
  return (
    a.keys.length === b.keys.length &&
    a.keys.every((key, at) => {
      const other = b.keys[at]!
      const algorithms = [...key.algorithms].join() === [...other.algorithms].join()
      return key.kid === other.kid && algorithms && key.key.equals(other.key)
    })
  )
}

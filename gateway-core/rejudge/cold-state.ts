import type { Maybe } from '../pipeline/facts.ts'
import { MemoryState } from '../pipeline/memory-state.ts'
import type { StateAnswer, StateOperation, StateSnapshot, StateStore } from '../pipeline/state.ts'
import type { Moment } from './follower.ts'

/** A place in the global order where more is known of counters than what was counted again. */
export interface KnownState {
  place: number
  /** Milliseconds since the epoch. */
  time: number
  /** What was held; without it only this is known, that a gateway began and what is not durable was empty. */
  held?: {
    covers: readonly string[]
    entries: StateSnapshot['entries']
    /** Nothing that was counted since is missing in the record. */
    exact: boolean
  }
}

export interface Beginning {
  /** When the first exchange began, in ms since the epoch. */
  since: number
  /** In the order of their places. */
  known?: readonly KnownState[]
  /** Whether state outlives its gateway. */
  isDurable?: (stateId: string) => boolean
}

interface Told {
  answer: unknown
  warm: boolean
}

/** A state as it stood between two operations. */
export interface StateCopy {
  beginning: Beginning
  snapshot: StateSnapshot
  passed: number
  seen: readonly string[]
  sure: readonly string[]
  restarted: boolean
  firstReset: ReadonlyMap<string, number>
  warmUntil: ReadonlyMap<string, number>
  latest: Moment
  /** What exchanges that were on their way were told so far. */
  told: ReadonlyMap<number, readonly Told[]>
}

/**
 * State that is counted again. Where the capture holds what counters were, it begins with that; else empty at the first
 * recorded exchange, though the counters of that time did not. It notes when an answer came from inside the first window of
 * such a counter, where it may be too mild.
 */
export class ColdState implements StateStore {
  /** An operation since this was last set to false fell into a first window; `kept`: only of counters that the edit leaves alone. */
  warming: false | 'kept' | 'changed' = false
  /** Tells those counters from the others. */
  isKept: (stateId: string) => boolean = () => false
  /** Place of the step whose operations are applied. */
  place: () => number = () => Infinity
  readonly #inner = new MemoryState()
  readonly #beginning: Beginning
  readonly #known: readonly KnownState[]
  readonly #firstReset: Map<string, number>
  readonly #warmUntil: Map<string, number>
  readonly #seen: Set<string>
  /** State ids whose state is that of then. */
  readonly #sure: Set<string>
  /** How many known states lie behind. */
  #passed = 0
  #restarted = false
  #latest: Moment = { now: 0, sequence: 0 }
  /** Exchange whose step applies operations; what it is told is noted where that is asked for. */
  #exchange = -1
  #told: Map<number, Told[]> | undefined
  /** What exchanges were told before this state was copied. */
  readonly #toldBefore = new Map<number, Told[]>()

  constructor(beginning: Beginning, copy?: StateCopy) {
    this.#beginning = beginning
    this.#known = beginning.known ?? []
    this.#firstReset = new Map(copy?.firstReset)
    this.#warmUntil = new Map(copy?.warmUntil)
    this.#seen = new Set(copy?.seen)
    this.#sure = new Set(copy?.sure)
    if (!copy) return
    this.#inner.restore(copy.snapshot)
    this.#passed = copy.passed
    this.#restarted = copy.restarted
    this.#latest = copy.latest
    for (const [exchange, told] of copy.told) this.#toldBefore.set(exchange, [...told])
  }

  /** Time and place of the latest operation. */
  get latest(): Moment {
    return this.#latest
  }

  /** From now on what exchanges are told is noted, for copies. */
  noteAnswers(): void {
    this.#told = new Map()
  }

  /** An exchange goes on. */
  turn(exchange: number): void {
    this.#exchange = exchange
    this.warming = false
  }

  /** An exchange is over. */
  forget(exchange: number): void {
    this.#told?.delete(exchange)
  }

  /** Goes on, by `new ColdState(copy.beginning, copy)`, as this one does. */
  copy(): StateCopy {
    return {
      beginning: this.#beginning,
      snapshot: this.#inner.snapshot(this.#latest.now),
      passed: this.#passed,
      seen: [...this.#seen],
      sure: [...this.#sure],
      restarted: this.#restarted,
      firstReset: new Map(this.#firstReset),
      warmUntil: new Map(this.#warmUntil),
      latest: this.#latest,
      told: new Map(Array.from(this.#told ?? [], ([exchange, told]) => [exchange, [...told]])),
    }
  }

  apply<O extends StateOperation>(stateId: string, operation: O, now: number): Maybe<StateAnswer<O>> {
    const before = this.#toldBefore.get(this.#exchange)?.shift()
    const told = before ?? this.#apply(stateId, operation, now)
    if (this.#told) {
      const all = this.#told.get(this.#exchange)
      if (all) all.push(told)
      else this.#told.set(this.#exchange, [told])
    }
    if (told.warm && this.warming !== 'changed') this.warming = this.isKept(stateId) ? 'kept' : 'changed'
    return told.answer as StateAnswer<O>
  }

  /** Takes over what is known until a moment. */
  reach({ now, sequence }: Moment): void {
    for (; this.#passed < this.#known.length; this.#passed++) {
      const state = this.#known[this.#passed]!
      if (state.place > sequence || state.time > now) return
      this.#takeOver(state)
    }
  }

  /** Whether an instance was still in its first window at a time. */
  isWarming(stateId: string, now: number): boolean {
    return !this.#isSure(stateId) && now < (this.#warmUntil.get(stateId) ?? 0)
  }

  snapshot(now: number, stateIds?: Iterable<string>): StateSnapshot {
    return this.#inner.snapshot(now, stateIds)
  }

  restore(snapshot: StateSnapshot): void {
    this.#inner.restore(snapshot)
  }

  retain(keep: ReadonlySet<string>): void {
    this.#inner.retain(keep)
  }

  #apply(stateId: string, operation: StateOperation, now: number): Told {
    const sequence = this.place()
    if (this.#passed < this.#known.length) this.reach({ now: Infinity, sequence })
    this.#seen.add(stateId)
    this.#latest = { now: Math.max(now, this.#latest.now), sequence: Math.max(sequence, this.#latest.sequence) }
    const warm = this.#isSure(stateId) ? 0 : this.#warmFrom(stateId, operation, now)
    if (warm > (this.#warmUntil.get(stateId) ?? 0)) this.#warmUntil.set(stateId, warm)
    return { answer: this.#inner.apply(stateId, operation, now), warm: now < warm }
  }

  #isSure(stateId: string): boolean {
    return this.#sure.has(stateId) || (this.#restarted && !this.#isDurable(stateId))
  }

  #isDurable(stateId: string): boolean {
    return this.#beginning.isDurable?.(stateId) === true
  }

  #takeOver({ time, held }: KnownState): void {
    const lost = new Set(held?.covers ?? [...this.#seen].filter((id) => !this.#isDurable(id)))
    this.#inner.retain(new Set([...this.#seen].filter((id) => !lost.has(id))))
    if (!held) {
      this.#restarted = true
      return
    }
    this.#inner.restore({ version: 1, now: time, entries: held.entries })
    for (const id of held.covers) {
      this.#seen.add(id)
      if (held.exact) this.#sure.add(id)
    }
  }

  #warmFrom(stateId: string, operation: StateOperation, now: number): number {
    const { since } = this.#beginning
    switch (operation.op) {
      case 'limit':
        return since + operation.windowMs
      case 'count': {
        const known = this.#firstReset.get(stateId)
        if (known !== undefined) return known
        this.#firstReset.set(stateId, operation.resetAt)
        return operation.resetAt
      }
      case 'put':
      case 'once':
        return since + (operation.expiresAt - now)
      case 'get':
        return 0
    }
  }
}

import type { Maybe } from '../pipeline/facts.ts'
import { MemoryState } from '../pipeline/memory-state.ts'
import type { StateAnswer, StateOperation, StateSnapshot, StateStore } from '../pipeline/state.ts'

/**
 * State that begins empty at the first recorded exchange, though the counters of that time did not. It notes when an
 * answer came from inside the first window of a counter, where it may be too mild.
 */
export class ColdState implements StateStore {
  /** An operation since this was last set to false fell into a first window; `kept`: only of counters that the edit leaves alone. */
  warming: false | 'kept' | 'changed' = false
  /** Tells those counters from the others. */
  isKept: (stateId: string) => boolean = () => false
  readonly #inner = new MemoryState()
  readonly #since: number
  readonly #firstReset = new Map<string, number>()
  readonly #warmUntil = new Map<string, number>()

  /** `since`: ms since the epoch. */
  constructor(since: number) {
    this.#since = since
  }

  apply<O extends StateOperation>(stateId: string, operation: O, now: number): Maybe<StateAnswer<O>> {
    const warm = this.#warmFrom(stateId, operation, now)
    if (now < warm && this.warming !== 'changed') this.warming = this.isKept(stateId) ? 'kept' : 'changed'
    if (warm > (this.#warmUntil.get(stateId) ?? 0)) this.#warmUntil.set(stateId, warm)
    return this.#inner.apply(stateId, operation, now)
  }

  /** Whether an instance was still in its first window at a time. */
  isWarming(stateId: string, now: number): boolean {
    return now < (this.#warmUntil.get(stateId) ?? 0)
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

  #warmFrom(stateId: string, operation: StateOperation, now: number): number {
    switch (operation.op) {
      case 'limit':
        return this.#since + operation.windowMs
      case 'count': {
        const known = this.#firstReset.get(stateId)
        if (known !== undefined) return known
        this.#firstReset.set(stateId, operation.resetAt)
        return operation.resetAt
      }
      case 'put':
      case 'once':
        return this.#since + (operation.expiresAt - now)
      case 'get':
        return 0
    }
  }
}

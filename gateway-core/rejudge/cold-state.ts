import type { Maybe } from '../pipeline/facts.ts'
import { MemoryState } from '../pipeline/memory-state.ts'
import type { Phase } from '../pipeline/phases.ts'
import type { StateAnswer, StateOperation, StateSnapshot, StateStore } from '../pipeline/state.ts'

/**
 * State that begins empty at the first recorded exchange, though the counters of that time did not. It notes which
 * instances were asked, and when an answer came from inside the first window of a counter, where it may be too mild.
 */
export class ColdState implements StateStore {
  /** An operation since this was last set to false fell into a first window. */
  warming = false
  /** Phase of the step that runs. */
  phase: Phase = 'requestHeaders'
  /** State ids that were asked for anything, by phase. */
  readonly asked = new Map<Phase, Set<string>>()
  readonly #inner = new MemoryState()
  readonly #since: number
  readonly #firstReset = new Map<string, number>()

  /** `since`: ms since the epoch. */
  constructor(since: number) {
    this.#since = since
  }

  apply<O extends StateOperation>(stateId: string, operation: O, now: number): Maybe<StateAnswer<O>> {
    const asked = this.asked.get(this.phase)
    if (asked) asked.add(stateId)
    else this.asked.set(this.phase, new Set([stateId]))
    if (now < this.#warmFrom(stateId, operation, now)) this.warming = true
    return this.#inner.apply(stateId, operation, now)
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

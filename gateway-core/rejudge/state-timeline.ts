import type { ColdState, StateCopy } from './cold-state.ts'
import type { Moment } from './follower.ts'

/** Judging between two exchanges, from where it can go on. */
export interface Checkpoint {
  /** How many exchanges were begun. */
  begun: number
  /** Where the last of them begins in the global order. */
  last: number
  /** Those of them that waited for their place. */
  waiting: readonly number[]
  state: StateCopy
}

export interface Checkpoints {
  /** So many exchanges between two. */
  every: number
  from: Checkpoint | undefined
  made(checkpoint: Checkpoint): void
}

/** Entries that all checkpoints together may hold. */
const mostEntries = 400_000
const mostCheckpoints = 400

/** The state at any moment: counted once, and from then on from the nearest place before it that was kept. */
export class StateTimeline {
  readonly #count: (until: Moment, checkpoints: Checkpoints) => Promise<ColdState>
  #every: number
  #checkpoints: Checkpoint[] = []
  #entries = 0

  /** `count`: counts until a moment, from a checkpoint on, and tells of others on the way, `every` so many exchanges. */
  constructor(count: (until: Moment, checkpoints: Checkpoints) => Promise<ColdState>, every = 1000) {
    this.#count = count
    this.#every = every
  }

  at(until: Moment): Promise<ColdState> {
    const from = this.#checkpoints.findLast(({ state: { latest } }) => {
      return latest.now <= until.now && latest.sequence < until.sequence
    })
    return this.#count(until, { every: this.#every, from, made: (checkpoint) => this.#keep(checkpoint) })
  }

  /** Exchanges came to it; the first of them begins there in the global order. */
  grown(beginning: number): void {
    this.#checkpoints = this.#checkpoints.filter(({ last }) => last < beginning)
    this.#sum()
  }

  #keep(checkpoint: Checkpoint): void {
    const last = this.#checkpoints.at(-1)
    if (last && checkpoint.begun < last.begun + this.#every) return
    this.#checkpoints.push(checkpoint)
    this.#entries += checkpoint.state.snapshot.entries.length
    if (this.#entries <= mostEntries && this.#checkpoints.length <= mostCheckpoints) return
    // Half of them, twice as far from each other.
    this.#every *= 2
    this.#checkpoints = this.#checkpoints.filter((_, at) => at % 2 === 1)
    this.#sum()
  }

  #sum(): void {
    this.#entries = this.#checkpoints.reduce((sum, { state }) => sum + state.snapshot.entries.length, 0)
  }
}

import type { ExchangeSummary } from '../capture/summary.ts'
import type { Captures } from '../capture/store.ts'
import { parseFilter } from '../filter/grammar.ts'
import { type Filter, FilterError } from '../filter/syntax.ts'
import type { SearchState } from '../protocol/types.ts'
import { Pace } from './pace.ts'

export interface SearchOptions {
  captures: Captures
  search: number
  query: string
  order: 'newest' | 'oldest'
  /** More or fewer rows than before; at most ten times a second. */
  onChanged(state: SearchState): void
}

const paceMs = 100

/**
 * A search that goes on: first through what is there, stretch by stretch, giving way to requests in between, then with
 * what is recorded meanwhile. Keeps the number of each match and nothing else.
 */
export class LiveSearch {
  readonly #options: SearchOptions
  readonly #filter: Filter | undefined
  readonly #problem: SearchState['problem']
  readonly #pace: Pace
  /** Matches among what was there, in the order asked for. */
  #found: number[] = []
  /** Matches recorded since, oldest first. */
  #fresh: number[] = []
  #newest = 0
  #done = false
  #closed = false
  #run = 0

  constructor(options: SearchOptions) {
    this.#options = options
    this.#pace = new Pace(paceMs, () => options.onChanged(this.state()))
    try {
      this.#filter = parseFilter(options.query)
    } catch (error) {
      if (!(error instanceof FilterError)) throw error
      const { message, offset, suggestion } = error
      this.#problem = suggestion === undefined ? { message, offset } : { message, offset, suggestion }
      this.#done = true
    }
  }

  /** Begins; resolves once the first stretch was searched, so that the first rows can be shown at once. */
  async begin(): Promise<SearchState> {
    if (this.#filter) await this.#searchAll()
    return this.state()
  }

  state(): SearchState {
    const { search } = this.#options
    const total = this.#problem ? 0 : this.#found.length + (this.#showsFresh() ? this.#fresh.length : 0)
    return { search, total, done: this.#done, ...(this.#problem && { problem: this.#problem }) }
  }

  rows(from: number, count: number): ExchangeSummary[] {
    const { total } = this.state()
    const sequences: number[] = []
    for (let at = from; at < Math.min(total, from + count); at++) sequences.push(this.#at(at))
    return this.#options.captures.rows(sequences)
  }

  /** Something was recorded. */
  grow(): void {
    if (!this.#filter || this.#closed) return
    const { captures } = this.#options
    const last = newestOf(captures)
    if (last <= this.#newest) {
      // An exchange that was open has ended: its row says more than before.
      this.#pace.ask()
      return
    }
    for (const list of captures.sequences({ query: this.#filter, after: this.#newest, order: 'oldest' })) {
      for (const sequence of list) if (sequence <= last) this.#fresh.push(sequence)
    }
    this.#newest = last
    this.#forgetDeleted()
    this.#pace.ask()
  }

  /** Something was deleted by a person: begins again. */
  async restart(): Promise<void> {
    if (!this.#filter || this.#closed) return
    await this.#searchAll()
    this.#pace.ask()
  }

  close(): void {
    this.#closed = true
    this.#run++
    this.#pace.stop()
  }

  async #searchAll(): Promise<void> {
    const run = ++this.#run
    const { captures, order } = this.#options
    this.#found = []
    this.#fresh = []
    this.#done = false
    this.#newest = newestOf(captures)
    const stretches = captures.sequences({ query: this.#filter!, order, before: this.#newest + 1 })
    const first = stretches.next()
    this.#take(first)
    if (first.done) return
    void this.#goOn(stretches, run)
  }

  async #goOn(stretches: Generator<number[]>, run: number): Promise<void> {
    for (;;) {
      await new Promise((resolve) => setImmediate(resolve))
      // Closed, begun again, or the captures were closed under it.
      if (run !== this.#run) return
      let next: IteratorResult<number[]>
      try {
        next = stretches.next()
      } catch {
        return
      }
      this.#take(next)
      this.#pace.ask()
      if (next.done) return
    }
  }

  #take(step: IteratorResult<number[]>): void {
    if (step.done) this.#done = true
    else for (const sequence of step.value) this.#found.push(sequence)
  }

  #showsFresh(): boolean {
    return this.#options.order === 'newest' || this.#done
  }

  #at(index: number): number {
    const fresh = this.#fresh.length
    if (this.#options.order === 'newest') {
      return index < fresh ? this.#fresh[fresh - 1 - index]! : this.#found[index - fresh]!
    }
    return index < this.#found.length ? this.#found[index]! : this.#fresh[index - this.#found.length]!
  }

  /** Retention deletes the oldest first: they leave the list as well, so that no row is missing in the middle. */
  #forgetDeleted(): void {
    const [oldest] = this.#options.captures.list({ order: 'oldest', limit: 1 })
    const first = oldest?.sequence ?? Number.MAX_SAFE_INTEGER
    if (this.#options.order === 'newest') {
      while (this.#found.length > 0 && this.#found.at(-1)! < first) this.#found.pop()
    } else if (this.#found.length > 0 && this.#found[0]! < first) {
      this.#found = this.#found.filter((sequence) => sequence >= first)
    }
    if (this.#fresh.length > 0 && this.#fresh[0]! < first) {
      this.#fresh = this.#fresh.filter((sequence) => sequence >= first)
    }
  }
}

function newestOf(captures: Captures): number {
  return captures.list({ limit: 1 })[0]?.sequence ?? 0
}

import type { ExchangeSummary } from '../capture/summary.ts'
import type { Captures } from '../capture/store.ts'
import { parseFilter } from '../filter/grammar.ts'
import { FilterError } from '../filter/syntax.ts'
import type { SearchState } from '../protocol/types.ts'
import type { CaptureSearcher } from './capture-searcher.ts'
import { Pace } from './pace.ts'

export interface SearchOptions {
  captures: Captures
  searcher: CaptureSearcher
  search: number
  query: string
  order: 'newest' | 'oldest'
  /** More or fewer rows than before; at most ten times a second. */
  onChanged(state: SearchState): void
}

const paceMs = 100
/** A search that finds nothing for so long answers without rows; they follow by the event. */
const patienceMs = 400

/**
 * A search that goes on: first through what is there, stretch by stretch, then with what is recorded meanwhile. Keeps
 * the number of each match and nothing else; the searching is done elsewhere.
 */
export class LiveSearch {
  readonly #options: SearchOptions
  #problem: SearchState['problem']
  readonly #pace: Pace
  /** Matches among what was there, in the order asked for. */
  #found: number[] = []
  /** Matches recorded since, oldest first. */
  #fresh: number[] = []
  /** The last sequence that was looked at. */
  #newest = 0
  #done = false
  #closed = false
  #growing = false
  #growAgain = false
  #stop: () => void = () => undefined

  constructor(options: SearchOptions) {
    this.#options = options
    this.#pace = new Pace(paceMs, () => options.onChanged(this.state()))
    try {
      parseFilter(options.query)
    } catch (error) {
      if (!(error instanceof FilterError)) throw error
      const { message, offset, suggestion } = error
      this.#problem = suggestion === undefined ? { message, offset } : { message, offset, suggestion }
      this.#done = true
    }
  }

  /** Begins; resolves with the first matches, so that rows can be shown at once. */
  async begin(): Promise<SearchState> {
    if (!this.#problem) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, patienceMs)
        this.#searchAll(() => {
          clearTimeout(timer)
          resolve()
        })
      })
    }
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
    if (this.#problem || this.#closed) return
    if (this.#growing) this.#growAgain = true
    else void this.#grow()
  }

  /** Something was deleted by a person: begins again. */
  restart(): void {
    if (!this.#problem && !this.#closed) this.#searchAll()
  }

  close(): void {
    this.#closed = true
    this.#stop()
    this.#pace.stop()
  }

  async #grow(): Promise<void> {
    this.#growing = true
    const after = this.#newest
    const result = await this.#options.searcher.since(this.#options.query, after)
    this.#growing = false
    // A search that began again meanwhile has looked at these itself.
    if (this.#closed || after !== this.#newest) return
    if (result) {
      for (const sequence of result.list) this.#fresh.push(sequence)
      this.#newest = Math.max(this.#newest, result.newest)
      this.#forgetDeleted()
    }
    // Also without a new match: an exchange that was open may have ended, and its row says more than before.
    this.#pace.ask()
    if (!this.#growAgain) return
    this.#growAgain = false
    void this.#grow()
  }

  #searchAll(onFirst: () => void = () => undefined): void {
    const { captures, searcher, query, order } = this.#options
    this.#stop()
    this.#found = []
    this.#fresh = []
    this.#done = false
    this.#newest = captures.list({ limit: 1 })[0]?.sequence ?? 0
    const ask = { query, order, before: this.#newest + 1 }
    this.#stop = searcher.search(ask, {
      found: (list) => {
        for (const sequence of list) this.#found.push(sequence)
        this.#pace.ask()
        onFirst()
      },
      done: (_newest, problem) => {
        if (this.#closed) return
        this.#done = true
        if (problem !== undefined) this.#problem = { message: problem, offset: 0 }
        this.#pace.ask()
        onFirst()
      },
    })
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

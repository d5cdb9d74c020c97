import type { ExchangeRecord } from '../capture/record.ts'
import { Rates } from './rates.ts'

/** How much goes on. Says so when it changes, also when it falls because nothing happens any more. */
export class Activity {
  readonly #rates = new Rates()
  readonly #recorded: (now: number) => number
  readonly #changed: () => void
  #timer: NodeJS.Timeout | undefined
  #told = ''

  /** `recorded`: exchanges in the capture. `changed` is called once a second at most. */
  constructor(recorded: (now: number) => number, changed: () => void) {
    this.#recorded = recorded
    this.#changed = changed
  }

  count({ verdict }: Pick<ExchangeRecord, 'verdict'>): void {
    this.#rates.count(Date.now(), verdict === 'deny' || verdict === 'refused')
    this.#timer ??= setInterval(() => this.#tick(), 1000).unref()
  }

  at(now: number): { requestsPerSecond: number; deniedLastMinute: number } {
    return {
      requestsPerSecond: this.#rates.requestsPerSecond(now),
      deniedLastMinute: this.#rates.deniedLastMinute(now),
    }
  }

  stop(): void {
    clearInterval(this.#timer)
    this.#timer = undefined
  }

  /** Runs while something happened in the last minute. */
  #tick(): void {
    const now = Date.now()
    const { requestsPerSecond, deniedLastMinute } = this.at(now)
    const told = `${requestsPerSecond} ${deniedLastMinute} ${this.#recorded(now)}`
    if (told !== this.#told) this.#changed()
    this.#told = told
    if (requestsPerSecond === 0 && deniedLastMinute === 0) this.stop()
  }
}

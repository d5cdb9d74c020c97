import type { ExchangeRecord } from '../capture/record.ts'

const latestKept = 512
const patienceMs = 2000

/** What was decided about an exchange, with the port that it came from. */
export interface SentExchange {
  port: number
  id: string
  verdict: string
  status: number
  startedAt: number
  decidedBy: string | undefined
  code: string | undefined
}

/** The last exchanges of a gateway, to find those that were sent from here. */
export class SentExchanges {
  readonly #latest: SentExchange[] = []
  readonly #awaited = new Map<number, () => void>()
  #at = 0

  note({ peer, id, verdict, status, startedAt, decidedBy, code }: ExchangeRecord): void {
    this.#latest[this.#at++ % latestKept] = { port: peer.port, id, verdict, status, startedAt, decidedBy, code }
    if (this.#awaited.size > 0) this.#awaited.get(peer.port)?.()
  }

  /** As many exchanges that came from a port, oldest first; fewer when they do not come within two seconds. */
  from(port: number, count: number): Promise<SentExchange[]> {
    const found = () => this.#latest.filter((one) => one.port === port).sort((a, b) => (a.id < b.id ? -1 : 1))
    if (found().length >= count) return Promise.resolve(found())
    return new Promise((resolve) => {
      const settle = () => {
        clearTimeout(timer)
        this.#awaited.delete(port)
        resolve(found())
      }
      const timer = setTimeout(settle, patienceMs)
      this.#awaited.set(port, () => {
        if (found().length >= count) settle()
      })
    })
  }
}

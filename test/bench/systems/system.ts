import type { Issuer } from '../identity.ts'
import type { Running } from '../processes.ts'

/** What every system gets to be started with. */
export interface Setting {
  /** A scratch folder of its own. */
  folder: string
  upstreamPort: number
  issuer: Issuer
  /** Requests that one client may send in a minute. */
  limit: number
}

/** A gateway in one scenario. */
export interface System {
  name: string
  start(setting: Setting): Promise<Running>
}

/** A limit that is counted and compared for each request and never reached. */
export const neverReached = 100_000_000

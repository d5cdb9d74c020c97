import type { Interception } from '../capture/record.ts'
import type { Instead } from './holds.ts'

/** What is known of an exchange that was stopped before it was routed: it keeps its id and its time. */
export interface Origin {
  readonly id: string
  /** Milliseconds since the epoch. */
  readonly startedAt: number
  readonly startMicros: number
  readonly interception?: Interception | undefined
  /** What happens in the place of the call to the upstream. */
  readonly instead?: Instead | undefined
  /** The request goes out byte by byte as it was written, with this body. */
  readonly exact?: Uint8Array | undefined
}

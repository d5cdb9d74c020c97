import type { BodyPart } from '../../gateway-core/protocol/types.ts'
import { bytesOf } from '../ui/bytes.ts'

/** What is here of a body. */
export interface Loaded {
  bytes: Uint8Array
  available: number
  problem?: string
}

/** Most bytes that one call may ask for. */
const mostAtOnce = 1024 * 1024

/**
 * Reads a body from what is known of it until `until` bytes are here, or all there are: one part after the other, each no
 * larger than a call may ask for. `take` gets all that is here after each; it says whether anybody still waits.
 */
export async function readParts(
  known: Loaded | undefined,
  until: number,
  ask: (from: number, length: number) => Promise<BodyPart>,
  take: (loaded: Loaded) => boolean,
): Promise<void> {
  let here = known
  for (;;) {
    const from = here?.bytes.length ?? 0
    if (here && (from >= until || from >= here.available)) return
    const part = await ask(from, Math.min(until - from, mostAtOnce))
    const bytes = bytesOf(part.bytes)
    const all = new Uint8Array(from + bytes.length)
    if (here) all.set(here.bytes)
    all.set(bytes, from)
    here = { bytes: all, available: part.available, ...(part.problem && { problem: part.problem }) }
    if (!take(here) || bytes.length === 0) return
  }
}

import type { CaptureRecorder } from '../capture/recorder.ts'
import type { Workspace } from '../config/workspace.ts'
import type { MemoryState } from '../pipeline/memory-state.ts'
import type { Timeline } from '../pipeline/timeline.ts'

/** How often one looks whether enough was recorded since the last time, in ms. */
const lookMs = 1000
/** Exchanges between two copies of a small state, and so many for each entry. */
const exchanges = 1000
const exchangesPerEntry = 10
/** A state of more entries is copied once an hour: requests wait for a copy, a few µs for each entry. */
const smallState = 5000
const hourMs = 3_600_000

interface Kept {
  state: MemoryState
  timeline: Timeline
  recorder: CaptureRecorder
  /** In force. */
  workspace: () => Workspace
}

/**
 * Keeps in the capture what counters hold: when the gateway begins, when a revision comes into force, and every thousand
 * exchanges. Judging again begins with the last state before the oldest exchange that is left, and not with empty counters.
 */
export class StateKeeper {
  readonly #kept: Kept
  readonly #timer: NodeJS.Timeout
  #recorded = 0
  #at = 0

  constructor(kept: Kept) {
    this.#kept = kept
    this.#save(true)
    this.#timer = setInterval(() => this.#look(), lookMs)
    this.#timer.unref()
  }

  /** A revision came into force. */
  reloaded(): void {
    this.#save(false)
  }

  close(): void {
    clearInterval(this.#timer)
  }

  #look(): void {
    const { recorder, state } = this.#kept
    const since = recorder.counts.recorded - this.#recorded
    const due = state.size > smallState ? Infinity : Math.max(exchanges, state.size * exchangesPerEntry)
    if (since >= due || (since > 0 && Date.now() - this.#at >= hourMs)) this.#save(false)
  }

  #save(start: boolean): void {
    const { state, timeline, recorder, workspace } = this.#kept
    const time = timeline.now()
    const place = timeline.next()
    const covers = countingIds(workspace())
    const { entries } = state.snapshot(time, covers)
    this.#recorded = recorder.counts.recorded
    this.#at = time
    recorder.saveState({ place, time, start, covers, entries })
  }
}

/** State ids of the policies in force that count. */
function countingIds({ unrouted, routes }: Workspace): string[] {
  const ids = new Set<string>()
  for (const { instances } of [unrouted, ...routes.map(({ plan }) => plan)]) {
    for (const { stateId, policy } of instances) if (policy.countsIn?.length) ids.add(stateId)
  }
  return [...ids]
}

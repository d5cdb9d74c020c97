import { stateAtMark, stateMarks } from '../capture/saved-states.ts'
import type { CaptureDatabase } from '../capture/schema.ts'
import type { WorkspaceKey } from '../config/workspace-key.ts'
import type { KnownState } from './cold-state.ts'

/**
 * What a capture tells of counters. `first`: sequence of the oldest exchange that is left. Everything that counted before a
 * state is in it; so with the first one behind all that was deleted, nothing is missing. The one before that is nearer than
 * an empty one, and later beginnings of a gateway tell that what is not durable was gone.
 */
export function knownStates(db: CaptureDatabase, key: WorkspaceKey | undefined, first: number): KnownState[] {
  const marks = stateMarks(db)
  const exact = marks.findIndex(({ after }) => after >= first - 1)
  const from = exact === -1 ? marks.length - 1 : Math.max(0, exact - 1)
  const known: KnownState[] = []
  for (const [at, { place, time, start }] of marks.entries()) {
    if (at < from) continue
    const held = at === exact || (exact === -1 ? at === from : at < exact) ? stateAtMark(db, key, place) : undefined
    if (held) known.push({ place, time, held: { ...held, exact: at === exact } })
    else if (start) known.push({ place, time })
  }
  return known
}

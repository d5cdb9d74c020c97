import type { WorkspaceKey } from '../config/workspace-key.ts'
import type { StateSnapshot } from '../pipeline/state.ts'
import type { CaptureDatabase } from './schema.ts'

/** What counters held at one place of the global order. */
export interface SavedState {
  /** The operations of the places before it are in, those behind it are not. */
  place: number
  /** Milliseconds since the epoch. */
  time: number
  /** A gateway began here. */
  start: boolean
  /** State ids that were in force: one without entries held nothing. */
  covers: readonly string[]
  entries: StateSnapshot['entries']
}

/** A saved state without what it holds. `after`: sequence of the last exchange that was recorded before it. */
export type StateMark = Pick<SavedState, 'place' | 'time' | 'start'> & { after: number }

/**
 * What is kept of a state. A remembered text (a session, an answer) may be a credential, which nobody may find in the capture
 * for longer than other secrets: its instance is left out, and begins empty.
 */
export function savable(state: SavedState): SavedState {
  const texts = new Set(state.entries.filter(({ value }) => isText(value)).map(({ stateId }) => stateId))
  if (texts.size === 0) return state
  return {
    ...state,
    covers: state.covers.filter((id) => !texts.has(id)),
    entries: state.entries.filter(({ stateId }) => !texts.has(stateId)),
  }
}

/** As `MemoryState` writes it: `[expiresAt, 's', text]`. */
function isText(value: unknown): boolean {
  return Array.isArray(value) && value[1] === 's'
}

/** Sealed as a whole: keys name callers and hold values of claims, which a workspace may mask. Inside a transaction. */
export function insertState(db: CaptureDatabase, key: WorkspaceKey, state: SavedState, after: number): void {
  const { place, time, start, covers, entries } = state
  const value = key.seal(Buffer.from(JSON.stringify({ covers, entries })))
  db.prepare('INSERT OR REPLACE INTO states VALUES (?, ?, ?, ?, ?)').run([place, time, start ? 1 : 0, after, value])
}

/** In the order of their places. */
export function stateMarks(db: CaptureDatabase): StateMark[] {
  const sql = 'SELECT place, time, start, last_seq AS after FROM states ORDER BY place'
  const rows = db.prepare(sql).all([]) as (Omit<StateMark, 'start'> & { start: number })[]
  return rows.map(({ place, time, start, after }) => ({ place, time, start: start === 1, after }))
}

/** What a state holds; undefined when it is gone, or was sealed under another key. */
export function stateAtMark(
  db: CaptureDatabase,
  key: WorkspaceKey | undefined,
  place: number,
): Pick<SavedState, 'covers' | 'entries'> | undefined {
  const row = db.prepare('SELECT value FROM states WHERE place = ?').get([place]) as { value: Uint8Array } | undefined
  const plain = row && key?.open(new Uint8Array(row.value))
  return plain && (JSON.parse(Buffer.from(plain).toString('utf8')) as Pick<SavedState, 'covers' | 'entries'>)
}

/** Deletes states that no exchange is left behind, but for the last one before the oldest exchange. Inside a transaction. */
export function deleteOldStates(db: CaptureDatabase): void {
  db.exec(`DELETE FROM states WHERE place < (
    SELECT max(place) FROM states WHERE last_seq < (SELECT min(seq) FROM exchanges)
  )`)
}

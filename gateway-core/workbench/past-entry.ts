import { type LimiterCell, newCell, spend } from '../pipeline/limiters.ts'
import type { PolicyInstance } from '../pipeline/plan.ts'
import type { LimitOperation } from '../pipeline/state.ts'
import type { PastEntry } from '../protocol/what-if.ts'
import type { StateEntryAt } from '../rejudge/state-at.ts'

/** What a policy held under one key at a moment, as people read it: how much of how much, and when it begins anew. */
export function pastEntry(held: StateEntryAt, time: number, now?: PolicyInstance): PastEntry {
  const { policy, stateId, type, key, holds, expiresAt } = held
  const place = now && { file: now.position.file, line: now.position.line }
  const entry: PastEntry = { policy, type, key: key.replaceAll('\n', ', '), holds: '', expiresAt, ...place }
  // A configuration that changed since says nothing about the limits of then.
  const prepared = now?.stateId === stateId ? (now.prepared as Prepared) : undefined
  switch (holds.kind) {
    case 'limiter': {
      const { algorithm, used, before, since } = holds
      const cell = { algorithm, at: since, used, before } as LimiterCell
      const standing =
        prepared?.operation?.op === 'limit' ? standingOf(cell, { ...prepared.operation, key }, time) : undefined
      return { ...entry, holds: algorithm, ...standing }
    }
    case 'count':
      return {
        ...entry,
        holds: 'count',
        used: holds.count,
        ...(typeof prepared?.limit === 'number' && { limit: prepared.limit }),
      }
    case 'value':
      return { ...entry, holds: holds.value }
    case 'seen':
      return { ...entry, holds: 'seen' }
  }
}

/** What limiters and quotas prepare; other policies have neither. */
interface Prepared {
  readonly operation?: Omit<LimitOperation, 'key'>
  readonly limit?: unknown
}

/** Asked of the limiter itself, at no cost: what is left of what there is when nothing was used. */
function standingOf(
  cell: LimiterCell,
  operation: LimitOperation,
  time: number,
): Pick<PastEntry, 'used' | 'limit' | 'expiresAt'> {
  const look = { ...operation, cost: 0 }
  const limit = spend(newCell(cell.algorithm, time), look, time).remaining
  const { remaining, resetMs } = spend({ ...cell }, look, time)
  return { used: Math.max(0, limit - remaining), limit, expiresAt: time + resetMs }
}

import type { TraceEntry } from '../pipeline/outcome.ts'

/**
 * What one step came to, in one word: `pass`, `deny:ROLE_NOT_ALLOWED`, `would-deny:LIMIT_REACHED`, `skipped` (its
 * condition was false), `not-reached` (an earlier policy had decided). Coverage counts by it, and the field `step` of the
 * query language finds it.
 */
export function stepOutcome({ verdict, code, reason }: Pick<TraceEntry, 'verdict' | 'code' | 'reason'>): string {
  if (code !== undefined) return `${verdict}:${code}`
  return verdict === 'skipped' && reason === 'not reached' ? 'not-reached' : verdict
}

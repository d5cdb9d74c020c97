import { type DecisionChange, relationWords } from '../protocol/replay-reports.ts'
import type { ReplayedExchange } from '../replay/replay-capture.ts'
import type { JunitCase } from './junit.ts'

/** Status, policy and code of a decision, or why there is none. */
export function shownDecision({ status, policy, code, problem }: DecisionChange['after']): string {
  return problem ?? [status, policy, code].filter(Boolean).join(' ')
}

/** A recorded exchange that was sent again as a case of a report: it fails where its decision changed. */
export function exchangeCase(file: string, result: ReplayedExchange): JunitCase {
  const { id, request } = result.recorded
  const query = request.query === '' ? '' : `?${request.query}`
  const one = { file, name: `${request.method} ${request.path}${query} (${id})` }
  if ('leftOut' in result) return { ...one, wrong: { kind: 'skipped', type: 'left out', lines: [result.leftOut] } }
  const { change, milliseconds } = result
  const { relation, before, after, now } = change
  if (relation === 'same') return { ...one, milliseconds }
  const type = relationWords[relation]
  const lines = [
    `${type}: ${shownDecision(before)} → ${shownDecision(after)}`,
    `recorded as ${id}`,
    ...(now === undefined ? [] : [`now recorded as ${now}`]),
  ]
  return { ...one, milliseconds, wrong: { kind: relation === 'failed' ? 'error' : 'failure', type, lines } }
}

import { describe, expect, it } from 'vitest'
import { newCell, spend } from '../../gateway-core/pipeline/limiters.ts'
import type { PolicyInstance } from '../../gateway-core/pipeline/plan.ts'
import { limitAlgorithms, type LimitOperation } from '../../gateway-core/pipeline/state.ts'
import { pastEntry } from '../../gateway-core/workbench/past-entry.ts'

const begin = 1_763_780_000_000
const held = {
  policy: 'api:a/limit',
  stateId: 'api:a/limit#1',
  type: 'rate-limiting',
  key: 'ip:10.0.0.1',
  expiresAt: 9,
}
const instance = (prepared: unknown, stateId = 'api:a/limit#1') =>
  ({ stateId, prepared, position: { file: 'gatehouse.yaml', line: 7, column: 3 } }) as PolicyInstance

describe('what was held at a moment', () => {
  it.each(limitAlgorithms)('is what the limiter itself says: %s', (algorithm) => {
    const operation: LimitOperation = {
      op: 'limit',
      algorithm,
      key: 'ip:10.0.0.1',
      limit: 10,
      windowMs: 60_000,
      burst: 4,
      cost: 1,
      countDenied: false,
    }
    const cell = newCell(algorithm, begin)
    for (let at = 0; at < 3; at++) spend(cell, operation, begin + at * 10)
    const time = begin + 25_000
    const holds = { kind: 'limiter', algorithm, used: cell.used, before: cell.before, since: cell.at } as const
    const answer = spend({ ...cell }, { ...operation, cost: 0 }, time)
    const { used, limit, expiresAt, file, line } = pastEntry({ ...held, holds }, time, instance({ operation }))
    expect(limit).toBe(algorithm === 'leaky-bucket' ? 5 : 14)
    expect(limit! - used!).toBe(answer.remaining)
    expect(expiresAt).toBe(time + answer.resetMs)
    expect([file, line]).toEqual(['gatehouse.yaml', 7])
  })

  it('is a count of a quota', () => {
    const holds = { kind: 'count', count: 7 } as const
    expect(pastEntry({ ...held, key: 'a\nb', holds }, begin, instance({ limit: 50 }))).toMatchObject({
      key: 'a, b',
      used: 7,
      limit: 50,
      expiresAt: 9,
    })
  })

  it('has no limit where the configuration is another one now, or is gone', () => {
    const holds = { kind: 'count', count: 7 } as const
    expect(pastEntry({ ...held, holds }, begin, instance({ limit: 50 }, 'api:a/limit#2'))).not.toHaveProperty('limit')
    expect(pastEntry({ ...held, holds }, begin)).toEqual({
      policy: held.policy,
      type: held.type,
      key: held.key,
      holds: 'count',
      used: 7,
      expiresAt: 9,
    })
  })

  it('is the text of a session, or that something was seen', () => {
    expect(pastEntry({ ...held, holds: { kind: 'value', value: 'x' } }, begin).holds).toBe('x')
    expect(pastEntry({ ...held, holds: { kind: 'seen' } }, begin).holds).toBe('seen')
  })
})

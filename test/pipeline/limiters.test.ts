import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { expiryOf, newCell, spend } from '../../gateway-core/pipeline/limiters.ts'
import { limitAlgorithms, type LimitAlgorithm, type LimitOperation } from '../../gateway-core/pipeline/state.ts'

function operation(algorithm: LimitAlgorithm, more: Partial<LimitOperation> = {}): LimitOperation {
  const base = { op: 'limit', key: 'k', limit: 10, windowMs: 10_000, burst: 0, cost: 1, countDenied: false } as const
  return { ...base, algorithm, ...more }
}

/** Fifteen requests, one a millisecond, from each of the given seconds; how many of each group were admitted. */
function admitted(op: LimitOperation, seconds: readonly number[]): number[] {
  const cell = newCell(op.algorithm, 0)
  return seconds.map((second) => {
    let count = 0
    for (let nth = 0; nth < 15; nth += 1) if (spend(cell, op, second * 1000 + nth).allowed) count += 1
    return count
  })
}

describe('what engines do with 10 in 10 s and 15 requests at 0, 6, 11 and 17 s', () => {
  const table: [engine: string, LimitOperation, number[]][] = [
    ['nginx rate=1r/s burst=9 nodelay', operation('leaky-bucket', { burst: 9 }), [10, 6, 5, 6]],
    ['HAProxy http_req_rate(10s) gt 10', operation('sliding-window', { countDenied: true }), [10, 0, 0, 0]],
    ['HAProxy counting only what it admits', operation('sliding-window'), [10, 0, 2, 6]],
    ['fixed window from the first request', operation('fixed-window'), [10, 0, 10, 0]],
    ['token bucket', operation('token-bucket'), [10, 6, 5, 6]],
    ['Apigee SpikeArrest 1ps', operation('leaky-bucket'), [1, 1, 1, 1]],
  ]
  it.each(table)('%s', (_engine, op, expected) => {
    expect(admitted(op, [0, 6, 11, 17])).toEqual(expected)
  })
})

/** Slow and plain: each algorithm told again as a list of what was counted when. */
function reference(op: LimitOperation) {
  const counted: { at: number; cost: number }[] = []
  let windowStart: number | undefined
  let level = 0n
  let leveledAt = 0
  const room = op.algorithm === 'leaky-bucket' ? (op.limit > 0 ? 1 + op.burst : 0) : op.limit + op.burst
  const sum = (from: number, to: number) =>
    counted.filter(({ at }) => at >= from && at < to).reduce((total, { cost }) => total + cost, 0)
  return (now: number, cost: number): boolean => {
    if (op.algorithm === 'fixed-window' || op.algorithm === 'sliding-window') {
      const lives = op.algorithm === 'fixed-window' ? 1 : 2
      if (windowStart === undefined || now >= windowStart + lives * op.windowMs) windowStart = now
      else if (now >= windowStart + op.windowMs) windowStart += op.windowMs
      const before = BigInt(sum(windowStart - op.windowMs, windowStart))
      const rest = BigInt(windowStart + op.windowMs - now - 1)
      const carried = op.algorithm === 'fixed-window' ? 0n : (before * rest) / BigInt(op.windowMs)
      const allowed = sum(windowStart, windowStart + op.windowMs) + Number(carried) + cost <= room
      if (allowed || op.countDenied) counted.push({ at: now, cost })
      return allowed
    }
    const drained = level - BigInt(op.limit) * BigInt(now - leveledAt)
    level = drained > 0n ? drained : 0n
    leveledAt = now
    const weight = BigInt(cost) * BigInt(op.windowMs)
    const capacity = BigInt(room) * BigInt(op.windowMs)
    const allowed = level + weight <= capacity
    if (allowed) level += weight
    else if (op.countDenied) level = level + weight < 2n * capacity ? level + weight : 2n * capacity
    return allowed
  }
}

const operations = fc.record({
  algorithm: fc.constantFrom(...limitAlgorithms),
  limit: fc.integer({ min: 1, max: 12 }),
  burst: fc.integer({ min: 0, max: 5 }),
  windowMs: fc.integer({ min: 1, max: 3000 }),
  countDenied: fc.boolean(),
})
const arrivals = fc.array(fc.tuple(fc.integer({ min: 0, max: 2500 }), fc.integer({ min: 1, max: 4 })), {
  maxLength: 60,
})

describe('every algorithm', () => {
  it('admits exactly what its plain telling admits', () => {
    fc.assert(
      fc.property(operations, arrivals, (settings, steps) => {
        const op = operation(settings.algorithm, settings)
        const cell = newCell(op.algorithm, 0)
        const plain = reference({ ...op })
        let now = 0
        spend(cell, { ...op, cost: 0 }, 0)
        plain(0, 0)
        for (const [pause, cost] of steps) {
          now += pause
          expect(spend(cell, { ...op, cost }, now).allowed).toBe(plain(now, cost))
        }
      }),
    )
  })

  it('says in retryAfterMs the least wait after which the same request is admitted', () => {
    fc.assert(
      fc.property(operations, arrivals, (settings, steps) => {
        const op = operation(settings.algorithm, settings)
        const cell = newCell(op.algorithm, 0)
        let now = 0
        for (const [pause, wanted] of steps) {
          now += pause
          const room = op.algorithm === 'leaky-bucket' ? 1 + op.burst : op.limit + op.burst
          const cost = Math.min(wanted, room)
          const answer = spend(cell, { ...op, cost }, now)
          if (answer.allowed) continue
          expect(answer.retryAfterMs).toBeGreaterThan(0)
          expect(spend({ ...cell }, { ...op, cost }, now + answer.retryAfterMs).allowed).toBe(true)
          expect(spend({ ...cell }, { ...op, cost }, now + answer.retryAfterMs - 1).allowed).toBe(false)
        }
      }),
    )
  })

  it('is like new at its expiry, and the whole limit is there again after resetMs', () => {
    fc.assert(
      fc.property(operations, arrivals, (settings, steps) => {
        const op = operation(settings.algorithm, settings)
        const cell = newCell(op.algorithm, 0)
        let now = 0
        for (const [pause, cost] of steps) {
          now += pause
          const answer = spend(cell, { ...op, cost }, now)
          const room = op.algorithm === 'leaky-bucket' ? 1 + op.burst : op.limit + op.burst
          expect(spend({ ...cell }, { ...op, cost: 0 }, now + answer.resetMs).remaining).toBe(room)
          const late = Math.max(now, expiryOf(cell, op))
          const old = { ...cell }
          const fresh = newCell(op.algorithm, late)
          expect(spend(old, op, late)).toEqual(spend(fresh, op, late))
          expect(old).toEqual(fresh)
        }
      }),
    )
  })

  it.each(limitAlgorithms)('%s: hostile numbers neither throw nor open the limit', (algorithm) => {
    for (const limit of [Number.NaN, 0, -1, Number.POSITIVE_INFINITY, 1e308, Number.MAX_SAFE_INTEGER]) {
      for (const windowMs of [Number.NaN, 0, -5, Number.POSITIVE_INFINITY, 1e308]) {
        const cell = newCell(algorithm, 0)
        const answer = spend(cell, operation(algorithm, { limit, windowMs }), 5)
        expect(answer.allowed).toBe(limit > 0)
        for (const value of Object.values(answer)) expect(Number.isNaN(value)).toBe(false)
        expect(Number.isFinite(answer.retryAfterMs)).toBe(true)
      }
    }
  })

  it.each(limitAlgorithms)('%s: a cost of nothing looks without taking', (algorithm) => {
    const cell = newCell(algorithm, 0)
    const op = operation(algorithm, { burst: 2 })
    spend(cell, op, 0)
    const before = { ...cell }
    const looked = spend(cell, { ...op, cost: 0 }, 0)
    expect(cell).toEqual(before)
    expect(looked.remaining).toBe(algorithm === 'leaky-bucket' ? 2 : 11)
  })

  it.each(['token-bucket', 'leaky-bucket'] as const)(
    '%s: the debt of denied requests is at most one bucket',
    (algorithm) => {
      const cell = newCell(algorithm, 0)
      const op = operation(algorithm, { burst: 4, countDenied: true })
      for (let nth = 0; nth < 1000; nth += 1) spend(cell, op, 0)
      const room = algorithm === 'leaky-bucket' ? 5 : 14
      expect(spend(cell, { ...op, cost: 0 }, 0).resetMs).toBe(2 * room * 1000)
    },
  )
})

import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MemoryState } from '../../gateway-core/pipeline/memory-state.ts'
import type { LimitAlgorithm, LimitOperation } from '../../gateway-core/pipeline/state.ts'
import { play, stateStoreContract, timedOperations } from './state-store-contract.ts'

stateStoreContract('memory', () => new MemoryState())
stateStoreContract('memory, as small as the operations fill', () => new MemoryState({ perInstance: 4, total: 8 }))

const limit = (key: string, algorithm: LimitAlgorithm = 'token-bucket', limit = 2): LimitOperation => ({
  op: 'limit',
  algorithm,
  key,
  limit,
  windowMs: 60_000,
  burst: 0,
  cost: 1,
  countDenied: false,
})

describe('the bounds of memory state', () => {
  it('a small store answers like a large one while nothing has to go', async () => {
    await fc.assert(
      fc.asyncProperty(timedOperations, async (steps) => {
        expect(await play(new MemoryState({ perInstance: 5, total: 20 }), steps)).toEqual(
          await play(new MemoryState(), steps),
        )
      }),
    )
  })

  it('holds no more than its bounds, whatever keys arrive', () => {
    const state = new MemoryState({ perInstance: 50, total: 120 })
    for (let nth = 0; nth < 5000; nth += 1) {
      state.apply(`policy-${nth % 7}`, limit(`key-${nth}`), nth)
      expect(state.size).toBeLessThanOrEqual(120)
    }
  })

  it('a flood of new keys does not free a key that is locked out', () => {
    const state = new MemoryState({ perInstance: 100 })
    state.apply('p', limit('victim'), 0)
    state.apply('p', limit('victim'), 0)
    expect(state.apply('p', limit('victim'), 0).allowed).toBe(false)
    for (let nth = 0; nth < 1000; nth += 1) state.apply('p', limit(`flood-${nth}`), 10)
    expect(state.apply('p', limit('victim'), 20).allowed).toBe(false)
  })

  it('a flood on one instance leaves the others alone', () => {
    const state = new MemoryState({ perInstance: 1000, total: 1000 })
    for (let nth = 0; nth < 20; nth += 1) state.apply('quiet', limit(`quiet-${nth}`, 'fixed-window', 1), 0)
    for (let nth = 0; nth < 5000; nth += 1) state.apply('loud', limit(`loud-${nth}`, 'fixed-window', 1), 1)
    for (let nth = 0; nth < 20; nth += 1) {
      expect(state.apply('quiet', limit(`quiet-${nth}`, 'fixed-window', 1), 2).allowed).toBe(false)
    }
  })

  it('a full instance refuses new nonces rather than forget one that is still valid', () => {
    const state = new MemoryState({ perInstance: 3 })
    const once = (key: string, now: number, expiresAt = 100) => state.apply('p', { op: 'once', key, expiresAt }, now)
    expect(['a', 'b', 'c'].map((key) => once(key, 0))).toEqual([true, true, true])
    expect(once('d', 0)).toBe(false)
    for (let nth = 0; nth < 20; nth += 1) state.apply('p', { op: 'put', key: `v${nth}`, value: 'x', expiresAt: 99 }, 0)
    expect(once('a', 50)).toBe(false)
    expect(once('d', 100, 200)).toBe(true)
  })

  it('bounds the characters that values hold', () => {
    const state = new MemoryState({ textPerInstance: 100 })
    for (let nth = 0; nth < 10; nth += 1) {
      state.apply('p', { op: 'put', key: `v${nth}`, value: 'x'.repeat(30), expiresAt: 1000 + nth }, 0)
    }
    const kept = Array.from({ length: 10 }, (_, nth) => state.apply('p', { op: 'get', key: `v${nth}` }, 0))
    expect(kept.filter((value) => value !== null)).toHaveLength(3)
    state.apply('p', { op: 'put', key: 'big', value: 'x'.repeat(101), expiresAt: 1000 }, 0)
    expect(state.apply('p', { op: 'get', key: 'big' }, 0)).toBe(null)
  })

  it('keeps long keys apart without keeping them', () => {
    const state = new MemoryState()
    const long = 'x'.repeat(100_000)
    state.apply('p', limit(`${long}1`, 'fixed-window', 1), 0)
    expect(state.apply('p', limit(`${long}1`, 'fixed-window', 1), 0).allowed).toBe(false)
    expect(state.apply('p', limit(`${long}2`, 'fixed-window', 1), 0).allowed).toBe(true)
    expect(JSON.stringify(state.snapshot(0)).length).toBeLessThan(1000)
  })

  it('forgets what has expired without a timer', () => {
    const state = new MemoryState()
    for (let nth = 0; nth < 1000; nth += 1) state.apply('p', limit(`old-${nth}`), 0)
    for (let nth = 0; nth < 1000; nth += 1) state.apply('p', limit('one'), 120_000)
    expect(state.size).toBe(1)
  })
})

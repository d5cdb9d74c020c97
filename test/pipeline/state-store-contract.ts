import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  limitAlgorithms,
  type LimitOperation,
  type StateOperation,
  type StateStore,
} from '../../gateway-core/pipeline/state.ts'

export interface TimedOperation {
  stateId: string
  operation: StateOperation
  /** Milliseconds since the operation before; negative when the clock was set back. */
  pause: number
}

const keys = fc.constantFrom('a', 'b', 'c', '__proto__', '')
const limits = fc.record({
  op: fc.constant('limit' as const),
  algorithm: fc.constantFrom(...limitAlgorithms),
  key: keys,
  limit: fc.integer({ min: 0, max: 5 }),
  windowMs: fc.integer({ min: 1, max: 2000 }),
  burst: fc.integer({ min: 0, max: 3 }),
  cost: fc.integer({ min: 0, max: 3 }),
  countDenied: fc.boolean(),
})

/** Random operations with random pauses; the absolute times in them lie around the time of the operation. */
export const timedOperations: fc.Arbitrary<TimedOperation[]> = fc
  .array(
    fc.record({
      stateId: fc.constantFrom('one', 'two'),
      pause: fc.oneof({ weight: 8, arbitrary: fc.integer({ min: 0, max: 1500 }) }, fc.integer({ min: -5000, max: 0 })),
      life: fc.integer({ min: -100, max: 3000 }),
      kind: fc.oneof(
        limits,
        fc.record({
          op: fc.constant('count' as const),
          key: keys,
          by: fc.integer({ min: -2, max: 3 }),
          limit: fc.option(fc.integer({ min: 0, max: 6 }), { nil: undefined }),
        }),
        fc.record({ op: fc.constant('put' as const), key: keys, value: fc.string() }),
        fc.record({ op: fc.constant('get' as const), key: keys }),
        fc.record({ op: fc.constant('once' as const), key: keys }),
      ),
    }),
    { maxLength: 80 },
  )
  .map((steps) => {
    let now = 1_000_000
    return steps.map(({ stateId, pause, life, kind }) => {
      now += pause
      const until =
        kind.op === 'count'
          ? { resetAt: now + life }
          : kind.op === 'put' || kind.op === 'once'
            ? { expiresAt: now + life }
            : {}
      return { stateId, pause, operation: { ...kind, ...until } as StateOperation }
    })
  })

/** Applies them one after the other and gives back every answer. */
export async function play(store: StateStore, steps: readonly TimedOperation[], start = 1_000_000): Promise<unknown[]> {
  const answers: unknown[] = []
  let now = start
  for (const { stateId, operation, pause } of steps) {
    now += pause
    answers.push(await store.apply(stateId, operation, now))
  }
  return answers
}

const limit = (more: Partial<LimitOperation> = {}): LimitOperation => ({
  op: 'limit',
  algorithm: 'fixed-window',
  key: 'k',
  limit: 2,
  windowMs: 1000,
  burst: 0,
  cost: 1,
  countDenied: false,
  ...more,
})

/** What every store of state promises, whether it lives in memory or is shared. */
export function stateStoreContract(name: string, make: () => StateStore): void {
  describe(`state store: ${name}`, () => {
    it('gives the same answers to the same operations at the same times', async () => {
      await fc.assert(
        fc.asyncProperty(timedOperations, async (steps) => {
          expect(await play(make(), steps)).toEqual(await play(make(), steps))
        }),
      )
    })

    it('goes on from a snapshot, written as JSON, as if nothing had happened', async () => {
      await fc.assert(
        fc.asyncProperty(timedOperations, timedOperations, async (before, after) => {
          const original = make()
          await play(original, before)
          const now = 1_000_000 + before.reduce((total, step) => total + step.pause, 0)
          const copy = make()
          copy.restore(JSON.parse(JSON.stringify(original.snapshot(now))))
          expect(copy.snapshot(now)).toEqual(original.snapshot(now))
          expect(await play(copy, after, now)).toEqual(await play(original, after, now))
        }),
      )
    })

    it('goes on from a snapshot also where the clock was set back since', async () => {
      const original = make()
      const copy = make()
      copy.restore(JSON.parse(JSON.stringify(original.snapshot(1_000_000))))
      for (const store of [original, copy]) {
        await store.apply('one', { op: 'count', key: 'a', by: 0, resetAt: 999_999 }, 999_999)
        await store.apply('one', { op: 'put', key: 'b', value: 'x', expiresAt: 1_000_129 }, 999_999)
      }
      const read = { op: 'get', key: 'b' } as const
      expect(await copy.apply('one', read, 1_000_129)).toEqual(await original.apply('one', read, 1_000_129))
    })

    it('keeps instances and keys apart', async () => {
      const store = make()
      await store.apply('one', limit(), 0)
      await store.apply('one', limit(), 0)
      expect(await store.apply('one', limit(), 0)).toMatchObject({ allowed: false })
      expect(await store.apply('two', limit(), 0)).toMatchObject({ allowed: true })
      expect(await store.apply('one', limit({ key: '__proto__' }), 0)).toMatchObject({ allowed: true, remaining: 1 })
    })

    it('never runs backwards: a clock set back opens no limit and shortens no life', async () => {
      const store = make()
      await store.apply('one', limit({ limit: 1 }), 5000)
      expect(await store.apply('one', limit({ limit: 1 }), 0)).toMatchObject({ allowed: false, retryAfterMs: 1000 })
      expect(await store.apply('one', { op: 'once', key: 'n', expiresAt: 100 }, 0)).toBe(true)
      expect(await store.apply('one', { op: 'once', key: 'n', expiresAt: 100 }, 0)).toBe(false)
      await store.apply('one', { op: 'count', key: 'c', by: 1, resetAt: 100, limit: 1 }, 0)
      expect(await store.apply('one', { op: 'count', key: 'c', by: 1, resetAt: 100, limit: 1 }, 0)).toEqual({
        allowed: false,
        count: 1,
      })
      expect(await store.apply('one', limit({ limit: 1 }), Number.NaN)).toMatchObject({ allowed: false })
    })

    it('counts up to a limit and begins again at the reset', async () => {
      const store = make()
      const count = (now: number, by = 1) =>
        store.apply('one', { op: 'count', key: 'c', by, resetAt: 1000, limit: 3 }, now)
      expect(await count(0, 2)).toEqual({ allowed: true, count: 2 })
      expect(await count(1, 2)).toEqual({ allowed: false, count: 2 })
      expect(await count(2)).toEqual({ allowed: true, count: 3 })
      expect(await count(3, 0)).toEqual({ allowed: true, count: 3 })
      expect(await count(4, -1)).toEqual({ allowed: true, count: 2 })
      const next = { op: 'count', key: 'c', by: 1, resetAt: 2000, limit: 3 } as const
      expect(await store.apply('one', next, 1000)).toEqual({ allowed: true, count: 1 })
    })

    it('remembers a value and a nonce until they expire', async () => {
      const store = make()
      await store.apply('one', { op: 'put', key: 'v', value: 'x', expiresAt: 100 }, 0)
      expect(await store.apply('one', { op: 'get', key: 'v' }, 99)).toBe('x')
      expect(await store.apply('one', { op: 'get', key: 'v' }, 100)).toBe(null)
      expect(await store.apply('one', { op: 'once', key: 'n', expiresAt: 200 }, 150)).toBe(true)
      expect(await store.apply('one', { op: 'once', key: 'n', expiresAt: 200 }, 199)).toBe(false)
      expect(await store.apply('one', { op: 'once', key: 'n', expiresAt: 300 }, 200)).toBe(true)
    })

    it('copies only the instances asked for, and forgets those that a reload left behind', async () => {
      const store = make()
      await store.apply('one', limit(), 0)
      await store.apply('two', limit(), 0)
      expect(store.snapshot(0, ['two', 'three']).entries.map((entry) => entry.stateId)).toEqual(['two'])
      store.retain(new Set(['two']))
      expect(store.snapshot(0).entries.map((entry) => entry.stateId)).toEqual(['two'])
      expect(await store.apply('one', limit(), 0)).toMatchObject({ remaining: 1 })
    })

    it('leaves out of a snapshot what it cannot read', () => {
      const store = make()
      const values = [
        null,
        1,
        [],
        ['x', 'n', 1],
        [9e9, 'n', 'x'],
        [9e9, 'n', -1],
        [9e9, 'fixed-window', 0],
        [9e9, 'z', 1],
      ]
      store.restore({ version: 1, now: 0, entries: values.map((value) => ({ stateId: 'one', key: 'k', value })) })
      expect(store.snapshot(0).entries).toEqual([])
    })
  })
}

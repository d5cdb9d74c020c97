import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { paced } from '../../../renderer/ui/paced.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

it('runs at once after a pause', () => {
  const run = vi.fn()
  const ask = paced(250, run)
  ask()
  expect(run).toHaveBeenCalledTimes(1)
  vi.advanceTimersByTime(250)
  expect(run).toHaveBeenCalledTimes(1)
  ask()
  expect(run).toHaveBeenCalledTimes(2)
})

it('runs once in each interval however often it is asked, and after the last time it was asked', () => {
  const at: number[] = []
  const ask = paced(250, () => at.push(performance.now()))
  const start = performance.now()
  for (let passed = 0; passed < 1000; passed += 10) {
    ask()
    vi.advanceTimersByTime(10)
  }
  vi.advanceTimersByTime(1000)
  expect(at.map((time) => time - start)).toEqual([0, 250, 500, 750, 1000])
})

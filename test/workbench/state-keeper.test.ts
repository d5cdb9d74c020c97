import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { CaptureRecorder } from '../../gateway-core/capture/recorder.ts'
import type { SavedState } from '../../gateway-core/capture/saved-states.ts'
import { MemoryState } from '../../gateway-core/pipeline/memory-state.ts'
import { LiveTimeline } from '../../gateway-core/pipeline/timeline.ts'
import { StateKeeper } from '../../gateway-core/workbench/state-keeper.ts'
import { loaded, workspaceFolder } from '../gateway-fixture.ts'

const yaml = `gatehouse: 1
listen: { http: "127.0.0.1:0" }
upstreams: { up: http://127.0.0.1:9 }
policies:
  - ip-restriction: { deny: [10.6.0.0/16] }
  - rate-limiting: { limit: 5, window: 10h, by: ip, algorithm: fixed-window }
apis: [{ name: shop, upstream: up, routes: [{ path: / }] }]
`

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

async function kept() {
  const place = workspaceFolder({ 'gatehouse.yaml': yaml })
  const workspace = await loaded(place.folder, {})
  place.remove()
  const { stateId } = workspace.unrouted.instances.find(({ name }) => name === 'rate-limiting')!
  const saved: SavedState[] = []
  const counts = { recorded: 0, droppedRecords: 0, droppedBodies: 0 }
  const recorder = { counts, saveState: (state: SavedState) => void saved.push(state) } as unknown as CaptureRecorder
  const state = new MemoryState()
  const count = (keys: number) => {
    for (let key = 0; key < keys; key++) {
      state.apply(stateId, { op: 'count', key: `${key}`, by: 1, resetAt: Date.now() + 36_000_000 }, Date.now())
    }
  }
  count(1)
  const keeper = new StateKeeper({ state, timeline: new LiveTimeline(), recorder, workspace: () => workspace })
  return { saved, counts, keeper, stateId, count }
}

test('a state is kept at the beginning, with a revision, and every thousand exchanges', async () => {
  const { saved, counts, keeper, stateId } = await kept()
  expect(saved).toMatchObject([{ start: true, covers: [stateId], entries: [{ stateId, key: '0' }] }])
  vi.advanceTimersByTime(2000)
  counts.recorded = 999
  vi.advanceTimersByTime(2000)
  expect(saved).toHaveLength(1)
  counts.recorded = 1000
  vi.advanceTimersByTime(1000)
  expect(saved).toHaveLength(2)
  keeper.reloaded()
  expect(saved.map(({ start }) => start)).toEqual([true, false, false])
  const places = saved.map(({ place }) => place)
  expect(places).toEqual([...new Set(places)].sort((one, other) => one - other))
  keeper.close()
  counts.recorded = 9000
  vi.advanceTimersByTime(5000)
  expect(saved).toHaveLength(3)
})

test('a large state is kept more rarely: requests wait for it', async () => {
  const { saved, counts, keeper, count } = await kept()
  count(400)
  counts.recorded = 3999
  vi.advanceTimersByTime(2000)
  expect(saved).toHaveLength(1)
  counts.recorded = 4000
  vi.advanceTimersByTime(1000)
  expect(saved).toHaveLength(2)
  count(5001)
  counts.recorded = 1_000_000
  vi.advanceTimersByTime(2000)
  expect(saved).toHaveLength(2)
  vi.advanceTimersByTime(3_600_000)
  expect(saved).toHaveLength(3)
  // Nothing came since.
  vi.advanceTimersByTime(7_200_000)
  expect(saved).toHaveLength(3)
  keeper.close()
})

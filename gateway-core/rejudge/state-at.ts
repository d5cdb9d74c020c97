import type { Workspace } from '../config/workspace.ts'
import type { ColdState } from './cold-state.ts'

/** One key of one instance at a moment. */
export interface StateEntryAt {
  /** Instance id and state id of the policy that keeps it. */
  policy: string
  stateId: string
  type: string
  key: string
  /** What it holds: a limiter's level, a counter, a remembered text. */
  holds:
    | { kind: 'limiter'; algorithm: string; used: number; before: number; since: number }
    | { kind: 'count'; count: number }
    | { kind: 'value'; value: string }
    | { kind: 'seen' }
  /** Milliseconds since the epoch. */
  expiresAt: number
}

/** What every limiter, quota and session held at a moment of the recorded time. */
export interface StateAt {
  /** Milliseconds since the epoch. */
  time: number
  entries: readonly StateEntryAt[]
  /** State ids whose beginning is not recorded: they count from the first exchange on. */
  warming: readonly string[]
}

/** What the counters held at a moment (ms since the epoch), of the state that was counted until then. */
export function stateAt(time: number, workspace: Workspace, state: ColdState): StateAt {
  const plans = [workspace.unrouted, ...workspace.routes.map(({ plan }) => plan)]
  const instances = new Map(plans.flatMap((plan) => plan.instances.map((one) => [one.stateId, one] as const)))
  const entries: StateEntryAt[] = []
  const ids = new Set<string>()
  for (const { stateId, key, value } of state.snapshot(time).entries) {
    const instance = instances.get(stateId)
    const read = readEntry(value)
    if (!instance || !read) continue
    ids.add(stateId)
    entries.push({ policy: instance.id, stateId, type: instance.policy.type, key, ...read })
  }
  // Rows stay where they are while the time is moved.
  const places = new Map([...instances.keys()].map((stateId, place) => [stateId, place]))
  entries.sort((one, other) => places.get(one.stateId)! - places.get(other.stateId)! || compare(one.key, other.key))
  return { time, entries, warming: [...instances.keys()].filter((id) => ids.has(id) && state.isWarming(id, time)) }
}

/** Reads what `MemoryState` writes: `[expiresAt, 'once']`, `[expiresAt, 'n', number]`, `[expiresAt, 's', text]` or `[expiresAt, algorithm, at, used, before]`. */
function readEntry(value: unknown): Pick<StateEntryAt, 'holds' | 'expiresAt'> | undefined {
  if (!Array.isArray(value)) return undefined
  const [expiresAt, kind, first, used, before] = value as [number, string, unknown, number, number]
  switch (kind) {
    case 'once':
      return { expiresAt, holds: { kind: 'seen' } }
    case 'n':
      return { expiresAt, holds: { kind: 'count', count: first as number } }
    case 's':
      return { expiresAt, holds: { kind: 'value', value: first as string } }
    default:
      return { expiresAt, holds: { kind: 'limiter', algorithm: kind, used, before, since: first as number } }
  }
}

function compare(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0
}

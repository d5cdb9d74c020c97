import type { Context } from '../capture/decode-context.ts'
import type { Workspace } from '../config/workspace.ts'
import { judgeTraffic } from './judge-traffic.ts'
import type { SharedFacts } from './shared-facts.ts'
import type { Traffic } from './traffic.ts'

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

export interface StateAtOptions {
  workspace: Workspace
  traffic: Traffic
  recordedUnder: (context: Context) => Workspace | undefined
  facts: SharedFacts
  breathe?: () => Promise<void>
}

/** What the counters held at a moment (ms since the epoch): every operation until then is done again, in its order. */
export async function stateAt(time: number, options: StateAtOptions): Promise<StateAt> {
  const { workspace, traffic, recordedUnder, facts, breathe } = options
  const state = await judgeTraffic({
    workspace,
    traffic,
    recordedUnder,
    facts: facts.of,
    everyCounter: true,
    until: { now: time, sequence: Infinity },
    judged: () => undefined,
    ...(breathe && { breathe }),
  })
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
  return { time, entries, warming: [...ids].filter((id) => state.isWarming(id, time)) }
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

import type { ExchangeRecord } from '../capture/record.ts'
import type { Workspace } from '../config/workspace.ts'
import type { TraceEntry } from '../pipeline/outcome.ts'
import type { ExchangeRun } from './exchange-run.ts'
import { type Difference, firstDifference } from './first-difference.ts'
import { type Judged, positionsOf } from './judged.ts'

/** The trace of an exchange that was judged again: what was taken from the record stands as it was recorded. */
export function traceOf(run: ExchangeRun | undefined, stored: ExchangeRecord, workspace: Workspace): TraceEntry[] {
  const placed = placedIn(workspace)
  if (!run) return stored.trace.map(placed)
  const trace = run.run.trace.map((entry, at) => {
    const place = run.recalled.get(at)
    return place === undefined ? entry : placed(stored.trace[place]!)
  })
  return run.asRecorded ? [...trace, ...stored.trace.slice(run.follower.at).map(placed)] : trace
}

/** Steps with their places in the files of a workspace. */
export function placedIn(workspace: Workspace): (entry: TraceEntry) => TraceEntry {
  const places = positionsOf(workspace)
  return (entry) => ({ ...entry, position: places.get(entry.policy) ?? entry.position })
}

/** One side of a comparison: how an exchange ends, and by which steps. */
export interface Traced {
  judged: Judged
  run: ExchangeRun | undefined
  trace: TraceEntry[]
}

/** Where two judgements of one exchange part; `recorded`: the route of the record. */
export function partingOf(one: Traced, other: Traced, recorded: string | undefined): Difference | null {
  const [a, b] = [one, other].map(({ judged, run, trace }) => {
    const { verdict, status = 0, decidedBy, code } = judged.outcome
    return {
      verdict,
      status,
      trace,
      facts: run?.facts.recorded ?? [],
      exchange: { route: { id: run ? run.exchange.route?.id : recorded } },
      ...(decidedBy !== undefined && { decidedBy }),
      ...(code !== undefined && { code }),
    } as unknown as Parameters<typeof firstDifference>[0]
  })
  return firstDifference(a!, b!)
}

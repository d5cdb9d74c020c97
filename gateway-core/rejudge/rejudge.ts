import type { ExchangeRecord } from '../capture/record.ts'
import type { Workspace } from '../config/workspace.ts'
import type { FactSource } from '../pipeline/facts.ts'
import { MemoryState } from '../pipeline/memory-state.ts'
import type { TraceEntry } from '../pipeline/outcome.ts'
import { RecordedFacts } from '../pipeline/recorded-facts.ts'
import type { Decision } from '../pipeline/runner.ts'
import type { StateStore } from '../pipeline/state.ts'
import type { Timeline } from '../pipeline/timeline.ts'
import { Router } from '../proxy/router.ts'
import { RecordedRun } from './recorded-run.ts'

/** What an exchange meets when it is judged again. */
export interface Rejudged {
  id: string
  verdict: 'pass' | Decision['verdict']
  decidedBy?: string
  code?: string
  trace: readonly TraceEntry[]
}

export interface RejudgeOptions {
  /** State at the beginning; default: empty. */
  state?: StateStore
  /** Facts of an exchange; default: those it recorded. */
  facts?: (record: ExchangeRecord) => FactSource
}

/**
 * Judges recorded exchanges by a workspace's policies, every step at its recorded place in the global order and at its
 * recorded time, on recorded facts. Nothing is reused from the record: every step runs.
 */
export async function rejudge(
  workspace: Workspace,
  records: readonly ExchangeRecord[],
  options: RejudgeOptions = {},
): Promise<Rejudged[]> {
  const { state = new MemoryState(), facts = recordedFacts } = options
  const timeline = new RecordedTimeline()
  const world = { state, timeline, onError: workspace.onError }
  const router = new Router(workspace.routes)
  const runs = records.map((record) => new RecordedRun(record, workspace, router, world, facts(record)))
  const steps = records.flatMap((record, at) => record.trace.filter(wasReached).map((entry) => ({ at, entry })))
  steps.sort((one, other) => one.entry.sequence - other.entry.sequence)
  for (const { at, entry } of steps) {
    timeline.goTo(entry)
    await runs[at]!.reach(entry)
  }
  const results: Rejudged[] = []
  for (const run of runs) {
    timeline.goTo(run.record.trace.at(-1) ?? { now: run.record.startedAt, sequence: 0 })
    await run.finish()
    results.push(resultOf(run))
  }
  return results
}

function recordedFacts(record: ExchangeRecord): FactSource {
  return new RecordedFacts(record.facts)
}

function wasReached(entry: TraceEntry): boolean {
  return !(entry.verdict === 'skipped' && entry.reason === 'not reached')
}

function resultOf({ record, run }: RecordedRun): Rejudged {
  const { decision, trace } = run
  const result: Rejudged = { id: record.id, verdict: decision?.verdict ?? 'pass', trace }
  if (decision) result.decidedBy = decision.decidedBy
  if (decision && 'code' in decision) result.code = decision.code
  return result
}

/** Time as it was: each step is given the time and the place that it had. */
class RecordedTimeline implements Timeline {
  #now = 0
  #sequence = 0

  goTo(entry: { now: number; sequence: number }): void {
    this.#now = entry.now
    this.#sequence = entry.sequence
  }

  now(): number {
    return this.#now
  }

  next(): number {
    return this.#sequence
  }

  micros(): number {
    return performance.now() * 1000
  }
}

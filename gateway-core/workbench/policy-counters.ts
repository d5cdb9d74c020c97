import type { ExchangeRecord } from '../capture/record.ts'
import type { Workspace } from '../config/workspace.ts'
import type { PolicyInstance } from '../pipeline/plan.ts'
import type { Counters } from '../protocol/types.ts'

/** The median is that of the latest runs: a number that follows what happens now. */
const kept = 256

interface Line {
  policy: string
  file: string
  line: number
  hits: number
  denials: number
  wouldDeny: number
  micros: Float32Array
}

/** What live traffic does at each policy line of one revision. Counting costs a lookup and an addition per step. */
export class PolicyCounters {
  readonly revision: string
  readonly #lines = new Map<string, Line>()

  constructor(workspace: Workspace) {
    this.revision = workspace.revision
    for (const { id, position } of instancesOf(workspace)) {
      const { file, line } = position
      const counts = { hits: 0, denials: 0, wouldDeny: 0, micros: new Float32Array(kept) }
      this.#lines.set(id, { policy: id, file, line, ...counts })
    }
  }

  /** Returns whether anything changed. Exchanges that finish on an earlier revision count there, not here. */
  count(record: ExchangeRecord): boolean {
    if (record.revision !== this.revision) return false
    let changed = false
    let last: Line | undefined
    for (const { policy, phase, verdict, micros } of record.trace) {
      if (verdict === 'skipped') continue
      if (phase === 'message' && ranBefore(record, policy)) {
        // What its messages came to is no other request.
        const line = this.#lines.get(policy)
        if (line && verdict === 'deny') line.denials++
        continue
      }
      const line = this.#lines.get(policy)
      if (!line) continue
      changed = true
      // A policy that runs in several phases of one exchange is hit once.
      if (line !== last) line.micros[line.hits++ % kept] = micros
      else line.micros[(line.hits - 1) % kept]! += micros
      if (verdict === 'deny') line.denials++
      else if (verdict === 'would-deny') line.wouldDeny++
      last = line
    }
    return changed
  }

  read(): Counters {
    const policies = [...this.#lines.values()].map(({ micros, ...line }) => ({
      ...line,
      medianMicros: medianOf(micros.slice(0, Math.min(line.hits, kept))),
    }))
    return { revision: this.revision, policies }
  }
}

function ranBefore({ trace }: ExchangeRecord, policy: string): boolean {
  return trace.some((step) => step.policy === policy && step.phase !== 'message' && step.verdict !== 'skipped')
}

/** Every policy of a workspace once, by id. */
export function instancesOf(workspace: Workspace): PolicyInstance[] {
  const plans = [workspace.unrouted, ...workspace.routes.map((route) => route.plan)]
  const byId = new Map(plans.flatMap((plan) => plan.instances.map((instance) => [instance.id, instance] as const)))
  return [...byId.values()]
}

function medianOf(values: Float32Array): number {
  if (values.length === 0) return 0
  values.sort()
  return Math.round(values[values.length >> 1]! * 10) / 10
}

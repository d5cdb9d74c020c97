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
  /** Id of the exchange that it was hit by last. */
  last: string
}

/** What live traffic does at each policy line of one revision. Counting costs a lookup and an addition per step. */
export class PolicyCounters {
  readonly revision: string
  readonly #lines = new Map<string, Line>()

  constructor(workspace: Workspace) {
    this.revision = workspace.revision
    for (const { id, position } of instancesOf(workspace)) {
      const { file, line } = position
      const counts = { hits: 0, denials: 0, wouldDeny: 0, micros: new Float32Array(kept), last: '' }
      this.#lines.set(id, { policy: id, file, line, ...counts })
    }
  }

  /** Returns whether anything changed. Exchanges that finish on an earlier revision count there, not here. */
  count({ id, revision, trace }: ExchangeRecord): boolean {
    if (revision !== this.revision) return false
    let changed = false
    for (const { policy, verdict, micros } of trace) {
      if (verdict === 'skipped') continue
      const line = this.#lines.get(policy)
      if (!line) continue
      changed = true
      // A policy that runs in several phases of one exchange, and over its messages, is hit once.
      if (line.last !== id) line.micros[line.hits++ % kept] = micros
      else line.micros[(line.hits - 1) % kept]! += micros
      line.last = id
      if (verdict === 'deny') line.denials++
      else if (verdict === 'would-deny') line.wouldDeny++
    }
    return changed
  }

  read(): Counters {
    const policies = [...this.#lines.values()].map(({ micros, policy, file, line, hits, denials, wouldDeny }) => {
      const medianMicros = medianOf(micros.slice(0, Math.min(hits, kept)))
      return { policy, file, line, hits, denials, wouldDeny, medianMicros }
    })
    return { revision: this.revision, policies }
  }
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

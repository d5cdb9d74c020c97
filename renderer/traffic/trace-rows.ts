import type { ExchangeDetail } from '../../gateway-core/protocol/types.ts'
import type { TraceEntry } from '../../gateway-core/pipeline/outcome.ts'
import { phases } from '../../gateway-core/pipeline/phases.ts'

type Exchange = ExchangeDetail['exchange']

/** One line of the waterfall: a step of a policy, or the upstream between request and response. `from` and `to` are 0 to 1. */
export type TraceRow =
  | { kind: 'step'; key: string; entry: TraceEntry; from: number; to: number }
  | { kind: 'upstream'; key: string; name: string; called: boolean; micros: number | undefined; error?: string }

const responsePhases = new Set(['responseHeaders', 'responseBody', 'message', 'log'])

/**
 * The steps in run order. Their bars stand on the time that policies took, one after the other: the upstream's
 * milliseconds between them would leave nothing of their microseconds to see.
 */
export function traceRows(detail: ExchangeDetail): TraceRow[] {
  const { exchange } = detail
  const trace = inOrder(exchange.trace)
  const total = trace.reduce((sum, { verdict, micros }) => sum + (verdict === 'skipped' ? 0 : micros), 0)
  let at = 0
  const rows: TraceRow[] = []
  let passedUpstream = false
  for (const [number, entry] of trace.entries()) {
    if (!passedUpstream && responsePhases.has(entry.phase)) {
      passedUpstream = true
      pushUpstream(rows, detail)
    }
    const micros = entry.verdict === 'skipped' ? 0 : entry.micros
    const from = total === 0 ? 0 : at / total
    at += micros
    rows.push({ kind: 'step', key: `${number} ${entry.policy}`, entry, from, to: total === 0 ? 0 : at / total })
  }
  if (!passedUpstream) pushUpstream(rows, detail)
  return rows
}

/** Steps that were not reached stand at the end of the record: they are shown in their phase, after those that ran. */
function inOrder(trace: readonly TraceEntry[]): TraceEntry[] {
  const isLate = (entry: TraceEntry) => entry.verdict === 'skipped'
  const rank = (entry: TraceEntry) => phases.indexOf(entry.phase) * 2 + (isLate(entry) ? 1 : 0)
  if (!trace.some(isLate)) return [...trace]
  return [...trace].sort((one, other) => rank(one) - rank(other))
}

function pushUpstream(rows: TraceRow[], { exchange, upstreamCalled }: ExchangeDetail): void {
  const name = exchange.upstream?.name
  if (name === undefined && !upstreamCalled && !exchange.route) return
  rows.push({
    kind: 'upstream',
    key: 'upstream',
    name: name ?? '',
    called: upstreamCalled,
    micros: exchange.timings.upstreamMicros,
    ...(exchange.error !== undefined && { error: exchange.error }),
  })
}

/** The step that decided the exchange; without one, the first that would have denied. */
export function decisive({ trace, decidedBy, verdict }: Exchange): TraceEntry | undefined {
  const decided = trace.find(
    (entry) => entry.policy === decidedBy && (entry.verdict === 'deny' || entry.verdict === 'respond'),
  )
  if (decided) return decided
  const broke = trace.find((entry) => entry.verdict === 'error')
  if (broke && verdict !== 'pass') return broke
  return trace.find((entry) => entry.verdict === 'would-deny')
}

/** All steps that would have denied, were they enforced. */
export function wouldDeny({ trace }: Exchange): TraceEntry[] {
  return trace.filter((entry) => entry.verdict === 'would-deny')
}

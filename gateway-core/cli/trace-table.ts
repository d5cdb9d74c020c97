import type { TraceEntry, TraceVerdict } from '../pipeline/outcome.ts'
import { evidenceText } from '../evidence.ts'
import { instanceName, type ShowPosition } from './exchange-line.ts'
import type { Paint, Style } from './io.ts'
import { type Tone, verdictLook } from '../verdict.ts'
import { visible } from '../visible.ts'

const styles: Readonly<Record<Tone, Style>> = {
  pass: 'green',
  modify: 'blue',
  deny: 'red',
  would: 'yellow',
  skip: 'dim',
  unknown: 'magenta',
}

/** The decision trace in run order: mark, policy, phase, verdict and code, time, position; evidence below each. */
export function traceTable(trace: readonly TraceEntry[], paint: Paint, show: ShowPosition): string[] {
  if (trace.length === 0) return ['  no policy ran']
  const rows = trace.map((entry) => {
    const { word } = verdictLook(entry.verdict)
    return [
      visible(`${entry.branch ? `${entry.branch} ` : ''}${instanceName(entry.policy)}`, 60),
      phaseText(entry.phase),
      entry.code ? `${word} ${entry.code}` : word,
      entry.verdict === 'skipped' ? '' : `${Math.round(entry.micros)} µs`,
      visible(show(entry.position), 300),
    ]
  })
  const widths = [0, 1, 2, 3].map((column) => Math.max(...rows.map((row) => row[column]!.length)))
  return trace.flatMap((entry, at) => {
    const { mark, tone } = verdictLook(entry.verdict)
    const style = styles[tone]
    const [policy, phase, verdict, time, position] = rows[at] as [string, string, string, string, string]
    const cells = [
      policy.padEnd(widths[0]!),
      paint('dim', phase.padEnd(widths[1]!)),
      paint(style, verdict.padEnd(widths[2]!)),
      paint('dim', time.padStart(widths[3]!)),
      paint('cyan', position),
    ]
    return [`  ${paint(style, mark)} ${cells.join('  ')}`, ...below(entry, paint)]
  })
}

function below(entry: TraceEntry, paint: Paint): string[] {
  const lines = (entry.evidence ?? []).map((one) => evidenceText(one))
  if (entry.reason !== undefined) lines.push(visible(entry.reason, 300))
  if (entry.changes?.length) lines.push(`changes: ${entry.changes.map((change) => changeText(change)).join(', ')}`)
  const plain = entry.verdict === 'deny' || entry.verdict === 'would-deny'
  return lines.map((line) => `      ${plain ? line : paint('dim', line)}`)
}

/** Names of what changed; values may be secret and stay out. */
function changeText(change: NonNullable<TraceEntry['changes']>[number]): string {
  return 'name' in change ? `${change.kind} ${visible(change.name, 60)}` : change.kind
}

function phaseText(phase: string): string {
  return phase.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)
}

/** One step as `decide --json` and `send --json` print it. */
export interface PrintedStep {
  policy: string
  type: string
  phase: string
  verdict: TraceVerdict
  code: string | null
  evidence: NonNullable<TraceEntry['evidence']>
  micros: number
  position: { file: string; line: number; column: number }
}

export function printedStep(entry: TraceEntry): PrintedStep {
  const { policy, type, phase, verdict, code, evidence, micros } = entry
  const { file, line, column } = entry.position
  return {
    policy,
    type,
    phase,
    verdict,
    code: code ?? null,
    evidence: evidence ?? [],
    micros,
    position: { file, line, column },
  }
}

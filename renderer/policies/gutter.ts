import type { Counters } from '../../gateway-core/protocol/types.ts'
import { answersText, type LineCoverage } from './coverage.ts'

export type PolicyCounter = Counters['policies'][number]

/** What live traffic did at one line: every policy instance that is written there, added up. */
export interface LineCounter {
  readonly line: number
  readonly policies: readonly PolicyCounter[]
  readonly hits: number
  readonly denials: number
  readonly wouldDeny: number
  /** µs; null where nothing hit the line. Of several instances it is the mean of their medians, by hits. */
  readonly medianMicros: number | null
}

/** The counters of one file by line, in the order of lines. */
export function countersByLine(counters: Counters | null, file: string): LineCounter[] {
  const lines = new Map<number, PolicyCounter[]>()
  for (const policy of counters?.policies ?? []) {
    if (policy.file !== file) continue
    const there = lines.get(policy.line)
    if (there) there.push(policy)
    else lines.set(policy.line, [policy])
  }
  return [...lines].sort(([a], [b]) => a - b).map(([line, policies]) => addUp(line, policies))
}

function addUp(line: number, policies: PolicyCounter[]): LineCounter {
  const sum = (count: (policy: PolicyCounter) => number) => policies.reduce((all, policy) => all + count(policy), 0)
  const hits = sum((policy) => policy.hits)
  const medianMicros = hits === 0 ? null : sum((policy) => policy.medianMicros * policy.hits) / hits
  return {
    line,
    policies,
    hits,
    denials: sum((policy) => policy.denials),
    wouldDeny: sum((policy) => policy.wouldDeny),
    medianMicros,
  }
}

/** Whether any request was seen since the revision is in force: before that, nothing can be called never hit. */
export function sawTraffic(counters: Counters | null): boolean {
  return counters?.policies.some((policy) => policy.hits > 0) ?? false
}

/** A part of a gutter label. Colour only where it carries a verdict, and never without its mark. */
export interface LabelPart {
  readonly text: string
  readonly tone: 'plain' | 'deny' | 'would'
}

/** `8,412 · 611 ✕ · 54 µs`; `62 recorded` where only traffic of earlier revisions came so far; `never hit`. */
export function labelOf(counter: LineCounter, recorded?: LineCoverage): LabelPart[] {
  if (counter.hits === 0) {
    return recorded !== undefined && recorded.reached > 0
      ? [{ text: `${short(recorded.reached)} recorded`, tone: 'plain' }]
      : [{ text: 'never hit', tone: 'would' }]
  }
  const parts: LabelPart[] = [{ text: short(counter.hits), tone: 'plain' }]
  if (counter.denials > 0) parts.push({ text: `${short(counter.denials)} ✕`, tone: 'deny' })
  if (counter.wouldDeny > 0) parts.push({ text: `${short(counter.wouldDeny)} ◐`, tone: 'would' })
  if (counter.medianMicros !== null) parts.push({ text: time(counter.medianMicros), tone: 'plain' })
  return parts
}

/** The label in words, for a tooltip and a screen reader. */
export function spokenLabel(counter: LineCounter, recorded?: LineCoverage): string {
  const names = [...new Set(counter.policies.map((policy) => policy.policy))].join(', ')
  const ever = recorded
    ? `; ${recorded.reached.toLocaleString('en')} in all recorded traffic, ${answersText(recorded)}`
    : ''
  if (counter.hits === 0) return `${names}: no request has reached it since this revision is in force${ever}`
  const parts = [`${counter.hits.toLocaleString('en')} ${counter.hits === 1 ? 'request' : 'requests'}`]
  if (counter.denials > 0) parts.push(`${counter.denials.toLocaleString('en')} denied`)
  if (counter.wouldDeny > 0) parts.push(`${counter.wouldDeny.toLocaleString('en')} would be denied`)
  if (counter.medianMicros !== null) parts.push(`median ${time(counter.medianMicros)}`)
  return `${names}: ${parts.join(', ')}${ever}`
}

/** The query that finds these exchanges in Traffic. */
export function trafficQuery(counter: Pick<LineCounter, 'policies'>): string {
  const ids = [...new Set(counter.policies.map((policy) => policy.policy))]
  return `policy:${ids.map((id) => (/^[\w*./-]+$/.test(id) ? id : JSON.stringify(id))).join(',')}`
}

/** Up to 99,999 in full, then in thousands or millions. */
export function short(count: number): string {
  if (count < 100_000) return count.toLocaleString('en')
  if (count < 1_000_000) return `${Math.floor(count / 1000)}k`
  return `${(Math.floor(count / 100_000) / 10).toLocaleString('en')}M`
}

/** A time as one reads it: `6 µs`, `1.2 ms`. */
export function time(micros: number): string {
  if (micros < 999.5) return `${micros < 10 && micros % 1 !== 0 ? micros.toFixed(1) : Math.round(micros)} µs`
  const ms = micros / 1000
  return ms < 1000 ? `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`
}

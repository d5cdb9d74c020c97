import type { ExchangeRecord } from '../capture/record.ts'
import type { Evidence } from '../exchange.ts'
import type { Position, TraceEntry } from '../pipeline/outcome.ts'
import { evidenceText } from '../evidence.ts'
import type { Paint, Style } from './io.ts'
import { shownTarget } from './shown-target.ts'
import { visible } from '../visible.ts'

/** How positions are shown: usually relative to where the person stands, so that a terminal can open them. */
export type ShowPosition = (position: Position) => string

/**
 * One exchange as a line: time, mark, request, status, what decided, caller, duration. Below it, where something was
 * denied, would have been denied or failed: policy line, what was seen and what was wanted.
 */
export function exchangeLines(record: ExchangeRecord, paint: Paint, show: ShowPosition): string[] {
  const { mark, style } = look(record)
  const request = `${visible(record.request.method, 20) || '?'} ${visible(shownTarget(record), 100)}`
  const status = record.status === 0 ? '–' : String(record.status)
  const parts = [
    paint('dim', clock(record.startedAt)),
    `${paint(style, mark)} ${request.padEnd(34)}`,
    paint(style, status.padStart(3)),
    decisionText(record, paint),
    ...(record.consumer ? [visible(record.consumer.name, 40)] : []),
    paint('dim', durationText(record.durationMicros)),
  ]
  return [parts.join('  '), ...reasons(record, paint, show), ...touches(record, paint)]
}

/** Rules and breakpoints that had a hand in it: without them a mocked answer would look like the upstream's. */
function touches({ intercepted }: ExchangeRecord, paint: Paint): string[] {
  return (intercepted?.touches ?? []).map(({ by, name, did, says }) => {
    return `    ${paint('blue', '◆')} ${by} ${visible(name, 60)}: ${visible(says ?? did, 120)}`
  })
}

/** Name of an instance id: what stands behind its scope. */
export function instanceName(id: string): string {
  return id.slice(id.lastIndexOf('/') + 1)
}

/** `0.4 ms`, `12 ms`, `3.2 s`. */
export function durationText(micros: number): string {
  if (micros < 9_950) return `${(micros / 1000).toFixed(1)} ms`
  return micros < 999_500 ? `${Math.round(micros / 1000)} ms` : `${(micros / 1e6).toFixed(1)} s`
}

/** Local time of day with milliseconds. */
export function clock(at: number): string {
  const time = new Date(at)
  const parts = [time.getHours(), time.getMinutes(), time.getSeconds()].map(twoDigits)
  return `${parts.join(':')}.${String(time.getMilliseconds()).padStart(3, '0')}`
}

/** Local date, `2026-03-01`. */
export function day(at: number): string {
  const date = new Date(at)
  return [date.getFullYear(), date.getMonth() + 1, date.getDate()].map(twoDigits).join('-')
}

function twoDigits(number: number): string {
  return String(number).padStart(2, '0')
}

const reasonsShown = 3

function look(record: ExchangeRecord): { mark: string; style: Style } {
  switch (record.verdict) {
    case 'deny':
    case 'refused':
    case 'failed':
    case 'error':
      return { mark: '✕', style: 'red' }
    case 'aborted':
      return { mark: '–', style: 'dim' }
    case 'respond':
      return { mark: '◆', style: 'blue' }
    case 'pass':
      return record.trace.some((entry) => entry.verdict === 'would-deny')
        ? { mark: '◐', style: 'yellow' }
        : { mark: '●', style: 'green' }
  }
}

function decisionText(record: ExchangeRecord, paint: Paint): string {
  const code = record.code ?? ''
  if (record.decidedBy !== undefined) {
    const what = record.verdict === 'respond' ? 'answered' : code || record.verdict
    return `${paint('bold', visible(instanceName(record.decidedBy), 60))} ${what}`
  }
  if (record.verdict === 'aborted') return 'the client left'
  if (record.verdict !== 'pass') return `gateway ${code || record.verdict}`
  if (record.state === 'open') return 'stream open'
  if (record.tunnel) return `tunnel: ${tunnelReasons[record.tunnel.reason]}`
  if (record.listener === 'proxy' && !record.route) return 'observed: no route'
  return record.trace.length === 0 ? 'no policy' : 'pass'
}

const tunnelReasons = {
  'passed-through': 'passed through',
  'not-http': 'not HTTP',
  h2c: 'HTTP/2 without TLS',
} as const

function reasons(record: ExchangeRecord, paint: Paint, show: ShowPosition): string[] {
  const lines: string[] = []
  for (const entry of record.trace) {
    const decides = entry.verdict === 'deny' && entry.policy === record.decidedBy
    const alternative = entry.verdict === 'deny' && !decides && record.verdict === 'deny'
    const shadow = entry.verdict === 'would-deny' && record.verdict === 'pass'
    if (!decides && !alternative && !shadow && entry.verdict !== 'error') continue
    const name = instanceName(entry.policy)
    const what = shadow ? `${name} would deny ${entry.code ?? ''}: ` : alternative ? `and ${name}: ` : ''
    lines.push(...entryReasons(entry, visible(what), paint, show))
  }
  if (record.error !== undefined) lines.push(`    ${visible(record.error.split('\n')[0]!, 300)}`)
  return lines
}

function entryReasons(entry: TraceEntry, what: string, paint: Paint, show: ShowPosition): string[] {
  const at = paint('cyan', visible(show(entry.position), 300))
  const evidence: readonly Evidence[] = entry.evidence ?? []
  if (evidence.length === 0) return [`    ${at}  ${what}${visible(entry.reason ?? entry.code ?? '', 300)}`]
  const shown = evidence.slice(0, reasonsShown)
  const lines = shown.map((one, number) => `    ${at}  ${number === 0 ? what : ''}${evidenceText(one)}`)
  if (evidence.length > shown.length) lines.push(`    and ${evidence.length - shown.length} more`)
  return lines
}

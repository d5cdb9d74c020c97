import type { ExchangeSummary } from '../capture/summary.ts'
import { clock, day, durationText, instanceName } from './exchange-line.ts'
import type { Paint, Style } from './io.ts'
import { visible } from '../visible.ts'

/** One recorded exchange as a line of `capture list`: id, time, request, status, what decided, caller, duration. */
export function summaryLine(row: ExchangeSummary, paint: Paint): string {
  const { mark, style } = look(row)
  const address = row.observed || row.method === 'CONNECT' ? row.host + row.url : row.url
  const request = `${visible(row.method, 20) || '?'} ${visible(address, 100)}`
  const decided =
    row.decidedBy === undefined
      ? (row.code ?? (row.observed ? observedTexts[row.observed] : row.verdict))
      : `${visible(instanceName(row.decidedBy), 60)} ${row.code ?? 'answered'}`
  const parts = [
    paint('dim', row.id),
    paint('dim', `${day(row.startedAt)} ${clock(row.startedAt)}`),
    `${paint(style, mark)} ${request.padEnd(34)}`,
    paint(style, row.status === 0 ? '  –' : String(row.status)),
    decided,
    ...(row.consumer === undefined ? [] : [visible(row.consumer, 40)]),
    paint('dim', durationText(row.durationMicros)),
  ]
  return parts.join('  ')
}

const observedTexts = { exchange: 'observed: no route', tunnel: 'tunnel' } as const

function look(row: ExchangeSummary): { mark: string; style: Style } {
  if (row.verdict === 'pass') return row.wouldDeny ? { mark: '◐', style: 'yellow' } : { mark: '●', style: 'green' }
  if (row.verdict === 'respond') return { mark: '◆', style: 'blue' }
  return row.verdict === 'aborted' ? { mark: '–', style: 'dim' } : { mark: '✕', style: 'red' }
}

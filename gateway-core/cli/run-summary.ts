import type { Paint } from './io.ts'

/** What a program sent, in numbers. */
export interface RunCount {
  exchanges: number
  /** A route took them. */
  judged: number
  /** No route took them: they passed. */
  observed: number
  denied: number
  /** The server could not be reached, or is not trusted. */
  failed: number
  /** Hosts whose connections were not opened, because the program took no certificate of ours. */
  refusedHosts: { host: string; port: number; why: string }[]
}

interface Counted {
  verdict: string
  code?: string | undefined
  judged: boolean
}

export function countOf(rows: readonly Counted[]): RunCount {
  const exchanges = rows.filter(({ code }) => code !== 'CERTIFICATE_REJECTED' && code !== 'TLS_HANDSHAKE_FAILED')
  return {
    exchanges: exchanges.length,
    judged: exchanges.filter(({ judged }) => judged).length,
    observed: exchanges.filter(({ judged, verdict }) => !judged && verdict === 'pass').length,
    denied: exchanges.filter(({ verdict }) => verdict === 'deny').length,
    failed: exchanges.filter(({ verdict }) => verdict === 'failed').length,
    refusedHosts: [],
  }
}

/** A few lines for the terminal, once the program has ended. `place` is what names the workspace in a command. */
export function summaryText(count: RunCount, paint: Paint, place: string): string {
  const { exchanges, judged, observed, denied, failed, refusedHosts } = count
  const parts = [
    plural(exchanges, 'exchange'),
    ...(exchanges > 0 ? [`${judged} judged`, `${observed} observed (no route)`] : []),
    ...(denied > 0 ? [paint('red', `${denied} denied`)] : []),
    ...(failed > 0 ? [paint('red', `${failed} failed`)] : []),
  ]
  const lines = [`${paint('bold', 'gatehouse:')} ${parts.join(', ')}`]
  if (exchanges > 0) lines.push(`  see them: gatehouse capture list${place} "listener:proxy"`)
  for (const { host, port, why } of refusedHosts) {
    lines.push(`  ${host}:${port} was not opened, ${why}: to leave it alone, add it to listen.proxy.passThrough`)
  }
  return lines.join('\n')
}

function plural(count: number, noun: string): string {
  return `${count.toLocaleString('en')} ${noun}${count === 1 ? '' : 's'}`
}

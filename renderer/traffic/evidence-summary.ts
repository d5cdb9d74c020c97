import { observedText, placeText } from '../../gateway-core/evidence.ts'
import type { Evidence } from '../../gateway-core/exchange.ts'
import type { Change, TraceEntry } from '../../gateway-core/pipeline/outcome.ts'
import { visible } from '../../gateway-core/visible.ts'
import { countText } from '../ui/format.ts'
import { denialTitle } from './decision.ts'

/** A step in a few words, for its line in the waterfall. */
export function stepSummary(entry: TraceEntry): string {
  if (entry.reason !== undefined) return visible(entry.reason, 200)
  if (entry.code !== undefined) return denialTitle(entry.code)
  const first = entry.evidence?.[0]
  const changes = entry.changes?.length ?? 0
  const changed = changes === 0 ? '' : changeSummary(entry.changes!)
  const seen = first ? evidenceSummary(first) : ''
  return [seen, changed].filter((text) => text !== '').join(' · ')
}

/** One piece of evidence in a few words: `in 127.0.0.0/8`, `38 of 100 left`, `RS256 · 58 min left`. */
export function evidenceSummary({ at, observed, expected, secret, detail }: Evidence): string {
  if (at.in === 'state' && detail?.['limit'] !== undefined)
    return leftText(Number(detail['remaining']), Number(detail['limit']) + burstOf(expected))
  if (detail?.['algorithm'] !== undefined) {
    const left = detail['minutesLeft']
    return `${visible(String(detail['algorithm']), 20)} · ${typeof left === 'number' ? minutesText(left) : visible(String(left), 20)}`
  }
  if (at.in === 'client' && expected?.startsWith('an address in '))
    return `${String(observed)} in ${visible(expected.slice(14), 60)}`
  if (secret) return `${placeText(at)} (secret)`
  if (observed === null) return `no ${placeText(at)}`
  if (observed === undefined)
    return expected === undefined ? placeText(at) : `${placeText(at)}: ${visible(expected, 80)}`
  return observedText(observed, 80)
}

/** Requests that a limiter lets through at once beside its limit, as its rule says it. */
export function burstOf(rule: string | undefined): number {
  return Number(/ and (\d+) at once/.exec(rule ?? '')?.[1] ?? 0)
}

function leftText(remaining: number, capacity: number): string {
  return remaining > capacity
    ? `${countText(remaining)} left`
    : `${countText(remaining)} of ${countText(capacity)} left`
}

function minutesText(minutes: number): string {
  if (minutes < 120) return `${minutes} min left`
  return minutes < 2880 ? `${Math.floor(minutes / 60)} h left` : `${Math.floor(minutes / 1440)} days left`
}

function changeSummary(changes: readonly Change[]): string {
  const [first] = changes
  if (changes.length === 1) return changeText(first!).what
  return `${changes.length} changes`
}

/** A change in words and, apart from them, the value. */
export function changeText(change: Change): { what: string; value?: string } {
  switch (change.kind) {
    case 'set-header':
      return { what: `sets ${visible(change.name, 60)}`, value: visible(change.value, 400) }
    case 'add-header':
      return { what: `adds ${visible(change.name, 60)}`, value: visible(change.value, 400) }
    case 'remove-header':
      return { what: `removes ${visible(change.name, 60)}` }
    case 'set-path':
      return { what: 'sets the path', value: visible(change.path, 400) }
    case 'set-query':
      return { what: 'sets the query', value: visible(change.query, 400) }
    case 'set-body':
      return { what: 'changes the body' }
    case 'set-status':
      return { what: 'sets the status', value: String(change.status) }
  }
}

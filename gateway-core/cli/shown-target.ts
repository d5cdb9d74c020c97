import type { ExchangeRecord } from '../capture/record.ts'
import { sortPlaces } from '../capture/sealed-places.ts'
import { secretsOfParameters, tokensIn } from '../capture/secret-values.ts'

const hiddenValue = '•••'

/**
 * The request target of a live record for a terminal or a log: values of credentials, of what policies call secret and of
 * tokens anywhere in it are not shown. (Records from the capture hold marks in their place already.)
 */
export function shownTarget(record: ExchangeRecord): string {
  const { target, scheme, authority, method } = record.request
  const places = record.sealed.length > 0 ? sortPlaces(record.sealed, '') : undefined
  let shown = target
  if (target.includes('=')) {
    for (const { start, end } of secretsOfParameters(target, places?.query).toReversed()) {
      shown = shown.slice(0, start) + hiddenValue + shown.slice(end)
    }
  }
  for (const name of places?.path ?? []) {
    const value = record.route?.parameters[name]
    if (value) shown = shown.replaceAll(value, hiddenValue).replaceAll(encodeURIComponent(value), hiddenValue)
  }
  for (const { start, end } of tokensIn(shown).toReversed()) {
    shown = shown.slice(0, start) + hiddenValue + shown.slice(end)
  }
  // What went by the forward proxy went anywhere: its host says more than its path.
  const anywhere = record.listener === 'proxy' && method !== 'CONNECT' && shown.startsWith('/')
  return anywhere ? `${scheme}://${authority}${shown}` : shown
}

import type { Exchange, Place } from '../exchange.ts'
import type { Change } from '../pipeline/outcome.ts'

/** Changes that take a credential out of the request before it is forwarded; everything beside it stays as it was. */
export function hideCredential(exchange: Exchange, place: Place): readonly Change[] {
  const { request } = exchange
  if (place.in === 'header') return [{ kind: 'remove-header', name: place.name }]
  if (place.in === 'query') {
    const kept = request.query.split('&').filter((pair) => nameOf(pair) !== place.name)
    return [{ kind: 'set-query', query: kept.join('&') }]
  }
  if (place.in !== 'cookie') return []
  const pairs = request.headers.all('cookie').flatMap((field) => field.split(';').map((pair) => pair.trim()))
  const kept = pairs.filter((pair) => pair !== '' && pair.split('=', 1)[0]!.trim() !== place.name)
  if (kept.length === 0) return [{ kind: 'remove-header', name: 'cookie' }]
  return [{ kind: 'set-header', name: 'cookie', value: kept.join('; ') }]
}

function nameOf(pair: string): string {
  const written = pair.split('=', 1)[0]!.replaceAll('+', ' ')
  try {
    return decodeURIComponent(written)
  } catch {
    return written
  }
}

import type { MessageSide, Place } from '../exchange.ts'

/** Places to seal, sorted by where they are looked for. */
export interface SealedPlaces {
  /** Distinguishes cached readings made under different places; empty for none. */
  readonly key: string
  readonly headers: Readonly<Record<MessageSide, ReadonlySet<string>>>
  readonly query: ReadonlySet<string>
  readonly path: ReadonlySet<string>
  readonly claims: ReadonlySet<string>
  /** RFC 6901 pointers by side; the empty pointer is the whole body. */
  readonly bodies: Readonly<Record<MessageSide, readonly string[]>>
}

/** Sorts places; `key` is any text that is equal for equal places. Places that hold no value of their own (`peer`, `time`) are ignored. */
export function sortPlaces(places: readonly Place[], key: string): SealedPlaces {
  const headers = { request: new Set<string>(), response: new Set<string>() }
  const bodies: Record<MessageSide, string[]> = { request: [], response: [] }
  const query = new Set<string>()
  const path = new Set<string>()
  const claims = new Set<string>()
  for (const place of places) {
    // A place that names no side is sealed on both: too much is better than too little.
    const sides = 'of' in place && place.of ? [place.of] : (['request', 'response'] as const)
    if (place.in === 'header') for (const side of sides) headers[side].add(place.name.toLowerCase())
    else if (place.in === 'body') for (const side of sides) bodies[side].push(place.pointer ?? '')
    else if (place.in === 'query') query.add(place.name)
    else if (place.in === 'path' && place.name !== undefined) path.add(place.name)
    else if (place.in === 'claim') claims.add(place.name)
  }
  return { key, headers, query, path, claims, bodies }
}

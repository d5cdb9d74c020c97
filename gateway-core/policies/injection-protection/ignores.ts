import type { Place } from '../../exchange.ts'
import { tokensOf } from '../../openapi/pointer.ts'

/** Places that a configuration leaves out. */
export interface Ignores {
  readonly wholeBody: boolean
  has(at: Place): boolean
}

/** Reads `query:q`, `header:x-note`, `body:/items/*` and the like. A pointer leaves out what stands below it too. */
export function ignoresOf(written: readonly string[]): Ignores {
  const names = new Set<string>()
  const pointers: string[][] = []
  let wholeBody = false
  for (const entry of written) {
    const colon = entry.indexOf(':')
    const place = colon < 0 ? entry : entry.slice(0, colon)
    const rest = colon < 0 ? '' : entry.slice(colon + 1)
    if (place !== 'body') names.add(`${place}:${place === 'header' ? rest.toLowerCase() : rest}`)
    else if (rest === '' || rest === '/') wholeBody = true
    else pointers.push(tokensOf(rest.startsWith('/') ? rest : `/${rest}`))
  }
  return {
    wholeBody,
    has: (at) => {
      if (names.size > 0 && 'name' in at && at.name !== undefined) return names.has(`${at.in}:${at.name}`)
      if (at.in !== 'body' || pointers.length === 0 || at.pointer === undefined) return false
      const tokens = tokensOf(at.pointer)
      return pointers.some(
        (pointer) =>
          pointer.length <= tokens.length && pointer.every((token, index) => token === '*' || token === tokens[index]),
      )
    },
  }
}

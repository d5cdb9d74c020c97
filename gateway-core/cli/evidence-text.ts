import type { Evidence, Place } from '../exchange.ts'
import { visible } from '../visible.ts'

/** One piece of evidence as a sentence: `saw claim roles = ["reader"], wanted one of ["editor"]`. */
export function evidenceText(evidence: Evidence, most = 160): string {
  const seen = `saw ${observedText(evidence, most)}`
  const detail = detailText(evidence)
  const wanted = evidence.expected === undefined ? '' : `, wanted ${visible(evidence.expected, most)}`
  return `${seen}${wanted}${detail}`
}

/** Where a value stands, in words: `header authorization`, `claim roles`, `body /items/0/price`. */
export function placeText(place: Place): string {
  switch (place.in) {
    case 'header':
      return `${place.of === 'response' ? 'response header' : 'header'} ${visible(place.name, 60)}`
    case 'query':
    case 'cookie':
    case 'claim':
      return `${place.in} ${visible(place.name, 60)}`
    case 'path':
      return place.name === undefined ? 'path' : `path parameter ${visible(place.name, 60)}`
    case 'body':
      return `${place.of === 'response' ? 'response body' : 'body'}${place.pointer ? ` ${visible(place.pointer, 80)}` : ''}`
    case 'client':
      return 'client address'
    case 'peer':
      return 'peer address'
    default:
      return place.in
  }
}

function observedText(evidence: Evidence, most: number): string {
  const place = placeText(evidence.at)
  const { observed } = evidence
  if (evidence.secret) return `${place} (a secret, not shown)`
  if (observed === undefined) return place
  if (observed === null) return `no ${place}`
  if (typeof observed !== 'object') return `${place} = ${visible(String(observed), most) || '""'}`
  return `${place} = [${observed.map((one) => visible(JSON.stringify(one), 60)).join(', ')}]`
}

function detailText({ detail }: Evidence): string {
  if (!detail) return ''
  const shown = Object.entries(detail).map(
    ([name, value]) =>
      `${visible(name, 40)} ${visible(Array.isArray(value) ? value.join(', ') : String(value as string | number | boolean), 80)}`,
  )
  return ` (${shown.join(', ')})`
}

import type { Evidence, Place } from './exchange.ts'
import { visible } from './visible.ts'

// What a policy saw and wanted, in the words of the screens and the command line alike.

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
    case 'consumer':
      return 'caller'
    case 'state':
      return 'left in this window'
    default:
      return place.in
  }
}

/** An observed value as text of at most `most` characters: lists as JSON, the rest as it stands, nothing as `""`. */
export function observedText(value: NonNullable<Evidence['observed']>, most = 400): string {
  if (typeof value !== 'object') return visible(String(value), most) || '""'
  return `[${value.map((one) => visible(JSON.stringify(one), 120)).join(', ')}]`
}

const detailTitles: Readonly<Record<string, string>> = {
  minutesLeft: 'minutes left',
  retryAfterMs: 'next one admitted after',
  schemaPath: 'schema',
  kid: 'key',
  class: 'kind of attack',
}

/** A further detail in words and its value as text: `minutes left` and `58`, `next one admitted after` and `1200 ms`. */
export function detailText(
  name: string,
  value: NonNullable<Evidence['detail']>[string],
  most = 400,
): { title: string; text: string } {
  const title =
    detailTitles[name] ??
    visible(
      name.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`),
      60,
    )
  const plain = Array.isArray(value) ? value.join(', ') : String(value as string | number | boolean)
  const unit = name.endsWith('Ms') ? ' ms' : ''
  return { title, text: plain === '' ? '""' : `${visible(plain, most)}${unit}` }
}

/** One piece of evidence as a sentence: `saw claim roles = ["reader"], wanted one of ["editor"]`. */
export function evidenceText(evidence: Evidence, most = 160): string {
  const wanted = evidence.expected === undefined ? '' : `, wanted ${visible(evidence.expected, most)}`
  return `saw ${seenText(evidence, most)}${wanted}${detailsText(evidence)}`
}

function seenText({ at, observed, secret }: Evidence, most: number): string {
  const place = placeText(at)
  if (secret) return `${place} (a secret, not shown)`
  if (observed === undefined) return place
  return observed === null ? `no ${place}` : `${place} = ${observedText(observed, most)}`
}

function detailsText({ detail }: Evidence): string {
  if (!detail) return ''
  const shown = Object.entries(detail).map(([name, value]) => detailText(name, value, 80))
  return ` (${shown.map(({ title, text }) => `${title} ${text}`).join(', ')})`
}

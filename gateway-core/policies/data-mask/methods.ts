import type { DetectorName } from './detectors.ts'

export const maskMethods = ['redact', 'partial', 'hash', 'tokenize'] as const
export type MaskMethod = (typeof maskMethods)[number]

/** How one kind of value is replaced. */
export interface Masking {
  readonly method: MaskMethod
  readonly keep: number
  readonly replacement: string
  /** HMAC under the workspace key, hexadecimal or any other text. */
  readonly tag: (value: string) => string
}

/** The replacement for a value; `kind` is what a detector took it for. */
export function masked(value: string, masking: Masking, kind?: DetectorName): string {
  switch (masking.method) {
    case 'redact':
      return masking.replacement
    case 'partial':
      return kind === 'email' || address.test(value) ? partialEmail(value) : partial(value, masking.keep)
    case 'hash':
      return `hmac:${masking.tag(`data-mask:${plain(value, kind)}`)}`
    case 'tokenize':
      return tokenized(value, plain(value, kind), masking.tag)
  }
}

/** A field that holds nothing but an address is masked like one that was detected. */
const address = /^[^@\s]+@[^@\s]+$/

/** Stars for letters and digits, the last `keep` characters and all separators left as they are. Short values keep nothing. */
function partial(value: string, keep: number): string {
  const characters = Array.from(value)
  const clear = characters.length > keep * 2 ? characters.length - keep : characters.length
  return characters.map((character, at) => (at < clear && /[\p{L}\p{N}]/u.test(character) ? '*' : character)).join('')
}

function partialEmail(value: string): string {
  const at = value.lastIndexOf('@')
  const first = Array.from(value.slice(0, at))[0] ?? ''
  return `${first}***${value.slice(at)}`
}

/** The value as it counts for equality: a card number is the same with and without spaces. */
function plain(value: string, kind: DetectorName | undefined): string {
  if (kind === 'phone') return `+${value.replaceAll(/\D/g, '')}`
  if (kind === 'card') return value.replaceAll(/[ -]/g, '')
  if (kind === 'iban') return value.replaceAll(' ', '').toUpperCase()
  return kind === 'email' ? value.toLowerCase() : value
}

/**
 * A stand-in of the same shape: digits for digits, letters for letters of the same case, everything else kept. The same value
 * gives the same one in this workspace, so that joins still work; nobody can turn it back without the key.
 */
function tokenized(value: string, source: string, tag: (value: string) => string): string {
  let stream = ''
  let block = 0
  let at = 0
  const next = (): number => {
    if (at + 4 > stream.length) {
      stream = tag(`data-mask-token:${block}:${source}`)
      block += 1
      at = 0
    }
    let number = 0
    for (const character of stream.slice(at, at + 4)) number = (number * 31 + character.charCodeAt(0)) >>> 0
    at += 4
    return number
  }
  return Array.from(value)
    .map((character) => {
      if (/\d/.test(character)) return String(next() % 10)
      if (/\p{Lu}/u.test(character)) return String.fromCharCode(65 + (next() % 26))
      if (/\p{L}/u.test(character)) return String.fromCharCode(97 + (next() % 26))
      return character
    })
    .join('')
}

import { nationalIds } from './national-ids.ts'
import { phoneNumbers } from './phone-numbers.ts'

/** A range `[start, end)` that holds something to mask. */
export interface Hit {
  readonly start: number
  readonly end: number
}

export const detectorNames = ['card', 'email', 'iban', 'national-id', 'phone', 'secret'] as const
export type DetectorName = (typeof detectorNames)[number]

/**
 * Finds values by their shape and, where they have one, their check digits, so that an order number is not taken for a
 * card. Each runs in linear time; texts may be UTF-8 read as latin1.
 */
export const detectors: Readonly<Record<DetectorName, (text: string) => Hit[]>> = {
  card: findCards,
  email: findEmails,
  iban: findIbans,
  'national-id': nationalIds,
  phone: phoneNumbers,
  secret: findSecrets,
}

/** What a text has, told in one pass, so that most texts need no detector at all. */
interface Traits {
  readonly digits: number
  readonly at: boolean
  readonly plus: boolean
  /** Longest run without spaces. */
  readonly run: number
  readonly dashes: boolean
}

const worthwhile: Readonly<Record<DetectorName, (traits: Traits) => boolean>> = {
  card: ({ digits }) => digits >= 12,
  email: ({ at }) => at,
  iban: ({ digits }) => digits >= 2,
  'national-id': ({ digits }) => digits >= 7,
  phone: ({ digits, plus }) => plus && digits >= 8,
  secret: ({ run, dashes }) => run >= 16 || dashes,
}

/** Which of the detectors could find anything in a text. */
export function promising(text: string): (name: DetectorName) => boolean {
  if (text.length < 6) return () => false
  let digits = 0
  let at = false
  let plus = false
  let run = 0
  let longest = 0
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index)
    if (code <= 32) run = 0
    else {
      run += 1
      if (run > longest) longest = run
      if (code >= 48 && code <= 57) digits += 1
      else if (code === 64) at = true
      else if (code === 43) plus = true
    }
  }
  const traits = { digits, at, plus, run: longest, dashes: text.includes('-----') }
  return (name) => worthwhile[name](traits)
}

/** Digits in groups, set apart by single spaces or hyphens. */
const digitGroups = /\d+(?:[ -]\d+)*/g

/** Payment card numbers (ISO/IEC 7812): a known issuer, its length, and the Luhn digit. */
function findCards(text: string): Hit[] {
  const hits: Hit[] = []
  for (const match of text.matchAll(digitGroups)) {
    if (match[0].length >= 12) findCardsIn(text, match[0], match.index, hits)
  }
  return hits
}

function findCardsIn(text: string, run: string, offset: number, hits: Hit[]): void {
  const groups = [...run.matchAll(/\d+/g)].map(({ 0: digits, index }) => ({
    digits,
    start: offset + index,
    end: offset + index + digits.length,
  }))
  for (let first = 0; first < groups.length; first += 1) {
    const { start } = groups[first]!
    let digits = ''
    for (let last = first; last < groups.length && digits.length < 19; last += 1) {
      digits += groups[last]!.digits
      const { end } = groups[last]!
      if (!isCard(digits) || partOfWord(text, start, end)) continue
      hits.push({ start, end })
      first = last
      break
    }
  }
}

/** Issuers by prefix and the lengths they use. */
const issuers =
  /^(?:4(?:\d{12}|\d{15}|\d{18})|(?:5[1-5]\d\d|222[1-9]|22[3-9]\d|2[3-6]\d\d|27[01]\d|2720)\d{12}|3[47]\d{13}|6(?:011|5\d\d|4[4-9]\d)\d{12,15}|35(?:2[89]|[3-8]\d)\d{12,15}|3(?:0[0-5]|[689]\d)\d{11,16}|62\d{14,17}|(?:5[06-9]|6\d)\d{10,17})$/

function isCard(digits: string): boolean {
  return issuers.test(digits) && luhn(digits) && !/^(\d)\1+$/.test(digits)
}

/** ISO/IEC 7812-1 annex B. */
export function luhn(digits: string): boolean {
  let sum = 0
  for (let at = digits.length - 1, double = false; at >= 0; at -= 1, double = !double) {
    const digit = digits.charCodeAt(at) - 48
    sum += double ? (digit > 4 ? digit * 2 - 9 : digit * 2) : digit
  }
  return sum % 10 === 0
}

/** Inside a longer word or a decimal fraction nothing is a number of its own. */
function partOfWord(text: string, start: number, end: number): boolean {
  return (
    /[A-Za-z_]$|\d\.$/.test(text.slice(Math.max(0, start - 2), start)) ||
    /^(?:[A-Za-z_]|\.\d)/.test(text.slice(end, end + 2))
  )
}

/** Outwards from each `@`, so that a long text without one costs nothing (RFC 5322 dot-atom, RFC 6531 for other letters). */
function findEmails(text: string): Hit[] {
  const hits: Hit[] = []
  let done = 0
  for (let at = text.indexOf('@'); at !== -1; at = text.indexOf('@', at + 1)) {
    let start = at
    while (start > done && at - start < 64 && isAtom(text.charCodeAt(start - 1))) start -= 1
    while (start < at && text[start] === '.') start += 1
    const domain =
      /^(?:[A-Za-z0-9\u0080-\uffff](?:[A-Za-z0-9\u0080-\uffff-]{0,61}[A-Za-z0-9\u0080-\uffff])?\.){1,8}[A-Za-z\u0080-\uffff][A-Za-z0-9\u0080-\uffff-]{0,61}[A-Za-z0-9\u0080-\uffff]/.exec(
        text.slice(at + 1, at + 255),
      )
    if (start === at || !domain) continue
    done = at + 1 + domain[0].length
    hits.push({ start, end: done })
  }
  return hits
}

const atoms = new Set(Array.from("!#$%&'*+-/=?^_`{|}~.", (character) => character.charCodeAt(0)))

function isAtom(code: number): boolean {
  return (
    (code >= 48 && code <= 57) ||
    (code >= 65 && code <= 90) ||
    (code >= 97 && code <= 122) ||
    code > 127 ||
    atoms.has(code)
  )
}

/** Lengths by country (SWIFT IBAN registry). */
const ibanLengths: Readonly<Record<string, number>> = Object.fromEntries(
  (
    'AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DK18 DO28 EE20 EG29 ES24 FI18 FO18 ' +
    'FR27 GB22 GE22 GI23 GL18 GR27 GT28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 LB28 LC32 LI21 LT20 LU20 LV21 ' +
    'LY25 MC27 MD24 ME22 MK19 MR27 MT31 MU30 NL18 NO15 PK24 PL28 PS29 PT25 QA29 RO24 RS22 SA24 SC31 SE24 SI19 SK24 SM27 ' +
    'ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20'
  )
    .split(' ')
    .map((entry) => [entry.slice(0, 2), Number(entry.slice(2))]),
)

/** International bank account numbers (ISO 13616) with the length of their country and the check digits of ISO 7064 mod 97-10. */
function findIbans(text: string): Hit[] {
  const hits: Hit[] = []
  const shape = /(?<![A-Za-z0-9])[A-Za-z]{2}\d\d(?: ?[A-Za-z0-9]){11,31}/g
  for (let match = shape.exec(text); match; match = shape.exec(text)) {
    const length = ibanLengths[match[0].slice(0, 2).toUpperCase()]
    const end = length === undefined ? undefined : endOfCharacters(text, match.index, length)
    const valid = end !== undefined && !/[A-Za-z0-9]/.test(text[end] ?? '') && mod97(text.slice(match.index, end))
    if (valid) hits.push({ start: match.index, end })
    shape.lastIndex = valid ? end : match.index + 4
  }
  return hits
}

/** End of the first `count` characters that are not spaces, or undefined where the text is shorter. */
function endOfCharacters(text: string, start: number, count: number): number | undefined {
  let left = count
  for (let at = start; at < text.length; at += 1) {
    if (text[at] !== ' ') left -= 1
    if (left === 0) return at + 1
  }
  return undefined
}

function mod97(iban: string): boolean {
  const compact = iban.replaceAll(' ', '').toUpperCase()
  let rest = 0
  for (const character of compact.slice(4) + compact.slice(0, 4)) {
    const value = Number.parseInt(character, 36)
    if (Number.isNaN(value)) return false
    rest = (rest * (value > 9 ? 100 : 10) + value) % 97
  }
  return rest === 1
}

/** Tokens and keys whose makers gave them a recognizable shape; JWTs (RFC 7519) and private keys (RFC 7468). */
const secretShapes =
  /(?<![A-Za-z0-9_-])(?:eyJ[A-Za-z0-9_-]{5,}(?:\.[A-Za-z0-9_-]*){2,4}|(?:AKIA|ASIA)[A-Z0-9]{16}(?![A-Za-z0-9])|gh[pousr]_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9_]{22,}|glpat-[A-Za-z0-9_-]{20,}|xox[abeprs]-[A-Za-z0-9-]{10,}|(?:sk|rk|whsec)_(?:live_|test_)?[A-Za-z0-9]{16,}|sk-[A-Za-z0-9_-]{20,}|AIza[A-Za-z0-9_-]{35}|npm_[A-Za-z0-9]{36}|SG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,})/g

function findSecrets(text: string): Hit[] {
  const hits: Hit[] = [...text.matchAll(secretShapes)].map((match) => ({
    start: match.index,
    end: match.index + match[0].length,
  }))
  const begin = /-----BEGIN (?:[A-Z0-9]+ ){0,4}PRIVATE KEY-----/g
  for (let match = begin.exec(text); match; match = begin.exec(text)) {
    const closing = text.indexOf('-----END ', begin.lastIndex)
    const dashes = closing === -1 ? -1 : text.indexOf('-----', closing + 9)
    // A key that is cut off is still most of a key.
    const end = dashes === -1 ? text.length : dashes + 5
    hits.push({ start: match.index, end })
    begin.lastIndex = end
  }
  return hits
}

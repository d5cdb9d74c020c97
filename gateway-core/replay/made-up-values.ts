import { randomBytes, randomInt, randomUUID } from 'node:crypto'

/**
 * A value that differs each time, as VS Code's REST Client, JetBrains and Postman name them: `$guid`, `$randomInt 1 9`,
 * `$random.integer(1, 9)`, `$datetime rfc1123 -1 d`. Undefined for a name that nobody knows, or a range that is none.
 */
export function madeUpValue(expression: string, now: Date = new Date()): string | undefined {
  const [, name, rest] =
    /^(\$[\w.]+?)(?:\s+(.*)|\((.*)\))?$/s.exec(expression)?.filter((part) => part !== undefined) ?? []
  const words = rest === undefined ? [] : (rest.match(/'[^']*'|"[^"]*"|[^\s,]+/g) ?? [])
  switch (name) {
    case '$guid':
    case '$uuid':
    case '$random.uuid':
    case '$randomUUID':
      return randomUUID()
    case '$timestamp':
      return String(Math.floor(later(now, words).getTime() / 1000))
    case '$isoTimestamp':
      return now.toISOString()
    case '$datetime':
      return written(later(now, words.slice(1)), words[0] ?? 'iso8601', false)
    case '$localDatetime':
      return written(later(now, words.slice(1)), words[0] ?? 'iso8601', true)
    case '$randomInt':
    case '$random.integer':
      return integerOf(words)
    case '$random.float': {
      const [least = 0, most = 1000] = words.map(Number)
      return least < most ? String(least + (randomInt(1_000_000) / 1_000_000) * (most - least)) : undefined
    }
    case '$randomBoolean':
      return String(randomInt(2) === 1)
    case '$randomHex':
      return randomBytes(8).toString('hex')
    case '$random.alphabetic':
      return lettersOf(words, 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ')
    case '$random.alphanumeric':
    case '$randomAlphaNumeric':
    case '$randomPassword':
      return lettersOf(words, 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789')
    case '$random.hexadecimal':
      return lettersOf(words, '0123456789abcdef')
    case '$random.email':
    case '$randomEmail':
      return `${lettersOf(['8'], 'abcdefghijklmnopqrstuvwxyz')}@example.com`
    case '$randomFirstName':
      return oneOf(['Anna', 'Ben', 'Chloe', 'David', 'Emma', 'Felix'])
    case '$randomLastName':
      return oneOf(['Adams', 'Berg', 'Costa', 'Diaz', 'Evans', 'Fischer'])
    case '$randomFullName':
      return `${oneOf(['Anna', 'Ben', 'Chloe'])} ${oneOf(['Adams', 'Berg', 'Costa'])}`
    case '$randomUserName':
      return `user-${randomBytes(3).toString('hex')}`
    case '$randomIP':
      return `192.0.2.${randomInt(1, 255)}`
  }
  return undefined
}

/** Some of them, for whoever wrote another. */
export const madeUpNames =
  '$guid, $timestamp, $isoTimestamp, $datetime, $randomInt, $random.alphanumeric(8), $processEnv'

function integerOf(words: readonly string[]): string | undefined {
  const [least = 0, most = 1000] = words.map(Number)
  const range = Number.isSafeInteger(least) && Number.isSafeInteger(most) && least < most && most - least < 2 ** 48
  return range ? String(randomInt(least, most)) : undefined
}

function lettersOf([length = '8']: readonly string[], from: string): string | undefined {
  const many = Number(length)
  if (!Number.isInteger(many) || many < 1 || many > 10_000) return undefined
  return Array.from({ length: many }, () => from[randomInt(from.length)]).join('')
}

function oneOf(list: readonly string[]): string {
  return list[randomInt(list.length)]!
}

const unitMs: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
}

/** `-1 d`, `5 m`, `1 y`. */
function later(now: Date, [amount, unit]: readonly string[]): Date {
  const many = Number(amount)
  if (amount === undefined || unit === undefined || !Number.isFinite(many)) return now
  const date = new Date(now)
  if (unit === 'y') date.setUTCFullYear(date.getUTCFullYear() + many)
  else if (unit === 'M') date.setUTCMonth(date.getUTCMonth() + many)
  else date.setTime(date.getTime() + many * (unitMs[unit] ?? 0))
  return date
}

/** `rfc1123`, `iso8601`, or letters in quotes as Day.js has them: 'YYYY-MM-DD HH:mm:ss'. */
function written(date: Date, format: string, local: boolean): string {
  if (Number.isNaN(date.getTime())) return ''
  const shown = local ? new Date(date.getTime() - date.getTimezoneOffset() * 60_000) : date
  const iso = shown.toISOString()
  const minutes = local ? -date.getTimezoneOffset() : 0
  const two = (value: number) => String(Math.abs(Math.trunc(value))).padStart(2, '0')
  const zone = `${minutes < 0 ? '-' : '+'}${two(minutes / 60)}:${two(minutes % 60)}`
  if (format === 'rfc1123')
    return local ? shown.toUTCString().replace('GMT', zone.replace(':', '')) : date.toUTCString()
  if (format === 'iso8601') return local ? iso.replace('Z', zone) : iso
  const parts: Readonly<Record<string, string>> = {
    YYYY: iso.slice(0, 4),
    YY: iso.slice(2, 4),
    MM: iso.slice(5, 7),
    DD: iso.slice(8, 10),
    HH: iso.slice(11, 13),
    mm: iso.slice(14, 16),
    ss: iso.slice(17, 19),
    SSS: iso.slice(20, 23),
    Z: zone,
  }
  return format.replaceAll(/^["']|["']$/g, '').replaceAll(/YYYY|YY|MM|DD|HH|mm|SSS|ss|Z/g, (part) => parts[part]!)
}

import { randomBytes, randomInt, randomUUID } from 'node:crypto'
import { ReplayError } from './replay-error.ts'

export type Variables = ReadonlyMap<string, string>

const use = /\{\{\s*([^{}]*?)\s*\}\}/g
const deepest = 10

/**
 * The text with `{{name}}` replaced by variables, which may use others, and `{{$…}}` by values made up anew. Throws a
 * ReplayError for a name that there is not.
 */
export function fillVariables(text: string, variables: Variables, where: string, depth = 0): string {
  if (!text.includes('{{')) return text
  if (depth > deepest) throw new ReplayError(`variables in ${where} use each other without end`, 'break the circle')
  return text.replaceAll(use, (_, expression: string) => {
    if (expression.startsWith('$')) return dynamic(expression, where)
    const value = variables.get(expression)
    if (value !== undefined) return fillVariables(value, variables, where, depth + 1)
    const known = [...variables.keys()].slice(0, 12).join(', ')
    throw new ReplayError(
      `${where} uses {{${expression.slice(0, 60)}}}, which has no value`,
      known === '' ? 'define it, or capture it in a step before' : `there are: ${known}`,
    )
  })
}

/** Names that a text uses. */
export function variablesIn(text: string): string[] {
  return [...text.matchAll(use)].map((match) => match[1]!).filter((name) => !name.startsWith('$'))
}

/** What VS Code's REST Client and JetBrains know: values that differ each time. */
function dynamic(expression: string, where: string): string {
  const [name, ...rest] = expression.split(/\s+/)
  switch (name) {
    case '$guid':
    case '$uuid':
    case '$random.uuid':
      return randomUUID()
    case '$timestamp':
      return String(Math.floor((Date.now() + offsetMs(rest)) / 1000))
    case '$isoTimestamp':
      return new Date().toISOString()
    case '$datetime': {
      const [format = 'iso8601', ...offset] = rest
      const date = new Date(Date.now() + offsetMs(offset))
      return format === 'rfc1123' ? date.toUTCString() : date.toISOString()
    }
    case '$randomInt': {
      const [least = 0, most = 1000] = rest.map(Number)
      if (Number.isSafeInteger(least) && Number.isSafeInteger(most) && least < most)
        return String(randomInt(least, most))
      throw new ReplayError(`${where}: {{${expression}}} is no range`, 'write it like {{$randomInt 1 100}}')
    }
    case '$randomHex':
      return randomBytes(8).toString('hex')
  }
  const todo = 'there are: $guid, $timestamp, $isoTimestamp, $datetime, $randomInt, $randomHex'
  throw new ReplayError(`${where}: there is no {{${expression.slice(0, 60)}}}`, todo)
}

const unitMs: Readonly<Record<string, number>> = {
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  ms: 1,
  w: 604_800_000,
}

/** `-1 d`, `5 m`. */
function offsetMs([amount, unit]: readonly string[]): number {
  return amount === undefined || unit === undefined ? 0 : Number(amount) * (unitMs[unit] ?? 0)
}

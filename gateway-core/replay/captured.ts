import { join, lookUp } from '../openapi/pointer.ts'
import type { Reading } from './reading.ts'

/**
 * What the steps of a row gave: values that were captured by name, and, as REST Client writes it, what a named request
 * was answered: `{{login.response.body.$.token}}`, `{{login.response.headers.Location}}`.
 */
export class Captured extends Map<string, string> {
  readonly #answers = new Map<string, Reading>()

  /** A step of that name was answered. */
  answered(name: string, reading: Reading): void {
    this.#answers.set(name, reading)
    for (const key of this.keys()) if (key.startsWith(`${name}.response.`)) this.delete(key)
  }

  override get(expression: string): string | undefined {
    const known = super.get(expression)
    if (known !== undefined) return known
    const [, name, part, rest] = /^(.+?)\.response\.(body|headers)\.(.+)$/s.exec(expression) ?? []
    const reading = name === undefined ? undefined : this.#answers.get(name)
    const value = reading && (part === 'headers' ? reading.header(rest!) : fromBody(reading, rest!))
    // Kept as what was captured is: its echoes are hidden.
    if (value !== undefined && value !== '') this.set(expression, value)
    return value
  }
}

/** `*` is all of it, `$.items[0].id` or `$['a b']` a value of JSON. */
function fromBody(reading: Reading, path: string): string | undefined {
  if (path === '*') return reading.text
  const { json } = reading
  if (!path.startsWith('$') || !('value' in json)) return undefined
  const steps = [...path.slice(1).matchAll(/\.([\w-]+)|\[(\d+)\]|\[(?:'([^']*)'|"([^"]*)")\]/g)]
  if (steps.map(([whole]) => whole).join('') !== path.slice(1)) return undefined
  const tokens = steps.map(([, name, at, single, double]) => name ?? at ?? single ?? double ?? '')
  const value = lookUp(json.value, tokens.reduce(join, ''))
  return value === undefined || typeof value === 'string' ? value : JSON.stringify(value)
}

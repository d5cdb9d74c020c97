import type { MessageSide } from '../exchange.ts'

/**
 * Values that belong into a header list: place and value in turn. The list has empty ones there, so that traffic which
 * differs in a date or in what is left of a limit shares it.
 */
export type HeaderValues = readonly (number | string)[]

/** Those of a request's list and of its response's, as they stand in an exchange's `header_values`. */
export type ValuesOfBoth = Readonly<Record<MessageSide, HeaderValues>>

const noValues: HeaderValues = []
const neither: ValuesOfBoth = { request: noValues, response: noValues }

/** JSON of both, or null where neither has any. `request` and `response` are JSON lists, or empty texts. */
export function valuesText(request: string, response: string): string | null {
  return request === '' && response === '' ? null : `[${request || '[]'},${response || '[]'}]`
}

/** Undoes {@link valuesText}. */
export function readValues(text: string | null): ValuesOfBoth {
  return text === null ? neither : valuesOf(JSON.parse(text))
}

/** What one parsed `header_values` says. */
export function valuesOf(parsed: unknown): ValuesOfBoth {
  const [request, response] = parsed as [HeaderValues, HeaderValues]
  return { request, response }
}

/** The list with these values in it; the same list where there are none. */
export function withValues<List extends readonly string[]>(list: List, values: HeaderValues): List | string[] {
  if (values.length === 0) return list
  const whole = [...list]
  for (let at = 0; at < values.length; at += 2) whole[values[at] as number] = values[at + 1] as string
  return whole
}

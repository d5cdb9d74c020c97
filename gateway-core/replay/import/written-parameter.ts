import type { Parameter } from '../../openapi/parameter.ts'
import { isObject } from '../../openapi/pointer.ts'

/** The parts of a query that carry a value, as the parameter's style writes it (OpenAPI 3.1 §4.8.12.2). */
export function queryPairs({ name, style, explode }: Parameter, value: unknown): string[] {
  const pair = (key: string, text: string) => `${encodeURIComponent(key)}=${text}`
  if (Array.isArray(value)) {
    const items = value.map(encoded)
    if (explode && style === 'form') return items.map((item) => pair(name, item))
    return [pair(name, items.join(style === 'spaceDelimited' ? '%20' : style === 'pipeDelimited' ? '%7C' : ','))]
  }
  if (isObject(value)) {
    const entries = Object.entries(value)
    if (style === 'deepObject')
      return entries.map(([key, one]) => `${encodeURIComponent(name)}[${key}]=${encoded(one)}`)
    if (explode) return entries.map(([key, one]) => pair(key, encoded(one)))
    return [pair(name, entries.flatMap(([key, one]) => [encodeURIComponent(key), encoded(one)]).join(','))]
  }
  return [pair(name, encoded(value))]
}

/** What stands for the parameter in a path. */
export function pathText({ name, style, explode }: Parameter, value: unknown): string {
  const items = Array.isArray(value)
    ? value.map(encoded)
    : isObject(value)
      ? Object.entries(value).flatMap(([key, one]) => (explode ? [`${key}=${encoded(one)}`] : [key, encoded(one)]))
      : [encoded(value)]
  if (style === 'label') return `.${items.join(explode ? '.' : ',')}`
  if (style === 'matrix')
    return explode ? items.map((item) => `;${name}=${item}`).join('') : `;${name}=${items.join(',')}`
  return items.join(',')
}

/** As a header or a cookie has it. */
export function plainText(value: unknown): string {
  if (Array.isArray(value)) return value.map(textOf).join(',')
  return isObject(value)
    ? Object.entries(value)
        .flatMap(([key, one]) => [key, textOf(one)])
        .join(',')
    : textOf(value)
}

function encoded(value: unknown): string {
  return encodeURIComponent(textOf(value))
}

function textOf(value: unknown): string {
  return typeof value === 'object' && value !== null ? JSON.stringify(value) : String(value)
}

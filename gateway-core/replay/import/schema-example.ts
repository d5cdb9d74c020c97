import { type OpenApiDocument, resolved } from '../../openapi/document.ts'
import { isObject } from '../../openapi/pointer.ts'

const deepest = 8

/** A value that fits a schema as far as one can tell by looking: examples and defaults first, else the least that its type asks for. */
export function exampleOf(document: OpenApiDocument, schema: unknown, depth = 0): unknown {
  const found = resolved(document, schema, '')?.value
  if (!found) return schema === true ? {} : null
  for (const key of ['example', 'const', 'default'] as const) if (found[key] !== undefined) return found[key]
  for (const key of ['examples', 'enum'] as const) {
    const list = found[key]
    if (Array.isArray(list) && list.length > 0) return list[0] as unknown
  }
  const branch = firstOf(found['oneOf']) ?? firstOf(found['anyOf'])
  if (branch !== undefined && !isObject(found['properties'])) return exampleOf(document, branch, depth + 1)
  const parts = Array.isArray(found['allOf']) ? found['allOf'] : []
  const type = typeOf(found, parts.length > 0)
  if (type === 'object') return objectOf(document, found, parts, depth)
  if (parts.length > 0) return exampleOf(document, parts[0], depth + 1)
  if (type === 'array') {
    const least = Math.min(Math.max(number(found['minItems'], 1), 1), 3)
    if (depth > deepest || found['items'] === undefined) return []
    return Array.from({ length: least }, () => exampleOf(document, found['items'], depth + 1))
  }
  return scalarOf(type, found)
}

function objectOf(
  document: OpenApiDocument,
  schema: Record<string, unknown>,
  parts: readonly unknown[],
  depth: number,
) {
  const value: Record<string, unknown> = {}
  for (const part of parts) {
    const one = exampleOf(document, part, depth + 1)
    if (isObject(one)) Object.assign(value, one)
  }
  const properties = isObject(schema['properties']) ? schema['properties'] : {}
  const required = Array.isArray(schema['required']) ? schema['required'] : []
  for (const [name, property] of Object.entries(properties)) {
    const target = resolved(document, property, '')?.value
    if (target?.['readOnly'] === true) continue
    if (depth > 3 && !required.includes(name)) continue
    if (depth <= deepest) value[name] = exampleOf(document, property, depth + 1)
  }
  return value
}

function typeOf(schema: Record<string, unknown>, composed: boolean): string {
  const written = Array.isArray(schema['type']) ? schema['type'].find((one) => one !== 'null') : schema['type']
  if (typeof written === 'string') return written
  if (isObject(schema['properties']) || schema['additionalProperties'] !== undefined || composed) return 'object'
  if (schema['items'] !== undefined) return 'array'
  return schema['minimum'] !== undefined || schema['maximum'] !== undefined ? 'number' : 'string'
}

const formats: Readonly<Record<string, string>> = {
  date: '2026-01-31',
  'date-time': '2026-01-31T12:00:00Z',
  time: '12:00:00Z',
  email: 'somebody@example.com',
  uuid: '123e4567-e89b-42d3-a456-426614174000',
  uri: 'https://example.com/',
  url: 'https://example.com/',
  hostname: 'example.com',
  ipv4: '192.0.2.1',
  ipv6: '2001:db8::1',
  byte: 'dGV4dA==',
}

function scalarOf(type: string, schema: Record<string, unknown>): unknown {
  if (type === 'boolean') return true
  if (type === 'null') return null
  if (type === 'integer' || type === 'number') {
    const least = number(schema['minimum'], number(schema['exclusiveMinimum'], Number.NaN) + 1)
    const most = number(schema['maximum'], number(schema['exclusiveMaximum'], Number.NaN) - 1)
    const step = number(schema['multipleOf'], 1)
    const value = Number.isNaN(least) ? (Number.isNaN(most) ? 1 : Math.min(1, most)) : least
    return step > 0 ? Math.ceil(value / step) * step : value
  }
  const known = formats[String(schema['format'])]
  if (known !== undefined) return known
  const most = number(schema['maxLength'], 1000)
  return 'text'.padEnd(Math.min(number(schema['minLength'], 0), 1000), 'x').slice(0, most)
}

function firstOf(list: unknown): unknown {
  return Array.isArray(list) ? (list[0] as unknown) : undefined
}

function number(value: unknown, otherwise: number): number {
  return typeof value === 'number' ? value : otherwise
}

import type { Schema } from './config-of.ts'
import { pointerKeys } from './origins.ts'

const typeWords: Readonly<Record<string, string>> = {
  string: 'a text',
  integer: 'a whole number',
  number: 'a number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a mapping (key: value)',
  null: 'empty',
}

/** What a schema accepts, in a few words: `a whole number`, `one of enforce, shadow, off`. */
export function describeSchema(schema: Schema): string {
  if (typeof schema['wants'] === 'string') return schema['wants']
  if (schema['const'] !== undefined) return JSON.stringify(schema['const'])
  if (Array.isArray(schema['enum'])) return `one of ${schema['enum'].join(', ')}`
  if (looksLikeDuration(schema)) return 'a duration such as 500ms, 10s or 1m'
  if (looksLikeSize(schema)) return 'a size such as 512, 10kb or 1mb'
  const alternatives = (schema['anyOf'] ?? schema['oneOf']) as readonly Schema[] | undefined
  if (alternatives) return [...new Set(alternatives.map(describeSchema))].join(' or ')
  if (schema['type'] === 'array' && typeof schema['items'] === 'object') {
    const items = schema['items'] as Schema
    const types = [items['type'] ?? []].flat() as string[]
    if (Array.isArray(items['enum'])) return `a list of ${items['enum'].join(', ')}`
    if (types.length === 1 && types[0] === 'string') return 'a list of texts'
  }
  if (typeof schema['pattern'] === 'string') return `a text that matches ${schema['pattern']}`
  if (typeof schema['format'] === 'string') return `a text in the format ${schema['format']}`
  const types = [schema['type'] ?? []].flat() as string[]
  return types.map((type) => typeWords[type] ?? type).join(' or ') || 'something else'
}

/** A value as a message shows it. */
export function show(value: unknown): string {
  if (value === null) return 'empty'
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'object') return 'a mapping'
  if (typeof value !== 'string') return JSON.stringify(value)
  return `"${value.length > 60 ? `${value.slice(0, 60)}…` : value}"`
}

/** The key that a pointer ends in, with its list position: `"targets[0]"`. */
export function nameOf(pointer: string): string {
  const keys = pointerKeys(pointer)
  const last = keys.pop()
  if (last === undefined) return 'this'
  if (!/^\d+$/.test(last)) return `"${last}"`
  const list = keys.pop()
  return list === undefined ? `item ${Number(last) + 1}` : `"${list}[${last}]"`
}

/** `write it like: limit: 100`, from the examples or the default of the schema. */
export function exampleOf(schema: Schema, pointer: string): string | undefined {
  const examples = schema['examples'] as readonly unknown[] | undefined
  const example = examples?.[0] ?? schema['default']
  const empty = typeof example === 'object' && example !== null && Object.keys(example).length === 0
  if (example === undefined || example === null || empty) return undefined
  const key = pointerKeys(pointer).findLast((part) => !/^\d+$/.test(part))
  return `write it like: ${key === undefined ? '' : `${key}: `}${inline(example)}`
}

/** What to write instead: an example, else what the type alone says. */
export function hintOf(schema: Schema, pointer: string, value: unknown): string | undefined {
  const example = exampleOf(schema, pointer)
  if (example !== undefined) return example
  // Words of its own have said it.
  if (typeof schema['wants'] === 'string') return undefined
  const key = pointerKeys(pointer).findLast((part) => !/^\d+$/.test(part)) ?? 'key'
  if (looksLikeDuration(schema)) return `write it like: ${key}: 10s`
  if (looksLikeSize(schema)) return `write it like: ${key}: 64kb`
  const types = [schema['type'] ?? []].flat() as string[]
  if (value === null) return 'give it a value, or remove the key'
  if (types.includes('object')) {
    const keys = Object.keys((schema['properties'] as object | undefined) ?? {})
    return keys.length > 0 ? `the keys here are: ${keys.join(', ')}` : 'write it as a mapping: { name: value }'
  }
  if (types.includes('array')) return 'begin each item with a dash on a line of its own'
  if (types.includes('string') && (typeof value === 'number' || typeof value === 'boolean')) {
    return `write it in quotes: ${JSON.stringify(String(value))}`
  }
  if (value === '') return 'write a text, or remove it'
  return types.includes('string') && typeof value === 'object' ? 'write one text' : undefined
}

/** YAML flow style on one line. */
export function inline(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(inline).join(', ')}]`
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value).map(([key, entry]) => `${key}: ${inline(entry)}`)
    return entries.length === 0 ? '{}' : `{ ${entries.join(', ')} }`
  }
  if (typeof value !== 'string') return String(value)
  const plain = /^[\w/][\w./:%-]*$/.test(value) && !value.endsWith(':')
  const readsAsOther = /^(true|false|null|yes|no|[\d._]+(e\d+)?|0[xo].*)$/i.test(value)
  return plain && !readsAsOther ? value : JSON.stringify(value)
}

/** Whether a schema wants a duration or a size. */
export function isMeasure(schema: Schema): boolean {
  return looksLikeDuration(schema) || looksLikeSize(schema)
}

function looksLikeDuration(schema: Schema): boolean {
  return typeof schema['pattern'] === 'string' && schema['pattern'].includes('(ms|s|m|h|d)')
}

function looksLikeSize(schema: Schema): boolean {
  return typeof schema['pattern'] === 'string' && schema['pattern'].includes('[kKmMgG][bB]')
}

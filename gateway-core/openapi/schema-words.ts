import type { ErrorObject } from 'ajv/dist/2020.js'
import { isObject, join } from './pointer.ts'
import { otherDirectionKeyword } from './schema-view.ts'

/** Why a value does not match its schema, for people. */
export interface SchemaProblem {
  kind: 'invalid' | 'missing' | 'unknown' | 'other-direction'
  /** RFC 6901 pointer in the value; for a property that is missing or unknown, to where it would stand or stands. */
  pointer: string
  observed: string | number | boolean | null
  /** In words, with the schema's pointer: `integer ≥ 1 (schema /components/schemas/Book/properties/id)`. */
  expected: string
  /** The value may be a secret and is not in `observed`. */
  secret?: true
}

/** Turns the validator's errors into problems, without those that only repeat what another says. */
export function problemsOf(
  errors: readonly ErrorObject[],
  value: unknown,
  originOf: (schema: object) => string | undefined,
  most: number,
): SchemaProblem[] {
  const problems = new Map<string, SchemaProblem>()
  for (const error of telling(errors)) {
    const problem = problemOf(error, originOf)
    const key = `${problem.pointer} ${problem.kind} ${problem.expected}`
    if (!problems.has(key)) problems.set(key, problem)
    if (problems.size >= most) break
  }
  if (problems.size === 0) {
    problems.set('', {
      kind: 'invalid',
      pointer: '',
      observed: observedOf(value),
      expected: 'a value that matches the schema',
    })
  }
  return [...problems.values()]
}

/** Alternatives (`anyOf`, `oneOf`) fail with the faults of every branch; one line says it better, except where the other branch is only null. */
function telling(errors: readonly ErrorObject[]): ErrorObject[] {
  const kept: ErrorObject[] = []
  for (const error of errors) {
    if (error.keyword === 'if' || error.keyword === 'propertyNames') continue
    if (error.keyword !== 'anyOf' && error.keyword !== 'oneOf') {
      kept.push(error)
      continue
    }
    const inside = kept.filter(
      (other) => other.instancePath === error.instancePath || other.instancePath.startsWith(`${error.instancePath}/`),
    )
    const branches = (error.schema as unknown[]).filter((branch) => !isNullOnly(branch))
    const real = inside.filter((other) => !isNullOnly(other.parentSchema))
    if (branches.length === 1 && (error.schema as unknown[]).length === 2 && real.length > 0) {
      for (const other of inside) if (!real.includes(other)) kept.splice(kept.indexOf(other), 1)
      continue
    }
    for (const other of inside) kept.splice(kept.indexOf(other), 1)
    kept.push(error)
  }
  return kept
}

function isNullOnly(schema: unknown): boolean {
  return isObject(schema) && schema['type'] === 'null'
}

function problemOf(error: ErrorObject, originOf: (schema: object) => string | undefined): SchemaProblem {
  const params = error.params as Record<string, unknown>
  const schema: Record<string, unknown> = isObject(error.parentSchema) ? error.parentSchema : {}
  const origin = originOf(schema)
  const where = origin === undefined ? '' : ` (schema ${origin})`
  const at = error.instancePath
  switch (error.keyword) {
    case 'required':
    case 'dependentRequired': {
      const name = String(params['missingProperty'])
      const because = error.keyword === 'required' ? '' : ` because "${String(params['property'])}" is there`
      return {
        kind: 'missing',
        pointer: join(at, name),
        observed: 'nothing',
        expected: `property "${name}"${because}${where}`,
      }
    }
    case 'additionalProperties':
    case 'unevaluatedProperties': {
      const name = String(params['additionalProperty'] ?? params['unevaluatedProperty'])
      const known = isObject(schema['properties']) ? Object.keys(schema['properties']) : []
      const names = known.length === 0 ? 'only documented properties' : `only ${list(known, 12)}`
      const observed = observedOf(isObject(error.data) ? error.data[name] : undefined)
      return {
        kind: 'unknown',
        pointer: join(at, name),
        expected: `${names}${where}`,
        ...hidden(name, schema, observed),
      }
    }
    case otherDirectionKeyword:
      return {
        kind: 'other-direction',
        pointer: at,
        expected: `nothing: the property is read-only${where}`,
        ...hidden(at, schema, observedOf(error.data)),
      }
    default:
      return {
        kind: 'invalid',
        pointer: at,
        expected: `${wordsOf(error.keyword, schema, params)}${where}`,
        ...hidden(at, schema, observedOf(error.data)),
      }
  }
}

const secretNames =
  /passw|passphrase|secret|token|api[-_]?key|credential|private[-_]?key|\bpin\b|\bcvv|\bcvc|authorization/i

function hidden(
  name: string,
  schema: Record<string, unknown>,
  observed: SchemaProblem['observed'],
): { observed: SchemaProblem['observed']; secret?: true } {
  if (schema['format'] !== 'password' && !secretNames.test(name.slice(name.lastIndexOf('/') + 1))) return { observed }
  return { observed: typeof observed === 'string' ? `${observed.length} characters` : 'a value', secret: true }
}

/** A value for evidence: scalars as they are, strings printable and at most 100 characters, the rest by kind and size. */
export function observedOf(value: unknown): SchemaProblem['observed'] {
  if (value === undefined) return 'nothing'
  if (typeof value === 'string') return printable(value, 100)
  if (value === null || typeof value === 'number' || typeof value === 'boolean') return value
  if (Array.isArray(value)) return `an array of ${value.length}`
  return `an object with ${list(
    Object.keys(value).map((name) => printable(name, 40)),
    5,
  )}`
}

/** Text that is safe on a terminal and in a log: control and invisible characters escaped, cut at `most` characters. */
export function printable(text: string, most: number): string {
  const cut = text.length > most ? `${text.slice(0, most)}…` : text
  return cut.replaceAll(
    /[\p{C}\u2028\u2029]/gu,
    (character) => `\\u${character.codePointAt(0)!.toString(16).padStart(4, '0')}`,
  )
}

function wordsOf(keyword: string, schema: Record<string, unknown>, params: Record<string, unknown>): string {
  switch (keyword) {
    case 'enum':
      return Array.isArray(schema['enum'])
        ? `one of ${list(
            schema['enum'].map((one) => JSON.stringify(one)),
            12,
          )}`
        : 'a listed value'
    case 'const':
      return JSON.stringify(schema['const'])
    case 'oneOf': {
      const passing = params['passingSchemas']
      return Array.isArray(passing)
        ? 'a value that matches exactly one of the alternatives; it matches several'
        : 'a value that matches one of the alternatives'
    }
    case 'anyOf':
      return 'a value that matches one of the alternatives'
    case 'not':
      return 'a value that does not match what is excluded'
    case 'uniqueItems':
      return 'items that all differ'
    case 'contains':
      return 'an array with a matching item'
    case 'false schema':
      return 'nothing here'
    default:
      return describe(schema)
  }
}

/** A schema of one value in words: `integer ≥ 1`, `string of 1 to 40 characters, format date`. */
export function describe(schema: Record<string, unknown>): string {
  const { type, enum: values } = schema
  if (Array.isArray(values))
    return `one of ${list(
      values.map((one) => JSON.stringify(one)),
      12,
    )}`
  if (schema['const'] !== undefined) return JSON.stringify(schema['const'])
  const types = Array.isArray(type) ? type.join(' or ') : typeof type === 'string' ? type : 'value'
  const parts = [types + bounds(schema)]
  const size =
    range(schema, 'minLength', 'maxLength', 'character') ??
    range(schema, 'minItems', 'maxItems', 'item') ??
    range(schema, 'minProperties', 'maxProperties', 'property')
  if (size) parts[0] += ` of ${size}`
  if (typeof schema['format'] === 'string') parts.push(`format ${schema['format']}`)
  if (typeof schema['pattern'] === 'string') parts.push(`matching ${printable(schema['pattern'], 80)}`)
  if (typeof schema['multipleOf'] === 'number') parts.push(`a multiple of ${schema['multipleOf']}`)
  return parts.join(', ')
}

function bounds(schema: Record<string, unknown>): string {
  const all = [
    ['minimum', '≥'],
    ['exclusiveMinimum', '>'],
    ['maximum', '≤'],
    ['exclusiveMaximum', '<'],
  ] as const
  const written = all.flatMap(([keyword, sign]) =>
    typeof schema[keyword] === 'number' ? [`${sign} ${schema[keyword]}`] : [],
  )
  return written.length === 0 ? '' : ` ${written.join(' and ')}`
}

function range(schema: Record<string, unknown>, least: string, most: string, unit: string): string | undefined {
  const { [least]: min, [most]: max } = schema
  const units = unit === 'property' ? 'properties' : `${unit}s`
  if (typeof min === 'number' && typeof max === 'number')
    return min === max ? `${min} ${units}` : `${min} to ${max} ${units}`
  if (typeof min === 'number') return `at least ${min} ${min === 1 ? unit : units}`
  return typeof max === 'number' ? `at most ${max} ${max === 1 ? unit : units}` : undefined
}

function list(items: readonly string[], most: number): string {
  const shown = items.slice(0, most).join(', ')
  return items.length > most ? `${shown} and ${items.length - most} more` : shown
}

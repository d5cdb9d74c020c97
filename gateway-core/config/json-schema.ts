import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js'
import ajvFormats from 'ajv-formats'
import type { Schema } from './config-of.ts'

// Each schema judges a handful of values once, at the start: checking and polishing it costs more than that. The schemas
// are our own, and a test holds them against the meta schema.
const ajv = new Ajv2020({
  validateSchema: false,
  code: { optimize: false },
  allErrors: true,
  verbose: true,
  strict: true,
  strictTypes: false,
  strictTuples: false,
  strictRequired: false,
  allowUnionTypes: true,
})
ajvFormats.default(ajv)
// What a value is, in words: `a URL such as http://127.0.0.1:9001`. Messages use it where types say too little.
ajv.addKeyword({ keyword: 'wants', schemaType: 'string' })

const compiled = new WeakMap<Schema, ValidateFunction>()

/** Errors of a value against a schema; empty when it is valid. A schema is compiled on first use and kept. */
export function schemaErrors(schema: Schema, value: unknown): readonly ErrorObject[] {
  let validate = compiled.get(schema)
  if (!validate) {
    validate = ajv.compile(schema)
    compiled.set(schema, validate)
  }
  return validate(value) ? [] : (validate.errors ?? [])
}

/**
 * Fills the defaults of a schema into a value, also inside the branch of a union that the value takes, and gives the
 * value back: mappings in it are changed in place.
 */
export function fillDefaults(schema: Schema, value: unknown): unknown {
  for (const keyword of ['oneOf', 'anyOf'] as const) {
    const branches = schema[keyword] as readonly Schema[] | undefined
    if (!branches?.some(hasDefaults)) continue
    const taken = branches.find((branch) => typeFits(branch, value) && accepts(branch, fillCopy(branch, value)))
    if (taken) fillDefaults(taken, value)
  }
  if (Array.isArray(value)) {
    const items = schema['items'] as Schema | undefined
    if (items && hasDefaults(items)) for (const item of value) fillDefaults(items, item)
  } else if (typeof value === 'object' && value !== null) fillMapping(schema, value as Record<string, unknown>)
  return value
}

function fillMapping(schema: Schema, value: Record<string, unknown>): void {
  const properties = (schema['properties'] ?? {}) as Record<string, Schema>
  const others = schema['additionalProperties']
  for (const [key, property] of Object.entries(properties)) {
    if (!Object.hasOwn(value, key)) {
      if (property['default'] !== undefined) value[key] = fillCopy(property, property['default'])
    } else if (hasDefaults(property)) fillDefaults(property, value[key])
  }
  if (typeof others !== 'object' || !hasDefaults(others as Schema)) return
  for (const key of Object.keys(value)) {
    if (!Object.hasOwn(properties, key)) fillDefaults(others as Schema, value[key])
  }
}

function fillCopy(schema: Schema, value: unknown): unknown {
  return fillDefaults(schema, structuredClone(value))
}

/** Whether a value is of one of the types that the schema names; true when it names none. */
export function typeFits(schema: Schema, value: unknown): boolean {
  if (schema['const'] !== undefined) return typeof schema['const'] === typeof value
  if (Array.isArray(schema['enum'])) return schema['enum'].some((one) => typeof one === typeof value)
  const types = [schema['type'] ?? []].flat() as string[]
  return types.length === 0 || types.some((type) => isOfType(type, value))
}

function isOfType(type: string, value: unknown): boolean {
  if (type === 'integer' || type === 'number') return typeof value === 'number'
  if (type === 'array') return Array.isArray(value)
  if (type === 'null') return value === null
  if (type === 'object') return typeof value === 'object' && value !== null && !Array.isArray(value)
  return typeof value === type
}

function accepts(schema: Schema, value: unknown): boolean {
  try {
    return schemaErrors(schema, value).length === 0
  } catch {
    // A branch that refers to the whole schema cannot be judged alone; its type has to do.
    return typeFits(schema, value)
  }
}

const defaultsIn = new WeakMap<Schema, boolean>()

function hasDefaults(schema: Schema): boolean {
  const known = defaultsIn.get(schema)
  if (known !== undefined) return known
  const has = JSON.stringify(schema).includes('"default":')
  defaultsIn.set(schema, has)
  return has
}

import { resolved, type OpenApiDocument } from './document.ts'
import { isObject, join, lookUp } from './pointer.ts'

export type JsonType = 'null' | 'boolean' | 'integer' | 'number' | 'string' | 'array' | 'object'

/**
 * What a schema says about the types of a value and its parts, with references and `allOf`, `oneOf`, `anyOf` taken
 * together. It decides how text is read ("5" as a number or as a string); whether the value is right is for the schema.
 */
export interface Shape {
  /** Empty: the schema does not say. */
  readonly types: ReadonlySet<JsonType>
  readonly properties: ReadonlyMap<string, Shape>
  /** Of the items of an array; of properties not named. */
  readonly items: Shape | undefined
  readonly rest: Shape | undefined
  /** Whether properties may come that the schema does not name. */
  readonly open: boolean
}

export const anyShape: Shape = {
  types: new Set(),
  properties: new Map(),
  items: undefined,
  rest: undefined,
  open: true,
}

/** Deeper than this, text is left as text: parameters and forms do not nest further. */
const deepest = 4

/** Shape of the schema at `pointer`. */
export function shapeOf(document: OpenApiDocument, pointer: string | undefined, depth = 0): Shape {
  if (pointer === undefined || depth > deepest) return anyShape
  const types = new Set<JsonType>()
  const properties = new Map<string, Shape>()
  let items: Shape | undefined
  let rest: Shape | undefined
  let closed = false
  const seen = new Set<string>()
  const visit = (at: string): void => {
    const found = resolvedWithSiblings(document, at)
    for (const { value, pointer: here } of found) {
      if (seen.has(here)) continue
      seen.add(here)
      for (const type of typesOf(value)) types.add(type)
      if (isObject(value['properties'])) {
        for (const name of Object.keys(value['properties'])) {
          if (!properties.has(name))
            properties.set(name, shapeOf(document, join(join(here, 'properties'), name), depth + 1))
        }
      }
      if (isObject(value['items'])) items ??= shapeOf(document, join(here, 'items'), depth + 1)
      if (isObject(value['additionalProperties']))
        rest ??= shapeOf(document, join(here, 'additionalProperties'), depth + 1)
      if (value['additionalProperties'] === false || value['unevaluatedProperties'] === false) closed = true
      for (const keyword of ['allOf', 'oneOf', 'anyOf']) {
        const list = value[keyword]
        if (!Array.isArray(list)) continue
        for (let index = 0; index < list.length; index += 1) visit(join(join(here, keyword), index))
      }
    }
  }
  visit(pointer)
  if (types.size === 0) {
    if (properties.size > 0) types.add('object')
    else if (items) types.add('array')
  }
  return { types, properties, items, rest, open: !closed }
}

/** The schema at a pointer and, where it is a reference with siblings, the one it refers to. */
function resolvedWithSiblings(
  document: OpenApiDocument,
  at: string,
): { value: Record<string, unknown>; pointer: string }[] {
  const written = lookUp(document, at)
  if (!isObject(written)) return []
  if (typeof written['$ref'] !== 'string') return [{ value: written, pointer: at }]
  const target = resolved(document, written, at)
  const both = target ? [target] : []
  return Object.keys(written).length === 1 ? both : [...both, { value: written, pointer: at }]
}

function typesOf(schema: Record<string, unknown>): JsonType[] {
  const { type, enum: values, const: constant } = schema
  if (typeof type === 'string') return [type as JsonType]
  if (Array.isArray(type)) return type as JsonType[]
  if (constant !== undefined) return [typeOf(constant)]
  if (Array.isArray(values)) return values.map((value) => typeOf(value))
  return []
}

/** JSON type of a value; whole numbers are integers. */
export function typeOf(value: unknown): JsonType {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'array'
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number'
  if (typeof value === 'boolean' || typeof value === 'string') return typeof value as JsonType
  return 'object'
}

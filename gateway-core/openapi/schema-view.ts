import type { OpenApiDocument } from './document.ts'
import { isObject, join, lookUp, pointerOfReference } from './pointer.ts'

export type Direction = 'request' | 'response'

/** How schemas are read for validation. */
export interface SchemaReading {
  /** Request: `readOnly` properties may not come and are never required. Response: the same for `writeOnly`. */
  direction: Direction
  /** Refuse properties that no part of a schema names, where the schema names any. */
  closed: boolean
  /** Let properties of the other direction pass unseen instead of refusing them. */
  lenientDirection: boolean
}

/** A schema as the validator gets it, and the references it leads to. */
type Prepared = Record<string, unknown> | boolean

/** Keyword that marks a property which belongs to the other direction; it never validates. */
export const otherDirectionKeyword = 'x-other-direction'

const subSchemas = [
  'additionalProperties',
  'items',
  'contains',
  'unevaluatedItems',
  'unevaluatedProperties',
  'propertyNames',
] as const
const listsHere = ['allOf', 'anyOf', 'oneOf'] as const
const schemasHere = ['not', 'if', 'then', 'else'] as const
const maps = ['properties', 'patternProperties'] as const

/**
 * Turns schemas of a document into what the validator compiles. Each becomes one schema of its own, with a key instead of
 * a pointer, so that the same schema can stand open (inside `allOf`) and closed (as a value): a closed one refuses names
 * that none of its parts evaluates, as `unevaluatedProperties: false` says. Keywords whose value makes no sense are
 * dropped, and `discriminator` becomes conditions that pick one alternative.
 */
export class SchemaView {
  readonly #document: OpenApiDocument
  readonly #reading: SchemaReading
  readonly #origins = new WeakMap<object, string>()
  readonly #wanted: string[] = []
  readonly #made = new Set<string>()

  constructor(document: OpenApiDocument, reading: SchemaReading) {
    this.#document = document
    this.#reading = reading
  }

  /** Key of the schema at `pointer`, and every schema not yet given that it needs, to be added before it is compiled. */
  prepare(pointer: string): { key: string; schemas: readonly (readonly [key: string, schema: Prepared])[] } {
    const key = this.#want(pointer, this.#reading.closed)
    const schemas: [string, Prepared][] = []
    for (let next = this.#wanted.pop(); next !== undefined; next = this.#wanted.pop()) {
      const closed = next.startsWith('closed:')
      const at = decodeURIComponent(next.slice(next.indexOf(':') + 1))
      schemas.push([next, this.#schema(lookUp(this.#document, at), at, closed)])
    }
    return { key, schemas }
  }

  /** Pointer in the document of a schema that was given out, or undefined. */
  originOf(schema: object): string | undefined {
    return this.#origins.get(schema)
  }

  #want(pointer: string, closed: boolean): string {
    const key = `${closed ? 'closed' : 'open'}:${encodeURIComponent(pointer)}`
    if (!this.#made.has(key)) {
      this.#made.add(key)
      this.#wanted.push(key)
    }
    return key
  }

  #schema(written: unknown, pointer: string, closed: boolean): Prepared {
    if (typeof written === 'boolean') return written
    if (!isObject(written)) return true
    const schema: Record<string, unknown> = {}
    this.#origins.set(schema, pointer)
    const target = typeof written['$ref'] === 'string' ? pointerOfReference(written['$ref']) : undefined
    if (target !== undefined) {
      const alone = !Object.keys(written).some((keyword) => checked.has(keyword))
      schema['$ref'] = this.#want(target, closed && alone)
      if (alone) return schema
    }
    for (const keyword of Object.keys(written)) {
      const value = written[keyword]
      if (plain[keyword]?.(value)) schema[keyword] = value
    }
    for (const keyword of subSchemas) {
      if (keyword in written && isSchema(written[keyword])) {
        schema[keyword] = this.#schema(
          written[keyword],
          join(pointer, keyword),
          this.#reading.closed && keyword !== 'propertyNames',
        )
      }
    }
    for (const keyword of schemasHere) {
      if (isSchema(written[keyword])) schema[keyword] = this.#schema(written[keyword], join(pointer, keyword), false)
    }
    const prefix = written['prefixItems']
    if (Array.isArray(prefix)) {
      schema['prefixItems'] = prefix.map((item, at) =>
        this.#schema(item, join(join(pointer, 'prefixItems'), at), this.#reading.closed),
      )
    }
    for (const keyword of maps) this.#map(schema, written, keyword, pointer)
    if (isObject(written['dependentSchemas'])) {
      const at = join(pointer, 'dependentSchemas')
      schema['dependentSchemas'] = Object.fromEntries(
        Object.entries(written['dependentSchemas']).map(([name, value]) => [
          name,
          this.#schema(value, join(at, name), false),
        ]),
      )
    }
    this.#alternatives(schema, written, pointer)
    this.#required(schema, written)
    if (closed) this.#close(schema, written)
    return schema
  }

  #map(schema: Record<string, unknown>, written: Record<string, unknown>, keyword: string, pointer: string): void {
    const map = written[keyword]
    if (!isObject(map)) return
    const at = join(pointer, keyword)
    schema[keyword] = Object.fromEntries(
      Object.entries(map).map(([name, value]) => {
        const here = join(at, name)
        if (!this.#isOther(value)) return [name, this.#schema(value, here, this.#reading.closed)]
        if (this.#reading.lenientDirection) return [name, true]
        const refused = { [otherDirectionKeyword]: true }
        this.#origins.set(refused, here)
        return [name, refused]
      }),
    )
  }

  /** Whether a property belongs to the other direction, as its own schema or one it refers to says. */
  #isOther(value: unknown, depth = 0): boolean {
    if (!isObject(value) || depth > 5) return false
    const mark = this.#reading.direction === 'request' ? 'readOnly' : 'writeOnly'
    if (value[mark] === true) return true
    const target = typeof value['$ref'] === 'string' ? pointerOfReference(value['$ref']) : undefined
    if (target !== undefined && this.#isOther(lookUp(this.#document, target), depth + 1)) return true
    return Array.isArray(value['allOf']) && value['allOf'].some((part) => this.#isOther(part, depth + 1))
  }

  #required(schema: Record<string, unknown>, written: Record<string, unknown>): void {
    const names = written['required']
    if (!Array.isArray(names)) return
    const wanted = [...new Set(names.filter((name): name is string => typeof name === 'string'))]
    schema['required'] = wanted.filter((name) => !this.#isOther(this.#propertyOf(written, name, 0)))
  }

  /** A property's schema, also where a part of the schema declares it. */
  #propertyOf(written: unknown, name: string, depth: number): unknown {
    if (!isObject(written) || depth > 5) return undefined
    const { properties, allOf, $ref: reference } = written
    if (isObject(properties) && Object.hasOwn(properties, name)) return properties[name]
    const parts = Array.isArray(allOf) ? [...(allOf as unknown[])] : []
    const target = typeof reference === 'string' ? pointerOfReference(reference) : undefined
    if (target !== undefined) parts.push(lookUp(this.#document, target))
    for (const part of parts) {
      const found = this.#propertyOf(part, name, depth + 1)
      if (found !== undefined) return found
    }
    return undefined
  }

  #alternatives(schema: Record<string, unknown>, written: Record<string, unknown>, pointer: string): void {
    for (const keyword of listsHere) {
      const list = written[keyword]
      if (!Array.isArray(list) || list.length === 0) continue
      const at = join(pointer, keyword)
      const choice = keyword === 'allOf' ? undefined : this.#choice(written, list)
      if (choice) {
        const chosen = choice.cases.map(({ values, index }) => ({
          if: { type: 'object', required: [choice.name], properties: { [choice.name]: { enum: values } } },
          // oxlint-disable-next-line unicorn/no-thenable -- a keyword of JSON Schema
          then: this.#schema(list[index], join(at, index), false),
        }))
        const tag = {
          type: 'object',
          required: [choice.name],
          properties: { [choice.name]: { enum: choice.cases.flatMap((one) => one.values) } },
        }
        this.#origins.set(tag, pointer)
        this.#origins.set(tag.properties[choice.name]!, join(pointer, 'discriminator'))
        schema['allOf'] = [...((schema['allOf'] as unknown[] | undefined) ?? []), tag, ...chosen]
      } else {
        const parts = list.map((part, index) => this.#schema(part, join(at, index), false))
        schema[keyword] =
          keyword === 'allOf' ? [...((schema['allOf'] as unknown[] | undefined) ?? []), ...parts] : parts
      }
    }
  }

  /** Which value of the discriminating property picks which alternative; undefined where the document leaves it open. */
  #choice(written: Record<string, unknown>, list: readonly unknown[]): Choice | undefined {
    const discriminator = written['discriminator']
    if (!isObject(discriminator) || typeof discriminator['propertyName'] !== 'string') return undefined
    const mapping = isObject(discriminator['mapping']) ? Object.entries(discriminator['mapping']) : []
    const cases: Choice['cases'] = []
    for (const [index, part] of list.entries()) {
      const reference = isObject(part) ? part['$ref'] : undefined
      if (typeof reference !== 'string') return undefined
      const name = reference.slice(reference.lastIndexOf('/') + 1)
      const mapped = mapping.filter(
        ([, target]) =>
          target === reference || target === name || `#/components/schemas/${String(target)}` === reference,
      )
      cases.push({ index, values: mapped.length > 0 ? mapped.map(([value]) => value) : [name] })
    }
    return { name: discriminator['propertyName'], cases }
  }

  /** Closes a schema that names properties; one that names none describes a free-form object. */
  #close(schema: Record<string, unknown>, written: Record<string, unknown>): void {
    if ('additionalProperties' in schema || 'unevaluatedProperties' in schema || !this.#names(written, 0)) return
    const composed =
      '$ref' in schema ||
      'if' in schema ||
      'dependentSchemas' in schema ||
      listsHere.some((keyword) => keyword in schema)
    schema[composed ? 'unevaluatedProperties' : 'additionalProperties'] = false
  }

  #names(written: unknown, depth: number): boolean {
    if (!isObject(written) || depth > 8) return false
    if (maps.some((keyword) => isObject(written[keyword]) && Object.keys(written[keyword]).length > 0)) return true
    const target = typeof written['$ref'] === 'string' ? pointerOfReference(written['$ref']) : undefined
    if (target !== undefined && this.#names(lookUp(this.#document, target), depth + 1)) return true
    return listsHere.some((keyword) => {
      const list = written[keyword]
      return Array.isArray(list) && list.some((part) => this.#names(part, depth + 1))
    })
  }
}

interface Choice {
  name: string
  cases: { index: number; values: string[] }[]
}

function isSchema(value: unknown): boolean {
  return typeof value === 'boolean' || isObject(value)
}

const number = (value: unknown): boolean => typeof value === 'number'
const count = (value: unknown): boolean => typeof value === 'number' && Number.isInteger(value) && value >= 0
const jsonTypes: ReadonlySet<unknown> = new Set(['null', 'boolean', 'integer', 'number', 'string', 'array', 'object'])

/** Keywords taken over as they are, if their value makes sense. */
const plain: Readonly<Record<string, (value: unknown) => boolean>> = {
  type: (value) =>
    jsonTypes.has(value) || (Array.isArray(value) && value.length > 0 && value.every((one) => jsonTypes.has(one))),
  enum: (value) => Array.isArray(value) && value.length > 0,
  const: () => true,
  multipleOf: (value) => typeof value === 'number' && value > 0,
  minimum: number,
  maximum: number,
  exclusiveMinimum: number,
  exclusiveMaximum: number,
  minLength: count,
  maxLength: count,
  pattern: (value) => typeof value === 'string',
  format: (value) => typeof value === 'string',
  minItems: count,
  maxItems: count,
  uniqueItems: (value) => typeof value === 'boolean',
  minContains: count,
  maxContains: count,
  minProperties: count,
  maxProperties: count,
  dependentRequired: (value) => isObject(value) && Object.values(value).every((names) => Array.isArray(names)),
}

/** Keywords that say something about a value; others beside `$ref` are documentation. */
const checked: ReadonlySet<string> = new Set([
  ...Object.keys(plain),
  ...subSchemas,
  ...listsHere,
  ...schemasHere,
  ...maps,
  'prefixItems',
  'dependentSchemas',
  'required',
])

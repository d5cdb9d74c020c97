import { Ajv2020, type AnySchemaObject, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import type { OpenApiDocument } from './document.ts'
import { patternEngine } from './patterns.ts'
import { otherDirectionKeyword, SchemaView, type SchemaReading } from './schema-view.ts'
import { problemsOf, type SchemaProblem } from './schema-words.ts'
import { areUnique } from './unique-items.ts'

/** Says what is wrong with a value; undefined when it is valid. At most `most` problems. */
export type Validate = (value: unknown, most?: number) => readonly SchemaProblem[] | undefined

/** Larger values stop at the first problem: listing each fault of a hostile body would cost more than the body. */
const mostNodesListed = 20_000

/**
 * Validators for the schemas of one document, each compiled once, at its first use. Values are judged by JSON Schema
 * 2020-12 with OpenAPI's formats; `reading` says in which direction they travel and whether unknown names are refused.
 */
export class Schemas {
  readonly #view: SchemaView
  readonly #fast = validator(false)
  #full: Ajv2020 | undefined
  readonly #given: (readonly [string, AnySchemaObject | boolean])[] = []
  readonly #validators = new Map<string, Validate>()

  constructor(document: OpenApiDocument, reading: SchemaReading) {
    this.#view = new SchemaView(document, reading)
  }

  /** Validator of the schema at `pointer`. Compiles nothing yet. */
  at(pointer: string): Validate {
    let validate = this.#validators.get(pointer)
    if (!validate) this.#validators.set(pointer, (validate = this.#lazy(pointer)))
    return validate
  }

  #lazy(pointer: string): Validate {
    let fast: ValidateFunction | undefined
    let full: ValidateFunction | undefined
    let key = ''
    return (value, most = 10) => {
      if (!fast) {
        const prepared = this.#view.prepare(pointer)
        key = prepared.key
        for (const [name, schema] of prepared.schemas) {
          this.#fast.addSchema(schema, name)
          this.#full?.addSchema(schema, name)
          this.#given.push([name, schema])
        }
        fast = this.#fast.getSchema(key)!
      }
      if (fast(value)) return undefined
      const first = fast.errors ?? []
      const origin = (schema: object): string | undefined => this.#view.originOf(schema)
      if (most <= 1 || isLarge(value)) return problemsOf(first, value, origin, most)
      if (!full) {
        this.#full ??= this.#listing()
        full = this.#full.getSchema(key)!
      }
      full(value)
      return problemsOf(full.errors ?? first, value, origin, most)
    }
  }

  #listing(): Ajv2020 {
    const full = validator(true)
    for (const [name, schema] of this.#given) full.addSchema(schema, name)
    return full
  }
}

const known = new WeakMap<OpenApiDocument, Map<string, Schemas>>()

/** The validators of a document for one way of reading it, shared by all policies that read it so. */
export function schemasOf(document: OpenApiDocument, reading: SchemaReading): Schemas {
  const key = `${reading.direction} ${reading.closed} ${reading.lenientDirection}`
  let readings = known.get(document)
  if (!readings) known.set(document, (readings = new Map()))
  let schemas = readings.get(key)
  if (!schemas) readings.set(key, (schemas = new Schemas(document, reading)))
  return schemas
}

export interface SchemaOptions {
  /** Schemas that the schema refers to, by their URI. */
  remotes?: Readonly<Record<string, AnySchemaObject>>
  /** Whether `format` decides, as OpenAPI users expect (the default), or only annotates, as JSON Schema leaves it. */
  formats?: boolean
}

/** Validator of a JSON Schema (2020-12) on its own, as a configuration holds it. Throws where the schema is not one. */
export function compileSchema(schema: AnySchemaObject | boolean, options: SchemaOptions = {}): Validate {
  const make = (allErrors: boolean): ValidateFunction => {
    const ajv = validator(allErrors, options.formats ?? true)
    for (const [id, remote] of Object.entries(options.remotes ?? {})) ajv.addSchema(remote, id)
    return ajv.compile(schema)
  }
  const fast = make(false)
  let full: ValidateFunction | undefined
  return (value, most = 10) => {
    if (fast(value)) return undefined
    const first = fast.errors ?? []
    if (most <= 1 || isLarge(value)) return problemsOf(first, value, () => undefined, most)
    full ??= make(true)
    full(value)
    return problemsOf(full.errors ?? first, value, () => undefined, most)
  }
}

function validator(allErrors: boolean, formats = true): Ajv2020 {
  const ajv = new Ajv2020({
    allErrors,
    verbose: true,
    strict: false,
    logger: false,
    validateSchema: false,
    ownProperties: true,
    validateFormats: formats,
    // The `pattern` keyword runs on an engine that hostile input cannot slow down.
    code: { regExp: patternEngine },
  })
  // oxlint-disable-next-line typescript/no-unsafe-call -- the package's CommonJS default export is typed as a namespace
  ;(addFormats as unknown as (ajv: Ajv2020) => void)(ajv)
  ajv.removeKeyword('uniqueItems')
  ajv.addKeyword({
    keyword: 'uniqueItems',
    type: 'array',
    schemaType: 'boolean',
    validate: (wanted: boolean, items: readonly unknown[]) => !wanted || areUnique(items),
  })
  ajv.addKeyword({ keyword: otherDirectionKeyword, validate: () => false })
  return ajv
}

function isLarge(value: unknown): boolean {
  let left = mostNodesListed
  const walk = (node: unknown): void => {
    left -= 1
    if (left < 0 || typeof node !== 'object' || node === null) return
    for (const child of Array.isArray(node) ? node : Object.values(node)) walk(child)
  }
  walk(value)
  return left < 0
}

export type { ErrorObject, SchemaProblem }

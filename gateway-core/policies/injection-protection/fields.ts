import type { OpenApiDocument } from '../../openapi/document.ts'
import { resolved } from '../../openapi/document.ts'
import { isObject, join, lookUp } from '../../openapi/pointer.ts'
import { schemasOf, type Validate } from '../../openapi/schemas.ts'

/** How much an attack-like text weighs in a field, by what the document declares for it. */
export type FieldKind = 'undeclared' | 'declared' | 'html' | 'markdown'

/**
 * What the document declares for one value. A field whose type leaves no room for an attack (number, enum, date, uuid,
 * …) is `tight`: a value that is valid there needs no look.
 */
export class Field {
  readonly #document: OpenApiDocument
  readonly #pointers: readonly string[]
  readonly #children = new Map<string, Field | undefined>()
  #tight: Validate | undefined | null = null
  #kind: FieldKind | undefined

  constructor(document: OpenApiDocument, pointers: readonly string[]) {
    this.#document = document
    this.#pointers = expand(document, pointers)
  }

  /** Whether the value is valid for a type that leaves no room; text that stands for a number counts too. */
  clears(value: unknown, alternative?: unknown): boolean {
    if (this.#tight === null) this.#tight = this.#findTight()
    const tight = this.#tight
    return tight !== undefined && (!tight(value, 1) || (alternative !== undefined && !tight(alternative, 1)))
  }

  get kind(): FieldKind {
    return (this.#kind ??= this.#findKind())
  }

  /** Field of a property; one that the schema describes for all other names, or undefined. */
  property(name: string): Field | undefined {
    return this.#child(`p${name}`, (schema, at) => {
      if (isObject(schema['properties']) && Object.hasOwn(schema['properties'], name))
        return join(join(at, 'properties'), name)
      return isObject(schema['additionalProperties']) ? join(at, 'additionalProperties') : undefined
    })
  }

  /** Field of each item of an array. */
  get item(): Field | undefined {
    return this.#child('i', (schema, at) => (isObject(schema['items']) ? join(at, 'items') : undefined))
  }

  #child(key: string, find: (schema: Record<string, unknown>, at: string) => string | undefined): Field | undefined {
    if (this.#children.has(key)) return this.#children.get(key)
    const pointers = this.#pointers.flatMap((at) => {
      const schema = lookUp(this.#document, at)
      return isObject(schema) ? (find(schema, at) ?? []) : []
    })
    const field = pointers.length === 0 ? undefined : new Field(this.#document, pointers)
    // Names come from requests: only those that the document knows are remembered.
    if (field) this.#children.set(key, field)
    return field
  }

  #findTight(): Validate | undefined {
    const pointer = this.#pointers.find((at) => isTight(lookUp(this.#document, at)))
    if (pointer === undefined) return undefined
    return schemasOf(this.#document, { direction: 'request', closed: false, lenientDirection: true }).at(pointer)
  }

  #findKind(): FieldKind {
    let declared: FieldKind = 'undeclared'
    for (const at of this.#pointers) {
      const schema = lookUp(this.#document, at)
      if (!isObject(schema)) continue
      const { format, contentMediaType } = schema
      if (format === 'html' || contentMediaType === 'text/html') return 'html'
      if (format === 'markdown' || contentMediaType === 'text/markdown') return 'markdown'
      if (schema['type'] === 'string' || (Array.isArray(schema['type']) && schema['type'].includes('string')))
        declared = 'declared'
    }
    return declared
  }
}

/** The schemas that together or in turn describe a value: references followed, parts and alternatives beside it. */
function expand(document: OpenApiDocument, pointers: readonly string[]): string[] {
  const found = new Set<string>()
  const visit = (pointer: string): void => {
    if (found.has(pointer) || found.size > 64) return
    const written = lookUp(document, pointer)
    const target = resolved(document, written, pointer)
    for (const { value, pointer: at } of target ? [target] : []) {
      if (found.has(at)) continue
      found.add(at)
      for (const keyword of ['allOf', 'oneOf', 'anyOf']) {
        const list = value[keyword]
        if (Array.isArray(list))
          for (let index = 0; index < list.length; index += 1) visit(join(join(at, keyword), index))
      }
    }
  }
  for (const pointer of pointers) visit(pointer)
  return [...found]
}

const tightFormats: ReadonlySet<unknown> = new Set([
  'uuid',
  'date',
  'date-time',
  'time',
  'duration',
  'ipv4',
  'ipv6',
  'int32',
  'int64',
  'iso-4217',
  'byte',
])
const tightTypes: ReadonlySet<unknown> = new Set(['integer', 'number', 'boolean', 'null'])

function isTight(schema: unknown): boolean {
  if (!isObject(schema)) return false
  const { type, format, pattern, contentEncoding } = schema
  if (Array.isArray(schema['enum']) || schema['const'] !== undefined) return true
  if (tightTypes.has(type) || (Array.isArray(type) && type.every((one) => tightTypes.has(one)))) return true
  if (type !== 'string' && !(Array.isArray(type) && type.includes('string'))) return false
  if (contentEncoding === 'base64') return false
  if (tightFormats.has(format) && format !== 'byte') return true
  if (typeof schema['maxLength'] === 'number' && schema['maxLength'] <= 3) return true
  return typeof pattern === 'string' && isTightPattern(pattern)
}

/** Anchored at both ends and without a way to let signs in that attacks need. */
function isTightPattern(pattern: string): boolean {
  const inside = /^\^(.*)\$$/s.exec(pattern)?.[1]
  if (inside === undefined || /\\[SWDPpBnrtsuxc]|\[\^|\|/.test(inside)) return false
  return !/[.'"<>;`%&$^=#/]|\\[\\'"]/.test(inside.replaceAll(/\\[.dw-]/g, ''))
}

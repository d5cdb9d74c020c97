import { isObject, lookUp, pointerOfReference } from './pointer.ts'

/**
 * An OpenAPI 3.1 document as `loadOpenApi` gives it: upgraded, in one piece, and every `$ref` in it local (`#/…`).
 * Schemas keep their references, so that recursive ones stay finite and messages can name a schema; whoever reads
 * another part goes through `resolved`.
 */
export type OpenApiDocument = Readonly<Record<string, unknown>>

/** A part of a document together with the pointer where it really stands. */
export interface Resolved {
  value: Record<string, unknown>
  pointer: string
}

/** Follows `$ref` from a value at `pointer` until something real is found; undefined where a reference leads nowhere or in a circle. */
export function resolved(document: OpenApiDocument, value: unknown, pointer: string): Resolved | undefined {
  let at = pointer
  let current = value
  for (let hops = 0; hops < 50; hops += 1) {
    if (!isObject(current)) return undefined
    if (typeof current['$ref'] !== 'string') return { value: current, pointer: at }
    const target = pointerOfReference(current['$ref'])
    if (target === undefined) return undefined
    at = target
    current = lookUp(document, target)
  }
  return undefined
}

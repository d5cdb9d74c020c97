import type { RE2JS } from 're2js'
import type { FilterField } from './fields.ts'

/** A parsed query. An empty query is an `all` without parts: it holds for every exchange. */
export type Filter =
  | { readonly kind: 'all'; readonly parts: readonly Filter[] }
  | { readonly kind: 'any'; readonly parts: readonly Filter[] }
  | { readonly kind: 'not'; readonly part: Filter }
  | FieldTest

/** One test of one field. `header` is the lower-case field name of `req.header.…` and `resp.header.…`. */
export interface FieldTest {
  readonly kind: 'test'
  readonly field: FilterField
  readonly header: string | undefined
  readonly test: ValueTest
}

/** What a value has to be. Texts of `contains`, `is` and `glob` are compared without regard to ASCII case. */
export type ValueTest =
  | { readonly op: 'contains'; readonly text: string }
  | { readonly op: 'is'; readonly text: string }
  /** Equal to the letter. */
  | { readonly op: 'exactly'; readonly text: string }
  /** Pieces between the `*` of a pattern. */
  | { readonly op: 'glob'; readonly pieces: readonly string[] }
  | { readonly op: 'matches'; readonly regex: RE2JS; readonly source: string }
  /** Numbers from `from` to `to`, both included. */
  | { readonly op: 'within'; readonly from: number; readonly to: number }
  | { readonly op: 'above'; readonly value: number }
  | { readonly op: 'below'; readonly value: number }
  | { readonly op: 'exists' }

/** Why a query cannot be read. `offset` is the 0-based character where it goes wrong. */
export class FilterError extends Error {
  override name = 'FilterError'
  readonly offset: number
  readonly suggestion: string | undefined

  constructor(message: string, offset: number, suggestion?: string) {
    super(message)
    this.offset = offset
    this.suggestion = suggestion
  }
}

/** ASCII letters in lower case, everything else as it is: the same folding that SQLite's LIKE does. */
export function foldCase(text: string): string {
  return /[A-Z]/.test(text) ? text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase()) : text
}

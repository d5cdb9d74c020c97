/** A JSON Schema (2020-12) as a literal in the source. */
export type Schema = { readonly [keyword: string]: unknown }

/**
 * TypeScript type of the values that a literal JSON Schema accepts, after defaults were filled in: a property that is
 * required or has a default is there. Understands const, enum, oneOf, anyOf, type, properties, required,
 * additionalProperties and items; anything else is `unknown`.
 */
export type ConfigOf<S> = S extends { readonly const: infer C }
  ? C
  : S extends { readonly enum: readonly (infer E)[] }
    ? E
    : S extends { readonly oneOf: readonly (infer O)[] }
      ? ConfigOf<O>
      : S extends { readonly anyOf: readonly (infer O)[] }
        ? ConfigOf<O>
        : S extends { readonly type: infer T }
          ? T extends readonly (infer One)[]
            ? ConfigOfType<One, S>
            : ConfigOfType<T, S>
          : unknown

type ConfigOfType<T, S> = T extends 'string'
  ? string
  : T extends 'number' | 'integer'
    ? number
    : T extends 'boolean'
      ? boolean
      : T extends 'null'
        ? null
        : T extends 'array'
          ? S extends { readonly items: infer I }
            ? readonly ConfigOf<I>[]
            : readonly unknown[]
          : T extends 'object'
            ? ConfigOfObject<S>
            : unknown

type ConfigOfObject<S> = S extends { readonly properties: infer P }
  ? { readonly [K in keyof P as K extends PresentKeys<S, P> ? K : never]: ConfigOf<P[K]> } & {
      readonly [K in keyof P as K extends PresentKeys<S, P> ? never : K]?: ConfigOf<P[K]>
    }
  : S extends { readonly additionalProperties: infer A }
    ? A extends Schema
      ? Readonly<Record<string, ConfigOf<A>>>
      : Readonly<Record<string, unknown>>
    : Readonly<Record<string, unknown>>

type PresentKeys<S, P> =
  | (S extends { readonly required: readonly (infer R)[] } ? R : never)
  | { [K in keyof P]: P[K] extends { readonly default: unknown } ? K : never }[keyof P]

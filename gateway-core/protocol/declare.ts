import type { ConfigOf, Schema } from '../config/config-of.ts'

/** A call: parameters by JSON Schema (the server checks each frame against it) and the type of its result. */
export interface Call<P = unknown, R = unknown> {
  readonly params: Schema
  /** Only for the compiler. */
  readonly types?: { params: P; result: R }
}

/** An event that the core sends by itself. `latest`: a slow receiver gets only the newest; else all are batched in order. */
export interface EventKind<T = unknown> {
  readonly delivery: 'every' | 'latest'
  readonly types?: { data: T }
}

/** Declares a call without parameters. */
export function call<R>(): Call<Record<never, never>, R> {
  return { params: { type: 'object', additionalProperties: false } }
}

/** Declares a call with parameters: an object with these properties, those in `optional` may be absent. */
export function callWith<const P extends Schema, const O extends keyof P & string = never>(
  properties: P,
  optional: readonly O[] = [],
) {
  const required = Object.keys(properties).filter((name) => !optional.includes(name as O))
  const params = { type: 'object', additionalProperties: false, required, properties }
  type Params = { [K in Exclude<keyof P, O>]: ConfigOf<P[K]> } & { [K in O]?: ConfigOf<P[K]> }
  return { returns: <R>(): Call<Params, R> => ({ params }) }
}

/** Declares an event. */
export function event<T>(delivery: EventKind['delivery']): EventKind<T> {
  return { delivery }
}

export type ParamsOf<C> = C extends Call<infer P, unknown> ? P : never
export type ResultOf<C> = C extends Call<never, infer R> ? R : C extends Call<infer _P, infer R> ? R : never
export type DataOf<E> = E extends EventKind<infer T> ? T : never

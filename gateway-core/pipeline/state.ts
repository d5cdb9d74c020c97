import type { Maybe } from './facts.ts'

/**
 * What policies count and remember. An operation is data, so that every store (memory, Redis, a replay) applies the
 * same ones; a store never reads a clock: time is the step's `now`, and never runs backwards inside a store.
 */
export type StateOperation =
  | LimitOperation
  /** Adds `by` to a counter that falls back to zero at `resetAt` (ms since epoch); refuses to pass `limit` when given. */
  | { op: 'count'; key: string; by: number; resetAt: number; limit?: number }
  /** Remembers a value until `expiresAt` (ms since epoch). */
  | { op: 'put'; key: string; value: string; expiresAt: number }
  | { op: 'get'; key: string }
  /** True the first time a key is seen before `expiresAt`. */
  | { op: 'once'; key: string; expiresAt: number }

/** Takes `cost` from a limiter. `windowMs` is the length of the window; `burst` is how many may come at once beyond the smooth rate. */
export interface LimitOperation {
  op: 'limit'
  algorithm: LimitAlgorithm
  key: string
  limit: number
  windowMs: number
  burst: number
  cost: number
  /** Whether a denied request counts too (HAProxy does so, nginx does not). */
  countDenied: boolean
}

export const limitAlgorithms = ['fixed-window', 'sliding-window', 'token-bucket', 'leaky-bucket'] as const
export type LimitAlgorithm = (typeof limitAlgorithms)[number]

/** `resetMs` is when the whole limit is there again, `retryAfterMs` the least wait before one more is admitted (0 when allowed). */
export interface LimitAnswer {
  allowed: boolean
  limit: number
  remaining: number
  resetMs: number
  retryAfterMs: number
}

export interface CountAnswer {
  allowed: boolean
  count: number
}

export type StateAnswer<O extends StateOperation> = O extends LimitOperation
  ? LimitAnswer
  : O extends { op: 'count' }
    ? CountAnswer
    : O extends { op: 'get' }
      ? string | null
      : O extends { op: 'once' }
        ? boolean
        : undefined

/** State as a step sees it: one policy instance's own. Ask facts first, then state: a step's operations are one atomic batch. */
export interface State {
  /** Answers at once from memory, with a promise from a shared store: go on with `whenReady`. */
  apply<O extends StateOperation>(operation: O): Maybe<StateAnswer<O>>
}

/** Keeps the state of all instances, by state id. */
export interface StateStore {
  apply<O extends StateOperation>(stateId: string, operation: O, now: number): Maybe<StateAnswer<O>>
  /** Serializable copy of everything not yet expired at `now`, or of the given state ids. */
  snapshot(now: number, stateIds?: Iterable<string>): StateSnapshot
  restore(snapshot: StateSnapshot): void
  /** Forgets the state of every id not in `keep`: what a reload left behind. */
  retain(keep: ReadonlySet<string>): void
}

/** JSON-serializable. */
export interface StateSnapshot {
  version: 1
  now: number
  entries: readonly { stateId: string; key: string; value: unknown }[]
}

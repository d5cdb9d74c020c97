import type { Density } from '../capture/store.ts'
import type { StepCounts } from '../rejudge/coverage.ts'

/** What is asked of the search worker. Sequences of captures are whole numbers. */
export type ToSearch =
  /** Every match before `before`, stretch by stretch. */
  | { kind: 'search'; id: number; query: string; order: 'newest' | 'oldest'; before: number }
  /** Every match after `after`, oldest first. */
  | { kind: 'since'; id: number; query: string; after: number }
  /** How often each policy came to each outcome in what matches. */
  | { kind: 'steps'; id: number; query: string }
  /** How many matches began when. */
  | { kind: 'density'; id: number; query: string; parts: number }
  /** When these began, in as many parts. */
  | { kind: 'when'; id: number; sequences: readonly number[]; parts: number }
  | { kind: 'cancel'; id: number }
  | { kind: 'close' }

export type FromSearch =
  | { kind: 'found'; id: number; list: Float64Array<ArrayBuffer> }
  | { kind: 'counted'; id: number; counts: StepCounts | Density }
  /** `newest`: the last sequence that was looked at, for `since`. */
  | { kind: 'done'; id: number; newest: number; problem?: string }

export interface SearchSetup {
  folder: string
}

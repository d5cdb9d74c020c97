import type { ExchangeVerdict } from '../capture/record.ts'
import type { Position, TraceEntry } from '../pipeline/outcome.ts'
import type { Difference } from './first-difference.ts'

/**
 * What an edit does to an exchange. `same` and `transformed` keep the verdict, `transformed` sends or answers another
 * message; `otherPolicy` is denied or answered as before, but by another policy, code or status.
 */
export const whatIfKinds = ['newlyDenied', 'newlyAllowed', 'otherPolicy', 'transformed', 'undecidable'] as const
export type WhatIfKind = (typeof whatIfKinds)[number]

/** How an exchange ends under one version of the policies. */
export interface WhatIfOutcome {
  /** `pass`: forwarded; `refused`: by the gateway itself; `failed`, `aborted`: as recorded, the policies let it pass. */
  verdict: ExchangeVerdict | 'undecidable'
  /** What the client gets; absent where the upstream's answer is not known. */
  status?: number
  /** Instance id of the policy that denied, answered, failed, or could not decide. */
  decidedBy?: string
  code?: string
  /** Where that policy is written. */
  position?: Position
}

/** One exchange that the edit changes. */
export interface WhatIfChange {
  id: string
  /** `sequence` of the exchange in the capture. */
  order: number
  kind: WhatIfKind
  before: WhatIfOutcome
  after: WhatIfOutcome
  /** A counter that decides here began empty less than its window ago: the verdict may be milder than it would have been. */
  warming?: true
  /** Name of the fact that lacks: of the verdict (`undecidable`), or `upstream-response` where only the answer is unknown. */
  missing?: string
  /** What of the messages differs, for `transformed`: `request header x-caller`, `response body`, … */
  differs?: readonly string[]
}

/** Counts. The six classes add up to `judged`, and to `exchanges` when it is done. */
export interface WhatIfCounts {
  exchanges: number
  judged: number
  same: number
  newlyDenied: number
  newlyAllowed: number
  otherPolicy: number
  transformed: number
  undecidable: number
  /** Undecidable exchanges by the name of the fact that lacks. */
  missing: Readonly<Record<string, number>>
  /** Exchanges that the edit cannot touch, taken from the record without judging them. */
  reused: number
  /** Exchanges whose verdict rests on a counter in its first window. */
  warming: number
  /** Time of judging in ms, of both versions; reading files and new exchanges comes before it. */
  milliseconds: number
  done: boolean
}

export interface WhatIfReport extends WhatIfCounts {
  /** In recorded order. */
  changes: readonly WhatIfChange[]
}

/** Texts that stand for files of the workspace, by path relative to its folder; null: the file is gone. */
export type FileTexts = Readonly<Record<string, string | null>>

/** Which traffic is judged again by which edit. */
export interface WhatIfQuestion {
  /** The edit: unsaved texts over the files on disk. */
  candidate: FileTexts
  /** What it is compared with; default: the files on disk. */
  baseline?: FileTexts
  environment?: string
  /** Only exchanges that match; the others are judged all the same where they count against a limit. */
  query?: string
  /** False: every step runs, nothing is taken from the record. */
  reuse?: boolean
}

export interface WhatIfOptions {
  signal?: AbortSignal
  /**
   * Counts so far and the changes found since the last call, about every 50 ms. Where `judged` is less than before,
   * everything was begun again, and what was told is void.
   */
  onProgress?: (counts: WhatIfCounts, fresh: readonly WhatIfChange[]) => void
}

/** One hunk of an edit, as lines of the candidate's file; `line` 1-based. A pure deletion has `endLine` = `line` - 1. */
export interface Hunk {
  file: string
  line: number
  endLine: number
  /** The new lines, or the removed ones with `-` in front where nothing replaces them. */
  text: string
}

/** One exchange under both versions, step by step. Secrets are not in it. */
export interface WhatIfExplanation {
  id: string
  kind: WhatIfKind | 'same'
  before: WhatIfOutcome & { trace: readonly TraceEntry[] }
  after: WhatIfOutcome & { trace: readonly TraceEntry[] }
  firstDifference: Difference | null
  /** The smallest set of hunks that makes this difference; empty where none is found. */
  blame: readonly Hunk[]
}

/** The smallest request that still shows the same difference, with how much went. */
export interface ShrunkRequest {
  method: string
  target: string
  headers: readonly (readonly [name: string, value: string])[]
  /** Text of the body, where one is left. */
  body?: string
  /** What was dropped or shortened, in words: `header accept`, `query page`, `body /items/0`. */
  dropped: readonly string[]
  before: WhatIfOutcome
  after: WhatIfOutcome
}

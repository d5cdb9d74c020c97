import type { TraceEntry } from '../pipeline/outcome.ts'
import type {
  ChangedMessage,
  ExplainedMessage,
  Hunk,
  WhatIfKind,
  WhatIfOutcome,
  WhatIfTotals,
} from '../protocol/what-if.ts'
import type { Difference } from './first-difference.ts'

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
  /** What of the messages differs, for `transformed`: `request header x-caller`, `response body`, `message from the client`, … */
  differs?: readonly string[]
  /** The first message of a WebSocket or an event stream that the edit judges otherwise. */
  message?: ChangedMessage
}

export interface WhatIfReport extends WhatIfTotals {
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
  onProgress?: (counts: WhatIfTotals, fresh: readonly WhatIfChange[]) => void
}

/** One exchange under both versions, step by step. Secrets are not in it. */
export interface WhatIfExplanation {
  id: string
  kind: WhatIfKind | 'same'
  before: WhatIfOutcome & { trace: readonly TraceEntry[] }
  after: WhatIfOutcome & { trace: readonly TraceEntry[] }
  firstDifference: Difference | null
  /** The message that makes the difference; its steps end both traces. */
  message?: ExplainedMessage
  /** The smallest set of hunks that makes this difference; empty where none is found. */
  blame: readonly Hunk[]
}

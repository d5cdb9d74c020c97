import type { SharedKey } from '../config/workspace-key.ts'
import type { StateAt } from './state-at.ts'
import type { SteppedThrough } from '../protocol/what-if.ts'
import type { ChangedValue } from './step-through.ts'
import type { SmallestRequest, WhatIfTotals } from '../protocol/what-if.ts'
import type { WhatIfChange, WhatIfExplanation, WhatIfQuestion, WhatIfReport } from './what-if.ts'

/** What is asked of the thread, with what it answers. */
export interface WhatIfAnswers {
  judge: { asked: { question: WhatIfQuestion; progress: boolean }; answer: WhatIfReport }
  explain: { asked: { exchange: string; question: WhatIfQuestion }; answer: WhatIfExplanation }
  shrink: { asked: { exchange: string; question: WhatIfQuestion }; answer: SmallestRequest }
  stateAt: { asked: { time: number }; answer: StateAt }
  stepThrough: {
    asked: { exchange: string; changed: readonly ChangedValue[]; question: WhatIfQuestion }
    answer: SteppedThrough
  }
}

export type WhatIfKindAsked = keyof WhatIfAnswers

export type ToWhatIf =
  | { [K in WhatIfKindAsked]: { kind: K; id: number } & WhatIfAnswers[K]['asked'] }[WhatIfKindAsked]
  | { kind: 'cancel'; id: number }
  | { kind: 'close' }

export type FromWhatIf =
  | { kind: 'progress'; id: number; counts: WhatIfTotals; fresh: readonly WhatIfChange[] }
  | { kind: 'answer'; id: number; answer: unknown }
  | { kind: 'failed'; id: number; message: string; suggestion?: string | undefined; where?: string | undefined }

export interface WhatIfSetup {
  folder: string
  key: SharedKey
  env: Readonly<Record<string, string | undefined>>
  engineVersion: string
}

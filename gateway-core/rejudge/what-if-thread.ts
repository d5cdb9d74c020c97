import type { WorkspaceKey } from '../config/workspace-key.ts'
import type { StateAt } from './state-at.ts'
import type { ChangedValue, SteppedThrough } from './step-through.ts'
import type { ShrunkRequest, WhatIfExplanation, WhatIfOptions, WhatIfQuestion, WhatIfReport } from './what-if.ts'

export interface WhatIfThreadOptions {
  /** Folder of the workspace; its capture is what is judged again. */
  folder: string
  key: WorkspaceKey
  env: Readonly<Record<string, string | undefined>>
  engineVersion: string
}

/**
 * Judges a workspace's capture again in a thread of its own. The thread starts with the first question and keeps what it
 * read, so that the next edit is answered at once. A candidate that does not load rejects with a `WhatIfError`.
 */
export class WhatIfThread {
  constructor(_options: WhatIfThreadOptions) {
    // The thread starts with the first question.
  }

  /** Counts and changes. Rejects with the signal's reason when it is aborted. */
  judge(_question: WhatIfQuestion, _options: WhatIfOptions = {}): Promise<WhatIfReport> {
    return Promise.reject(new WhatIfError('not there yet'))
  }

  /** One exchange under both versions, with blame. */
  explain(_id: string, _question: WhatIfQuestion): Promise<WhatIfExplanation> {
    return Promise.reject(new WhatIfError('not there yet'))
  }

  shrink(_id: string, _question: WhatIfQuestion): Promise<ShrunkRequest> {
    return Promise.reject(new WhatIfError('not there yet'))
  }

  /** State of every limiter, quota and session at a moment (ms since the epoch) of the recorded time. */
  stateAt(_time: number): Promise<StateAt> {
    return Promise.reject(new WhatIfError('not there yet'))
  }

  /** One exchange phase by phase by the files on disk, or with texts over them; from a step on with changed values. */
  stepThrough(_id: string, _changed: readonly ChangedValue[], _texts: WhatIfQuestion): Promise<SteppedThrough> {
    return Promise.reject(new WhatIfError('not there yet'))
  }

  close(): void {
    // Nothing runs yet.
  }
}

/** Why a question cannot be answered, for people; `where` is `file:line:column`. */
export class WhatIfError extends Error {
  readonly suggestion: string | undefined
  readonly where: string | undefined
  constructor(message: string, suggestion?: string, where?: string) {
    super(message)
    this.name = 'WhatIfError'
    this.suggestion = suggestion
    this.where = where
  }
}

import { create } from 'zustand'
import { RpcError } from '../../gateway-core/protocol/rpc-error.ts'
import type {
  ShrunkRequest,
  WhatIfCounts,
  WhatIfExplanation,
  WhatIfGroup,
  WhatIfList,
} from '../../gateway-core/protocol/what-if.ts'
import type { Refusal } from '../../gateway-core/protocol/types.ts'

/** Which recorded traffic an edit is tried on: all of it, or what the query of the Traffic screen finds. */
export type Scope = 'all' | 'query'

interface WhatIf {
  /** `idle`: nothing is edited. `waiting`: for a pause in typing. `problem`: the edit cannot be judged. */
  state: 'idle' | 'waiting' | 'judging' | 'done' | 'problem'
  /** Number of the question whose answer is shown. */
  run: number
  counts: WhatIfCounts | undefined
  problem: Refusal | undefined
  scope: Scope
  /** Which count is open below the editor. */
  kind: WhatIfList | undefined
  groups: readonly WhatIfGroup[]
  /** The exchange that is looked at, and what is known of it. */
  selected: string | undefined
  explained: WhatIfExplanation | undefined
  explainProblem: Refusal | undefined
  shrunk: { id: string; request?: ShrunkRequest; problem?: Refusal } | undefined
}

export const whatIfBeginning: WhatIf = {
  state: 'idle',
  run: 0,
  counts: undefined,
  problem: undefined,
  scope: 'all',
  kind: undefined,
  groups: [],
  selected: undefined,
  explained: undefined,
  explainProblem: undefined,
  shrunk: undefined,
}

/** What the edit would do to recorded traffic. What changes it stands in `what-if-live.ts`. */
export const useWhatIf = create<WhatIf>(() => whatIfBeginning)

/** Whether a call failed only because nobody waits for it any more. */
export function isStopped(error: unknown): boolean {
  return error instanceof RpcError && (error.code === 'CANCELLED' || error.code === 'DISCONNECTED')
}

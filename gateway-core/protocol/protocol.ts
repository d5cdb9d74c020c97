import { casesCalls } from './cases.ts'
import type { DataOf, ParamsOf, ResultOf } from './declare.ts'
import { filesCalls, filesEvents } from './files.ts'
import { interceptCalls, interceptEvents } from './intercept.ts'
import { ownTrafficCalls, ownTrafficEvents } from './own-traffic.ts'
import { replayCalls, replayEvents } from './replay.ts'
import { testsCalls, testsEvents } from './tests.ts'
import { tokensCalls } from './tokens.ts'
import { trafficCalls, trafficEvents } from './traffic.ts'
import { whatIfCalls, whatIfEvents } from './what-if.ts'
import { workbenchCalls, workbenchEvents } from './workbench.ts'

/**
 * Every call that a screen can make of the core, declared once, a file for each area. Both transports carry exactly
 * these; the server refuses what is not here and what does not fit its parameters. A call fails with an `RpcError` that
 * says what, where and what to do.
 */
export const calls = {
  ...workbenchCalls,
  ...trafficCalls,
  ...filesCalls,
  ...whatIfCalls,
  ...replayCalls,
  ...interceptCalls,
  ...tokensCalls,
  ...testsCalls,
  ...casesCalls,
  ...ownTrafficCalls,
} as const

/** Every event that the core sends by itself. */
export const events = {
  ...workbenchEvents,
  ...trafficEvents,
  ...filesEvents,
  ...whatIfEvents,
  ...replayEvents,
  ...interceptEvents,
  ...testsEvents,
  ...ownTrafficEvents,
} as const

export type Calls = typeof calls
export type CallName = keyof Calls
export type Params<N extends CallName> = ParamsOf<Calls[N]>
export type Result<N extends CallName> = ResultOf<Calls[N]>
export type Events = typeof events
export type EventName = keyof Events
export type EventData<N extends EventName> = DataOf<Events[N]>

/** What a running call knows besides its parameters. */
export interface CallContext {
  /** Aborted when nobody waits for the answer any more. */
  readonly signal: AbortSignal
}

/** What serves the calls: one function for each. It throws an RpcError where something cannot be done. */
export type Handlers = HandlersOf<CallName>

/** What serves some of the calls. */
export type HandlersOf<Names extends CallName> = {
  readonly [N in Names]: (params: Params<N>, context: CallContext) => Result<N> | Promise<Result<N>>
}

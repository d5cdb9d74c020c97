import type { BreakpointRow } from '../../gateway-core/protocol/intercept.ts'
import { RpcError } from '../../gateway-core/protocol/rpc-error.ts'
import { create } from 'zustand'
import { core } from '../core/core.ts'
import { tellFailure } from '../shell/notices.ts'
import { take } from './intercept-store.ts'

export type NewBreakpoint = Pick<BreakpointRow, 'query' | 'on' | 'once' | 'seconds'>

/** Why a query cannot be read, as the query bar shows it. */
export interface QueryProblem {
  message: string
  offset: number
  suggestion?: string
}

/** A bar in which nothing was written. */
export const emptyBar: Bar = { query: '', on: 'request', once: false, seconds: 60, changing: undefined }

/** What the bar above the list says: a breakpoint to set, or the one (by id) to change. */
type Bar = NewBreakpoint & { changing: number | undefined }
export const useBar = create<Bar>(() => emptyBar)

/** Sets a breakpoint, or changes one that is there; what is wrong with its query comes back. */
export async function addBreakpoint(settings: NewBreakpoint, id?: number): Promise<QueryProblem | undefined> {
  try {
    if (id === undefined) take(await core.call('intercept.addBreakpoint', settings))
    else take(await core.call('intercept.changeBreakpoint', { id, ...settings }))
    return undefined
  } catch (error) {
    const at = error instanceof RpcError ? /^character (\d+)$/.exec(error.where ?? '')?.[1] : undefined
    if (!(error instanceof RpcError) || at === undefined) {
      tellFailure(error)
      return { message: '', offset: 0 }
    }
    const message = error.message.replace(/^the query cannot be read: /, '')
    return { message, offset: Number(at) - 1, ...(error.todo !== undefined && { suggestion: error.todo }) }
  }
}

export async function changeBreakpoint(
  id: number,
  change: Partial<NewBreakpoint> & { enabled?: boolean },
): Promise<void> {
  try {
    take(await core.call('intercept.changeBreakpoint', { id, ...change }))
  } catch (error) {
    tellFailure(error)
  }
}

export async function removeBreakpoint(id: number): Promise<void> {
  try {
    take(await core.call('intercept.removeBreakpoint', { id }))
    if (useBar.getState().changing === id) useBar.setState(emptyBar)
  } catch (error) {
    tellFailure(error)
  }
}

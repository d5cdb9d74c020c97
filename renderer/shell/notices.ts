import { create } from 'zustand'
import { RpcError } from '../../gateway-core/protocol/rpc-error.ts'
import type { Refusal } from '../../gateway-core/protocol/types.ts'

export interface Notice extends Refusal {
  id: number
}

interface Notices {
  notices: Notice[]
  /** Shows it until it is closed; plain information goes by itself. One about the same place replaces the older. */
  tell(notice: Refusal): void
  close(id: number): void
}

let nextId = 1
const informationMs = 4000

export const useNotices = create<Notices>((set, get) => ({
  notices: [],
  tell(refusal) {
    const id = nextId++
    const others = get().notices.filter(
      ({ what, where }) => what !== refusal.what && !(where && where === refusal.where),
    )
    set({ notices: [...others.slice(-3), { ...refusal, id }] })
    if (refusal.severity === 'info') setTimeout(() => get().close(id), informationMs)
  },
  close: (id) => set(({ notices }) => ({ notices: notices.filter((one) => one.id !== id) })),
}))

/** Says for a moment that something was done. */
export function tellDone(what: string): void {
  useNotices.getState().tell({ what, severity: 'info' })
}

/** Shows why something failed; what nobody waits for any more is passed over. */
export function tellFailure(error: unknown): void {
  if (error instanceof RpcError && (error.code === 'CANCELLED' || error.code === 'DISCONNECTED')) return
  useNotices.getState().tell(refusalOf(error))
}

/** An error in one line, with what to do, for a form that it keeps from being sent. */
export function failureText(error: unknown): string {
  const { what, todo } = refusalOf(error)
  return todo ? `${what} — ${todo}` : what
}

/** An error as something that a person reads. */
export function refusalOf(error: unknown): Refusal {
  if (error instanceof RpcError) return error.refusal()
  return { what: error instanceof Error ? error.message : String(error), severity: 'error' }
}

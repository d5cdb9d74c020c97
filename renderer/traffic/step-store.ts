import { useEffect } from 'react'
import { create } from 'zustand'
import type { Refusal } from '../../gateway-core/protocol/types.ts'
import type { SteppedThrough } from '../../gateway-core/protocol/what-if.ts'
import { core } from '../core/core.ts'
import { refusalOf } from '../shell/notices.ts'
import { type ValueChange, withChange } from './step-changes.ts'

interface Steps {
  id: string | undefined
  stepped: SteppedThrough | undefined
  problem: Refusal | undefined
  /** Where one stands: before that step; one past the last is the end. */
  at: number
  /** Values changed by hand. With any, what is shown did not happen. */
  changes: readonly ValueChange[]
}

const beginning: Steps = { id: undefined, stepped: undefined, problem: undefined, at: 0, changes: [] }

/** One exchange, step by step, as the same runner judges it. */
export const useSteps = create<Steps>(() => beginning)

/** Loads an exchange while it is shown. */
export function useStepsOf(id: string): void {
  useEffect(() => {
    if (useSteps.getState().id === id) return
    useSteps.setState({ ...beginning, id })
    void load()
  }, [id])
}

export function goToStep(at: number): void {
  const last = useSteps.getState().stepped?.trace.length ?? 0
  useSteps.setState({ at: Math.max(0, Math.min(last, at)) })
}

export function changeValue(change: ValueChange): void {
  useSteps.setState(({ changes }) => ({ changes: withChange(changes, change) }))
  void load()
}

export function undoChange(change: ValueChange): void {
  useSteps.setState(({ changes }) => ({ changes: changes.filter((one) => one !== change) }))
  void load()
}

export function undoChanges(): void {
  useSteps.setState({ changes: [] })
  void load()
}

async function load(): Promise<void> {
  const { id, changes } = useSteps.getState()
  if (id === undefined) return
  const isWanted = () => useSteps.getState().id === id && useSteps.getState().changes === changes
  try {
    const stepped = await core.call('past.steps', { id, changes: [...changes], texts: [] })
    if (!isWanted()) return
    useSteps.setState(({ at, stepped: before }) => {
      const end = stepped.trace.length
      // Who looks at the end sees how it ends now.
      return { stepped, problem: undefined, at: at === before?.trace.length ? end : Math.min(at, end) }
    })
  } catch (error) {
    if (isWanted()) useSteps.setState({ problem: refusalOf(error) })
  }
}

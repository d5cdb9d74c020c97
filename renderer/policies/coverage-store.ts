import { useEffect } from 'react'
import { create } from 'zustand'
import type { Coverage } from '../../gateway-core/protocol/what-if.ts'
import { core } from '../core/core.ts'
import { useWorkspace } from '../shell/workbench.ts'
import { usePolicies } from './policies-store.ts'

interface CoverageState {
  coverage: Coverage | undefined
  /** The report stands in the place of the policy at the cursor. */
  report: boolean
  /** Only what was never hit. */
  onlyNever: boolean
}

/** What recorded traffic exercised. Asked for while the Policies screen is shown, at most every four seconds. */
export const useCoverage = create<CoverageState>(() => ({ coverage: undefined, report: false, onlyNever: false }))

const quietMs = 4000
let askedAt = 0
let timer: ReturnType<typeof setTimeout> | undefined

/** Keeps the coverage fresh while the component is shown: it is counted again when policies met traffic, or changed. */
export function useFreshCoverage(): void {
  const folder = useWorkspace((workspace) => workspace.folder)
  const counters = usePolicies((state) => state.counters)
  useEffect(() => {
    if (folder === undefined) return
    clearTimeout(timer)
    timer = setTimeout(ask, Math.max(0, askedAt + quietMs - Date.now()))
  }, [folder, counters])
  useEffect(() => () => clearTimeout(timer), [])
}

function ask(): void {
  askedAt = Date.now()
  core.call('whatIf.coverage', { query: '' }).then(
    (coverage) => useCoverage.setState({ coverage }),
    // What was counted before stays; the connection says itself that it is gone.
    () => undefined,
  )
}

import { useMemo } from 'react'
import type { Problem } from '../../gateway-core/protocol/types.ts'
import { useWorkspace } from '../shell/workbench.ts'
import { shownProblems } from './problems.ts'
import { usePolicies } from './policies-store.ts'

const none: readonly Problem[] = []

/** The problems of the workspace, with those of open files as they are typed. */
export function useProblems(): readonly Problem[] {
  const checked = usePolicies((state) => state.checked)
  const active = usePolicies((state) => state.active)
  const onDisk = useWorkspace()?.problems ?? none
  return useMemo(() => shownProblems(onDisk, checked, active), [onDisk, checked, active])
}

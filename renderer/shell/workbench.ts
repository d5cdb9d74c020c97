import { create } from 'zustand'
import type { OpenWorkspace, WorkbenchState } from '../../gateway-core/protocol/types.ts'
import { core } from '../core/core.ts'
import { markOnce } from '../core/marks.ts'
import { tellFailure, useNotices } from './notices.ts'
import { samePartsOf } from './same-parts.ts'

interface Workbench {
  /** Undefined until the core told it for the first time. */
  state: WorkbenchState | undefined
  connection: { state: 'connecting' | 'connected' | 'closed'; reason?: string | undefined }
  /** Paths of files with edits that are not saved, as the Policies screen tells them. */
  unsaved: readonly string[]
  /** What is being done now, shown in the footer; undefined when nothing is. */
  job: { title: string; cancel?: () => void } | undefined
  setUnsaved(paths: readonly string[]): void
  setJob(job: Workbench['job']): void
}

/** What every screen knows of the core and the open workspace. */
export const useWorkbench = create<Workbench>((set) => ({
  state: undefined,
  connection: { state: core.state },
  unsaved: [],
  job: undefined,
  setUnsaved: (unsaved) => set({ unsaved }),
  setJob: (job) => set({ job }),
}))

/** The open workspace, or undefined; or a part of it, which is drawn again only when that part changes. */
export function useWorkspace(): OpenWorkspace | undefined
export function useWorkspace<T>(part: (workspace: OpenWorkspace) => T): T | undefined
export function useWorkspace<T>(part?: (workspace: OpenWorkspace) => T): OpenWorkspace | T | undefined {
  return useWorkbench(({ state }) => {
    const workspace = state?.workspace ?? undefined
    return workspace && part ? part(workspace) : workspace
  })
}

function takeState(next: WorkbenchState): void {
  useWorkbench.setState(({ state }) => ({ state: samePartsOf(state, next) }))
}

/** Begins to listen to the core. Called once, when the page starts. */
export function followCore(): void {
  const take = (state: WorkbenchState) => {
    takeState(state)
    markOnce('state')
    // For the first paint when this page is loaded again.
    sessionStorage.setItem('gatehouse opening', state.workspace ? 'workspace' : 'nothing')
  }
  const ask = () => {
    core.call('workbench.state').then(take, tellFailure)
  }
  core.onState((state, reason) => useWorkbench.setState({ connection: { state, reason } }))
  core.onSync(() => {
    markOnce('connected')
    ask()
  })
  core.on('workbench.changed', take)
  core.on('trouble', (refusal) => useNotices.getState().tell(refusal))
  if (core.state === 'connected') ask()
}

/** Makes a call whose answer is the new state; failures are shown. Resolves to whether it went well. */
export async function change(call: Promise<WorkbenchState>, title?: string): Promise<boolean> {
  if (title) useWorkbench.setState({ job: { title } })
  try {
    takeState(await call)
    return true
  } catch (error) {
    tellFailure(error)
    return false
  } finally {
    if (title) useWorkbench.setState({ job: undefined })
  }
}

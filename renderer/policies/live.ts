import type { OpenWorkspace } from '../../gateway-core/protocol/types.ts'
import { core } from '../core/core.ts'
import { tellFailure } from '../shell/notices.ts'
import { useWorkbench } from '../shell/workbench.ts'
import { checkAgain } from './checks.ts'
import { applied, fileChanged, keepDrafts, loadFile, openFile, takeFromDisk } from './files.ts'
import { firstFile } from './file-list.ts'
import { forgetWorkspace, usePolicies } from './policies-store.ts'

let following = false

/** Begins to listen to the core, once: edits outlive a look at another screen, so does the watch over them. */
export function followFiles(): void {
  if (following) return
  following = true
  let treeTimer: ReturnType<typeof setTimeout> | undefined
  let folder = workspaceNow()?.folder
  const loadTreeSoon = () => {
    clearTimeout(treeTimer)
    treeTimer = setTimeout(() => void loadTree(), 150)
  }
  const ask = () => {
    void loadTree()
    core.call('policies.counters').then((counters) => usePolicies.setState({ counters }), tellFailure)
    core.call('policies.types').then((types) => usePolicies.setState({ types }), tellFailure)
    for (const path of Object.keys(usePolicies.getState().documents)) void takeFromDisk(path)
  }
  core.onSync(() => workspaceNow() && ask())
  core.on('policies.counters', (counters) => usePolicies.setState({ counters }))
  core.on('files.changed', ({ path, version }) => {
    void fileChanged(path, version)
    // What another file says may be wrong or right now.
    if (path !== usePolicies.getState().active) checkAgain()
    loadTreeSoon()
  })
  useWorkbench.subscribe(({ state }) => {
    const workspace = state?.workspace ?? undefined
    if (workspace?.folder !== folder) {
      folder = workspace?.folder
      forgetWorkspace()
      if (workspace) ask()
    }
    if (workspace) tellApplied(workspace)
  })
  window.addEventListener('pagehide', keepDrafts)
  if (folder !== undefined) ask()
}

function workspaceNow(): OpenWorkspace | undefined {
  return useWorkbench.getState().state?.workspace ?? undefined
}

async function loadTree(): Promise<void> {
  try {
    const tree = await core.call('files.tree')
    usePolicies.setState({ tree, treeFailure: undefined })
    const first = firstFile(tree)
    // A place that something else leads to comes first, also when it comes while this file is read.
    const nothingOpen = () => usePolicies.getState().active === null && usePolicies.getState().tabs.length === 0
    if (!first || !nothingOpen()) return
    await loadFile(first)
    if (nothingOpen()) await openFile(first)
  } catch (error) {
    usePolicies.setState({ treeFailure: error instanceof Error ? error.message : String(error) })
  }
}

/** A saved text is in force with the next revision, or the core says that it does not load. */
function tellApplied(workspace: OpenWorkspace): void {
  for (const [path, before] of Object.entries(usePolicies.getState().applying)) {
    if (workspace.revision !== before || workspace.lastGood) applied(path)
  }
}

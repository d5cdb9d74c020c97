import { type WhatIfList, whatIfKinds, whatIfLists } from '../../gateway-core/protocol/what-if.ts'
import type { Action } from '../shell/actions.ts'
import { useNavigation } from '../shell/navigation.ts'
import { currentEditor } from './code-editor.tsx'
import { openFile } from './files.ts'
import { kindLooks } from './what-if.ts'
import { judgeAgain, openKind, setScope, shrink } from './what-if-live.ts'
import { useWhatIf } from './what-if-store.ts'

const group = 'What if'
const isOpen = () => useWhatIf.getState().kind !== undefined
const chosen = () => (isOpen() ? useWhatIf.getState().selected : undefined)

/** Kinds that the edit makes, in the order of the strip. */
function found(): readonly WhatIfList[] {
  const { counts } = useWhatIf.getState()
  return counts ? whatIfKinds.filter((kind) => counts[kind] > 0) : []
}

/** What can be done with what an edit would change. */
export const whatIfActions: readonly Action[] = [
  {
    id: 'whatIf.next',
    title: 'Show what the edit changes, and the next kind of it',
    group,
    shortcut: 'Mod+Shift+Y',
    keywords: 'rejudge newly denied allowed undecidable',
    enabled: () => found().length > 0,
    run() {
      const kinds = found()
      const { kind } = useWhatIf.getState()
      openKind(kinds[kind ? (kinds.indexOf(kind) + 1) % kinds.length : 0])
    },
  },
  ...whatIfLists.map(
    (kind): Action => ({
      id: `whatIf.${kind}`,
      title:
        kind === 'same'
          ? 'Show exchanges that the edit leaves as they are'
          : `Show exchanges ${kindLooks[kind].title} by the edit`,
      group,
      enabled: () => (useWhatIf.getState().counts?.[kind] ?? 0) > 0,
      run: () => openKind(kind),
    }),
  ),
  {
    id: 'whatIf.line',
    title: 'Go to the line that makes the difference',
    group,
    shortcut: 'o',
    enabled: () => chosen() !== undefined && (useWhatIf.getState().explained?.blame.length ?? 0) > 0,
    run() {
      const [hunk] = useWhatIf.getState().explained?.blame ?? []
      return hunk && openFile(hunk.file, hunk.line)
    },
  },
  {
    id: 'whatIf.shrink',
    title: 'Find the smallest request that shows the difference',
    group,
    shortcut: 's',
    enabled: () => chosen() !== undefined && useWhatIf.getState().kind !== 'same',
    run: () => shrink(chosen()!),
  },
  {
    id: 'whatIf.traffic',
    title: 'Show the exchange in Traffic',
    group,
    shortcut: 't',
    enabled: () => chosen() !== undefined,
    run: () => useNavigation.getState().openTraffic(`id:${chosen()}`),
  },
  {
    id: 'whatIf.close',
    title: 'Close the list, back to the text',
    group,
    shortcut: 'Escape',
    hidden: true,
    enabled: isOpen,
    run() {
      openKind(undefined)
      currentEditor()?.focus()
    },
  },
  {
    id: 'whatIf.again',
    title: 'Judge the recorded traffic again',
    group,
    keywords: 'refresh rejudge what if',
    enabled: () => useWhatIf.getState().state !== 'idle',
    run: judgeAgain,
  },
  {
    id: 'whatIf.scope',
    title: 'Try the edit on all traffic, or on the query of Traffic',
    group,
    run: () => setScope(useWhatIf.getState().scope === 'all' ? 'query' : 'all'),
  },
]

import { type ComponentType, lazy } from 'react'
import type { OpenWorkspace } from '../../gateway-core/protocol/types.ts'
import { TrafficScreen } from '../traffic/traffic-screen.tsx'
import { countText } from '../ui/format.ts'
import type { Screen } from './navigation.ts'
import { useWorkbench } from './workbench.ts'

/** One stop on the rail, in the order of the loop: see, change, prove, ship. */
export interface ScreenEntry {
  title: string
  Component: ComponentType
  /** The one number that says whether to go there, and what it counts in words. */
  useNote?: (workspace: OpenWorkspace) => { text: string; says: string } | undefined
}

/** The screens that work. The first is there at once; the others are loaded when somebody goes there. */
export const screenEntries: Readonly<Record<Screen, ScreenEntry>> = {
  traffic: {
    title: 'Traffic',
    Component: TrafficScreen,
    useNote: ({ captures }) => ({
      text: countText(captures.exchanges),
      says: `${captures.exchanges} exchanges recorded`,
    }),
  },
  policies: {
    title: 'Policies',
    Component: lazy(async () => ({
      default: (await import('../policies/policies-screen.tsx')).PoliciesScreen,
    })),
    useNote: ({ problems }) => {
      const unsaved = useWorkbench((workbench) => workbench.unsaved)
      if (unsaved.length > 0) return { text: '●', says: 'edits are not saved' }
      return problems.length > 0 ? { text: `${problems.length} ⚠`, says: `${problems.length} problems` } : undefined
    },
  },
  replay: {
    title: 'Replay',
    Component: lazy(async () => ({
      default: (await import('../replay/replay-screen.tsx')).ReplayScreen,
    })),
  },
}

import { type ComponentType, lazy } from 'react'
import type { OpenWorkspace } from '../../gateway-core/protocol/types.ts'
import { useIntercept } from '../intercept/intercept-store.ts'
import { TrafficScreen } from '../traffic/traffic-screen.tsx'
import { countTests, useTests } from '../tests/tests-store.ts'
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
  intercept: {
    title: 'Intercept',
    Component: lazy(async () => ({
      default: (await import('../intercept/intercept-screen.tsx')).InterceptScreen,
    })),
    useNote: () => {
      const held = useIntercept(({ state }) => state?.held ?? 0)
      return held > 0 ? { text: countText(held), says: `${held} held` } : undefined
    },
  },
  replay: {
    title: 'Replay',
    Component: lazy(async () => ({
      default: (await import('../replay/replay-screen.tsx')).ReplayScreen,
    })),
  },
  tests: {
    title: 'Tests',
    Component: lazy(async () => ({
      default: (await import('../tests/tests-screen.tsx')).TestsScreen,
    })),
    useNote: () => {
      const { passed, failed } = countTests(useTests((tests) => tests.state))
      if (failed > 0) return { text: `${failed} ✕`, says: `${failed} failed` }
      return passed > 0 ? { text: `${passed}`, says: `${passed} passed` } : undefined
    },
  },
}

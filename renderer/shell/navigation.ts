import { create } from 'zustand'

/** The screens that work, in the order of the rail; `screens.tsx` says what each is. */
export const screens = ['traffic', 'policies', 'intercept', 'replay', 'tests'] as const
export type Screen = (typeof screens)[number]

/** A place in a workspace file, 1-based. `stamp` is new each time, so that going to the same place twice is seen. */
export interface FilePlace {
  file: string
  line: number
  column: number
  stamp: number
}

interface Navigation {
  screen: Screen
  /** Where the Policies screen should go; it shows this place as soon as it is there. */
  place: FilePlace | undefined
  /** A query that the Traffic screen should run. */
  trafficQuery: { text: string; stamp: number } | undefined
  /** An entry that the Replay screen should show. */
  replayEntry: { id: string; stamp: number } | undefined
  go(screen: Screen): void
  /** Opens the Policies screen at a line. */
  openPolicy(file: string, line: number, column?: number): void
  /** Opens the Traffic screen with a query. */
  openTraffic(query: string): void
  /** Opens the Replay screen with an entry that `replay.create` made. */
  openReplay(id: string): void
}

let stamp = 0

export const useNavigation = create<Navigation>((set) => ({
  screen: 'traffic',
  place: undefined,
  trafficQuery: undefined,
  replayEntry: undefined,
  go: (screen) => set({ screen }),
  openPolicy: (file, line, column = 1) => set({ screen: 'policies', place: { file, line, column, stamp: ++stamp } }),
  openTraffic: (text) => set({ screen: 'traffic', trafficQuery: { text, stamp: ++stamp } }),
  openReplay: (id) => set({ screen: 'replay', replayEntry: { id, stamp: ++stamp } }),
}))

import { create } from 'zustand'
import type { Refusal } from '../../gateway-core/protocol/types.ts'
import type { Density } from '../../gateway-core/capture/store.ts'
import type { PastState } from '../../gateway-core/protocol/what-if.ts'
import { core } from '../core/core.ts'
import { refusalOf } from '../shell/notices.ts'
import { useWorkbench } from '../shell/workbench.ts'
import { parts } from './time-places.ts'

interface Time {
  density: Density | undefined
  /** The moment that is looked at, in ms since the epoch; undefined: now. */
  at: number | undefined
  state: PastState | undefined
  problem: Refusal | undefined
}

const beginning: Time = { density: undefined, at: undefined, state: undefined, problem: undefined }

/** The recorded time, and what was counted at one moment of it. */
export const useTime = create<Time>(() => beginning)

const quietMs = 3000
/** While exchanges are listed and none is written yet. */
const soonMs = 500

let asked = { search: -1, at: 0 }
let timer: ReturnType<typeof setTimeout> | undefined
const moment: { wanted: number | undefined; running: boolean } = { wanted: undefined, running: false }
let folder: string | undefined

/** Counts anew: another search at once, a growing one every three seconds. `some`: exchanges are listed. */
export function askDensity(query: string, search: number, some: boolean): void {
  const now = useWorkbench.getState().state?.workspace?.folder
  if (now !== folder) {
    folder = now
    useTime.setState(beginning)
  }
  const quiet = some && !useTime.getState().density?.to ? soonMs : quietMs
  const wait = asked.search === search ? Math.max(0, asked.at + quiet - Date.now()) : 0
  clearTimeout(timer)
  timer = setTimeout(() => void load(query, search, some), wait)
}

async function load(query: string, search: number, some: boolean): Promise<void> {
  asked = { search, at: Date.now() }
  try {
    const density = await core.call('past.density', { query, parts })
    if (asked.search !== search) return
    useTime.setState({ density })
    if (some && density.to === 0) askDensity(query, search, some)
  } catch {
    // A query that cannot be read says so in its own bar; the bars of the one before stay.
  }
}

/** Looks at a moment, or at now again. While one moves the slider only the newest moment is asked for. */
export function lookAt(at: number | undefined): void {
  useTime.setState(at === undefined ? { at, state: undefined, problem: undefined } : { at })
  moment.wanted = at
  if (at !== undefined && !moment.running) void loadState()
}

async function loadState(): Promise<void> {
  moment.running = true
  while (moment.wanted !== undefined) {
    const time = moment.wanted
    moment.wanted = undefined
    try {
      const state = await core.call('past.stateAt', { time })
      if (useTime.getState().at !== undefined) useTime.setState({ state, problem: undefined })
    } catch (error) {
      if (useTime.getState().at === time) useTime.setState({ problem: refusalOf(error) })
    }
  }
  moment.running = false
}

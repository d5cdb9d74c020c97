import { create } from 'zustand'
import type { SearchState, TrafficRow } from '../../gateway-core/protocol/types.ts'
import { core } from '../core/core.ts'
import { tellFailure } from '../shell/notices.ts'
import { useWorkbench } from '../shell/workbench.ts'
import { paced } from '../ui/paced.ts'
import { RowWindow } from './row-window.ts'

interface Traffic {
  /** As it stands in the query bar. */
  query: string
  problem: SearchState['problem']
  /** Undefined until the first search was answered. */
  search: number | undefined
  searching: boolean
  /** What stands on top. */
  order: 'newest' | 'oldest'
  /** The newest are shown as they come. */
  following: boolean
  /** Changes whenever the rows do. */
  version: number
  selected: string | undefined
  /** Where the selected row is, or was when it was last seen. */
  selectedIndex: number
}

export const useTraffic = create<Traffic>(() => ({
  query: '',
  problem: undefined,
  search: undefined,
  searching: false,
  order: 'newest',
  following: true,
  version: 0,
  selected: undefined,
  selectedIndex: -1,
}))

const rows = new RowWindow()
let seen = { first: 0, last: 40 }
let asking = false
let askAgain = false
let searchRun = 0
let timer: ReturnType<typeof setTimeout> | undefined
const typingMs = 150
/** However fast requests come, the rows change at most so often (ms): nobody reads faster, and a frame must not wait. */
const growthMs = 250
/** Rows that are fetched above and below those that are seen, each time that new ones came. */
const growthMargin = 8
/** What the core told last of the search. */
let newest: SearchState | undefined

/** How many rows the table has, how many are held back, and the rows themselves. */
export const table = {
  get length(): number {
    return rows.length
  },
  get heldBack(): number {
    return rows.shift
  },
  row: (index: number): TrafficRow | undefined => rows.row(index),
}

/** Keeps rows up to date while the page lives. */
export function followTraffic(): void {
  core.onSync(() => void runSearch())
  // Another workspace: its own exchanges, and none of the queries and selections of the one before.
  let folder = useWorkbench.getState().state?.workspace?.folder
  useWorkbench.subscribe(({ state }) => {
    if (state?.workspace?.folder === folder) return
    folder = state?.workspace?.folder
    rows.clear()
    useTraffic.setState({ query: '', problem: undefined, search: undefined, selected: undefined, selectedIndex: -1 })
    void runSearch()
  })
  core.on('traffic.changed', (state) => {
    if (state.search === useTraffic.getState().search) grown(state)
  })
}

/** The text of the query bar changed: searched once the typing pauses. */
export function setQuery(query: string, at: 'now' | 'soon' = 'soon'): void {
  useTraffic.setState({ query })
  clearTimeout(timer)
  if (at === 'now') void runSearch()
  else timer = setTimeout(() => void runSearch(), typingMs)
}

/** The other end of time on top. */
export function switchOrder(): void {
  useTraffic.setState(({ order }) => ({ order: order === 'newest' ? 'oldest' : 'newest', selectedIndex: -1 }))
  void runSearch()
}

/** The rows that the table shows now. */
export function showRows(first: number, last: number): void {
  seen = { first, last }
  if (rows.missing(first, last)) void fetchRows()
}

/** Scrolled away from the top, or back to it. */
export function setFollowing(following: boolean): void {
  const state = useTraffic.getState()
  // With the oldest on top new rows come below and move nothing.
  if (state.following === following || state.order === 'oldest') return
  if (following) rows.resize(rows.total, false)
  useTraffic.setState({ following })
  if (following) {
    seen = { first: 0, last: seen.last - seen.first }
    void fetchRows()
  }
}

/** Selects a row by its place; nothing when there is no such row. */
export function select(index: number): void {
  const row = rows.row(index)
  if (row) useTraffic.setState({ selected: row.id, selectedIndex: index })
  else if (index >= 0 && (index < rows.length || useTraffic.getState().searching)) {
    // Not here yet: selected once it came.
    wanted = index
    seen = { first: index, last: index + seen.last - seen.first }
    void fetchRows()
  }
}

export function selectId(id: string | undefined): void {
  useTraffic.setState({ selected: id, selectedIndex: id === undefined ? -1 : rows.indexOf(id) })
}

let wanted: number | undefined

async function runSearch(): Promise<void> {
  clearTimeout(timer)
  const run = ++searchRun
  const { query, order } = useTraffic.getState()
  if (!useWorkbench.getState().state?.workspace) return
  useTraffic.setState({ searching: true })
  wanted = undefined
  try {
    const state = await core.call('traffic.search', { query, order })
    if (run !== searchRun) return
    if (state.problem) {
      // What was found before stays, so that typing does not make the table flicker.
      useTraffic.setState({ problem: state.problem, searching: false })
      return
    }
    rows.clear()
    rows.resize(state.total, false)
    if (state.done && state.total === 0) wanted = undefined
    seen = { first: 0, last: seen.last - seen.first }
    useTraffic.setState(({ version }) => ({
      problem: undefined,
      search: state.search,
      searching: !state.done,
      following: true,
      version: version + 1,
    }))
    await fetchRows()
  } catch (error) {
    if (run !== searchRun) return
    useTraffic.setState({ searching: false })
    tellFailure(error)
  }
}

const growth = paced(growthMs, () => {
  const state = newest
  if (!state || state.search !== useTraffic.getState().search) return
  const { following, searching, order } = useTraffic.getState()
  // While it is still searching the past, rows are added at the end.
  rows.resize(state.total, !following && !searching)
  if (state.done && rows.length === 0) wanted = undefined
  const open = rows.rows.some((row) => row.state === 'open')
  const fetched = (following && order === 'newest') || open || rows.missing(seen.first, seen.last) !== undefined
  // Drawn once: with the rows, where rows come.
  if (!fetched || searching === state.done) {
    useTraffic.setState(({ version }) => ({ searching: !state.done, version: version + 1 }))
  }
  if (fetched) void fetchRows(growthMargin)
})

function grown(state: SearchState): void {
  newest = state
  growth()
}

async function fetchRows(margin?: number): Promise<void> {
  const { search } = useTraffic.getState()
  if (search === undefined) return
  if (rows.length === 0) {
    rows.take(0, [], false)
    useTraffic.setState(({ version }) => ({ version: version + 1 }))
    return
  }
  if (asking) {
    askAgain = true
    return
  }
  asking = true
  const part = rows.around(seen.first, Math.min(seen.last, rows.length - 1), margin)
  try {
    const found = await core.call('traffic.rows', { search, ...part })
    if (search === useTraffic.getState().search) took(part.from, found)
  } catch (error) {
    tellFailure(error)
  } finally {
    asking = false
    if (askAgain) {
      askAgain = false
      void fetchRows()
    }
  }
}

function took(from: number, found: readonly TrafficRow[]): void {
  const { following, selected, selectedIndex } = useTraffic.getState()
  rows.take(from, found, !following)
  const at = selected === undefined ? -1 : rows.indexOf(selected)
  useTraffic.setState(({ version }) => ({
    version: version + 1,
    ...(at !== -1 && at !== selectedIndex && { selectedIndex: at }),
  }))
  if (wanted !== undefined) {
    const index = wanted
    wanted = undefined
    if (rows.row(index)) select(index)
  }
}

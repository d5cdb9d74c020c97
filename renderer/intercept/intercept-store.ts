import { create } from 'zustand'
import type { HeldMessage, HeldRow, InterceptState } from '../../gateway-core/protocol/intercept.ts'
import { core } from '../core/core.ts'
import { tellFailure, useNotices } from '../shell/notices.ts'
import { useWorkbench } from '../shell/workbench.ts'
import { plural } from '../ui/format.ts'
import { tellHeld } from './notify.ts'

interface Intercept {
  state: InterceptState | undefined
  /** How far the core's clock is ahead of this page's, in ms. */
  ahead: number
  /** Changes whenever the rows do. */
  version: number
  selected: number | undefined
  /** What is selected, as it was when it came; it stays when its hold has ended. */
  message: HeldMessage | undefined
  /** The message of the editor is not held any more. */
  over: boolean
  /** Secrets of the selected message are shown. */
  secrets: boolean
  view: 'held' | 'rules'
  /** Name of the rule in the editor; `''` a new one. */
  rule: string | undefined
}

export const useIntercept = create<Intercept>(() => ({
  state: undefined,
  ahead: 0,
  version: 0,
  selected: undefined,
  message: undefined,
  over: false,
  secrets: false,
  view: 'held',
  rule: undefined,
}))

let rows: HeldRow[] = []
let from = 0
let seen = { first: 0, last: 40 }
let asking = false
let askAgain = false

/** The rows that are here, by their place in the list. */
export const heldRows = {
  first: (): HeldRow | undefined => rows[0],
  row: (index: number): HeldRow | undefined => rows[index - from],
  indexOf: (id: number): number => {
    const at = rows.findIndex((row) => row.id === id)
    return at === -1 ? -1 : at + from
  },
}

/** Keeps what is held up to date while the page lives. */
export function followIntercept(): void {
  core.onSync(() => void load())
  core.on('intercept.changed', (state) => take(state))
  let folder = useWorkbench.getState().state?.workspace?.folder
  useWorkbench.subscribe(({ state }) => {
    if (state?.workspace?.folder === folder) return
    folder = state?.workspace?.folder
    rows = []
    useIntercept.setState({ state: undefined, selected: undefined, message: undefined, rule: undefined, over: false })
    void load()
  })
}

async function load(): Promise<void> {
  if (!useWorkbench.getState().state?.workspace) return
  const before = useIntercept.getState().state
  try {
    const state = await core.call('intercept.state', {})
    if (before && state.since !== before.since) startedAnew(before)
    take(state)
  } catch (error) {
    tellFailure(error)
  }
}

/** The core was started anew: what it held is gone. Its breakpoints stand again by themselves. */
function startedAnew(before: InterceptState): void {
  if (before.held > 0) {
    useNotices.getState().tell({
      what: `${plural(before.held, 'held message')} ended with the core: their clients were disconnected`,
      where: 'intercept',
      todo: 'breakpoints hold again; what was recorded before is kept',
      severity: 'warning',
    })
  }
  rows = []
  useIntercept.setState(({ message }) => ({ over: message !== undefined }))
}

export function take(state: InterceptState): void {
  const before = useIntercept.getState().state?.held ?? 0
  useIntercept.setState(({ version }) => ({ state, ahead: state.now - Date.now(), version: version + 1 }))
  if (state.held > before) tellHeld(state.held)
  if (state.held === 0 && rows.length === 0 && !useIntercept.getState().message) return
  void fetchRows()
}

/** The rows that the list shows now. */
export function showHeld(first: number, last: number): void {
  seen = { first, last }
  if (first < from || last >= from + rows.length) void fetchRows()
}

async function fetchRows(): Promise<void> {
  if (asking) {
    askAgain = true
    return
  }
  asking = true
  try {
    const start = Math.max(0, seen.first - 40)
    const found = await core.call('intercept.rows', { from: start, count: Math.min(1000, seen.last - start + 80) })
    rows = found
    from = start
    follow()
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

/** After the list changed: a message that ended stays in the editor until another is chosen. */
function follow(): void {
  const { selected, message, over } = useIntercept.getState()
  const next: Partial<Intercept> = { version: useIntercept.getState().version + 1 }
  if (selected === undefined) {
    const first = rows[0]
    if (first && !message) void selectHeld(first.id)
  } else if (!over && !rows.some(({ id }) => id === selected)) void checkHeld(selected)
  useIntercept.setState(next)
}

/** The one in the editor is not among the rows that are here: it may be further up or down, or gone. */
async function checkHeld(id: number): Promise<void> {
  const held = await core.call('intercept.isHeld', { id }).catch(() => true)
  if (!held && useIntercept.getState().selected === id) useIntercept.setState({ over: true })
}

/** Shows a held message in the editor. */
export async function selectHeld(id: number, secrets = false): Promise<void> {
  useIntercept.setState({ selected: id, view: 'held', over: false, secrets, rule: undefined })
  try {
    const message = await core.call('intercept.message', { id, secrets })
    if (useIntercept.getState().selected === id) useIntercept.setState({ message })
  } catch (error) {
    if (useIntercept.getState().selected !== id) return
    useIntercept.setState({ selected: undefined, message: undefined })
    tellFailure(error)
  }
}

/** Selects by place in the list; nothing when there is none. */
export function selectAt(index: number): void {
  const row = heldRows.row(index)
  if (row) void selectHeld(row.id)
}

/** The one that is selected was let go by us: goes on to the next. */
export function selectNext(ended: readonly number[]): void {
  const { selected } = useIntercept.getState()
  if (selected === undefined || !ended.includes(selected)) return
  const at = heldRows.indexOf(selected)
  const next =
    rows.slice(Math.max(0, at - from + 1)).find(({ id }) => !ended.includes(id)) ??
    rows.find(({ id }) => !ended.includes(id))
  rows = rows.filter(({ id }) => !ended.includes(id))
  if (next) void selectHeld(next.id)
  else useIntercept.setState({ selected: undefined, message: undefined, over: false })
}

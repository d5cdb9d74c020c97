import { create } from 'zustand'
import type { ReplayEntry, ReplayList, ReplayRun } from '../../gateway-core/protocol/replay.ts'
import type { RaceReport } from '../../gateway-core/protocol/replay-reports.ts'
import type { ReplayRequest, ReplayTarget } from '../../gateway-core/protocol/replay-request.ts'
import { core } from '../core/core.ts'
import { useNavigation } from '../shell/navigation.ts'
import { tellFailure } from '../shell/notices.ts'
import { useWorkbench } from '../shell/workbench.ts'

export type ReplayView = 'requests' | 'sequences' | 'recorded' | 'tokens'
export type RequestTab = 'headers' | 'body' | 'auth' | 'options'
export type AnswerTab = 'body' | 'headers' | 'decisions' | 'timing' | 'compare'

interface Replay {
  view: ReplayView
  list: ReplayList | undefined
  /** What is open: the entry as it is kept, and the request as it is edited. */
  entry: ReplayEntry | undefined
  request: ReplayRequest | undefined
  /** The request in a file was changed and is not saved. */
  unsaved: boolean
  targets: readonly ReplayTarget[]
  sending: AbortController | undefined
  run: ReplayRun | undefined
  /** Which answer of the run is looked at. */
  answer: number
  requestTab: RequestTab
  answerTab: AnswerTab
  dialog: 'import' | 'keep' | 'race' | 'step' | 'operation' | undefined
  race: RaceReport | undefined
}

const nothing = {
  list: undefined,
  entry: undefined,
  request: undefined,
  unsaved: false,
  targets: [{ via: 'gateway' }] as readonly ReplayTarget[],
  sending: undefined,
  run: undefined,
  answer: 0,
  dialog: undefined,
  race: undefined,
} as const

export const useReplay = create<Replay>(() => ({
  ...nothing,
  view: 'requests',
  requestTab: 'headers',
  answerTab: 'body',
}))

const saveMs = 500
let timer: ReturnType<typeof setTimeout> | undefined
let opening = 0
/** The navigation that was followed last: the screen is drawn anew each time one comes back to it. */
let followed = 0

/** Keeps the list up to date while the screen is shown, and opens what was asked for elsewhere. */
export function followReplay(): () => void {
  const folder = useWorkbench.getState().state?.workspace?.folder
  if (shown.folder !== folder) {
    shown.folder = folder
    useReplay.setState({ ...nothing })
  }
  void loadList()
  const stops = [core.on('replay.changed', () => void loadList()), core.onSync(() => void loadList())]
  const stopFiles = core.on('files.changed', ({ path }) => {
    if (/^(?:requests|sequences)\//.test(path)) void loadList()
  })
  return () => [...stops, stopFiles].forEach((stop) => stop())
}

const shown: { folder: string | undefined } = { folder: undefined }

export function followNavigation(): void {
  const { replayEntry } = useNavigation.getState()
  if (!replayEntry || replayEntry.stamp === followed) return
  followed = replayEntry.stamp
  useReplay.setState({ view: 'requests' })
  void openEntry(replayEntry.id)
}

export async function loadList(): Promise<void> {
  try {
    useReplay.setState({ list: await core.call('replay.list') })
  } catch (error) {
    tellFailure(error)
  }
}

/** Shows an entry with its last run. What was typed before is kept first. */
export async function openEntry(id: string): Promise<void> {
  const turn = ++opening
  await flush()
  try {
    const entry = await core.call('replay.get', { id })
    if (turn !== opening) return
    const { targets } = useReplay.getState()
    const next = targetsFor(entry, targets)
    useReplay.setState({
      entry,
      request: entry.request,
      targets: next,
      unsaved: false,
      run: undefined,
      answer: 0,
      race: undefined,
    })
    const last = entry.runs[0]
    if (last) await openRun(last.id)
  } catch (error) {
    tellFailure(error)
  }
}

/** A request to another server that was observed goes there again; a path cannot. */
function targetsFor({ from, request }: ReplayEntry, targets: readonly ReplayTarget[]): readonly ReplayTarget[] {
  const whole = /^https?:\/\//i.test(request.url)
  if (whole && from !== undefined) return [{ via: 'url' }]
  return !whole && targets.some(({ via }) => via === 'url') ? [{ via: 'gateway' }] : targets
}

export async function openRun(run: string): Promise<void> {
  const { entry } = useReplay.getState()
  if (!entry) return
  try {
    const found = await core.call('replay.run', { id: entry.id, run })
    if (useReplay.getState().entry?.id !== entry.id) return
    useReplay.setState(({ answer }) => ({
      run: found,
      answer: Math.min(answer, found.answers.length - 1),
      race: undefined,
    }))
  } catch (error) {
    tellFailure(error)
  }
}

export function isFiled(id: string): boolean {
  return id.includes('#')
}

/** Changes the request that is edited. In the history it is kept as one types; in a file when it is saved. */
export function edit(change: Partial<ReplayRequest>): void {
  const { request, entry } = useReplay.getState()
  if (!request || !entry) return
  useReplay.setState({ request: { ...request, ...change }, unsaved: true })
  if (isFiled(entry.id)) return
  clearTimeout(timer)
  timer = setTimeout(() => void flush(), saveMs)
}

export function editSettings(change: Partial<ReplayRequest['settings']>): void {
  const { request } = useReplay.getState()
  if (request) edit({ settings: { ...request.settings, ...change } })
}

/** Writes what was edited in the history. */
async function flush(): Promise<void> {
  clearTimeout(timer)
  const { entry, unsaved } = useReplay.getState()
  if (entry && unsaved && !isFiled(entry.id)) await save()
}

export async function save(name?: string): Promise<void> {
  const { entry, request } = useReplay.getState()
  if (!entry || !request) return
  clearTimeout(timer)
  try {
    const saved = await core.call('replay.save', { id: entry.id, request, ...(name !== undefined && { name }) })
    useReplay.setState((now) =>
      now.entry?.id === entry.id ? { entry: saved, unsaved: now.request === request ? false : now.unsaved } : {},
    )
  } catch (error) {
    tellFailure(error)
  }
}

const blank: ReplayRequest = {
  method: 'GET',
  url: '/',
  version: '1.1',
  headers: [{ name: 'Accept', value: 'application/json' }],
  body: null,
  settings: { length: 'follow', redirects: 0, timeoutMs: 30_000 },
}

export async function createRequest(request: ReplayRequest = blank, name?: string): Promise<void> {
  const entry = await core.call('replay.create', { request, ...(name !== undefined && { name }) })
  useReplay.setState({ view: 'requests' })
  await openEntry(entry.id)
}

export async function removeEntry(id: string): Promise<void> {
  const list = await core.call('replay.remove', { id })
  useReplay.setState(({ entry }) => ({
    list,
    ...(entry?.id === id && { entry: undefined, request: undefined, run: undefined, unsaved: false }),
  }))
}

/** Sends the request as it is edited, or cancels what is under way. */
export async function send(): Promise<void> {
  const { entry, request, targets, sending } = useReplay.getState()
  if (sending) return sending.abort()
  if (!entry || !request) return
  clearTimeout(timer)
  const stop = new AbortController()
  useReplay.setState({ sending: stop })
  try {
    const params = { id: entry.id, request, targets: [...targets] }
    const run = await core.callWith('replay.send', params, stop.signal)
    const now = useReplay.getState()
    if (now.entry?.id !== entry.id) return
    const two = run.answers.length > 1
    // What was typed as a secret stands as a marker from now on.
    const kept = now.request === request && !isFiled(entry.id)
    useReplay.setState({
      run,
      answer: 0,
      race: undefined,
      ...(kept && { request: run.request, unsaved: false }),
      ...(two ? { answerTab: 'compare' as const } : now.answerTab === 'compare' && { answerTab: 'body' as const }),
    })
    const fresh = await core.call('replay.get', { id: entry.id })
    useReplay.setState(({ entry: open }) => (open?.id === fresh.id ? { entry: fresh } : {}))
  } catch (error) {
    tellFailure(error)
  } finally {
    if (useReplay.getState().sending === stop) useReplay.setState({ sending: undefined })
  }
}

export function targetName({ via, environment }: ReplayTarget): string {
  const names = { gateway: 'Gateway', upstream: 'Upstream', url: 'URL itself' }
  return environment === undefined ? names[via] : `${names[via]} · ${environment}`
}

/** Classes of a status in a table. */
export function statusTone(status: number): string {
  return `num ${status >= 400 ? 'tone-deny' : status >= 300 ? 'tone-modify' : 'tone-pass'}`
}

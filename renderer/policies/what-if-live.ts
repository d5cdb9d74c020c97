import type { WhatIfList } from '../../gateway-core/protocol/what-if.ts'
import { core } from '../core/core.ts'
import { refusalOf } from '../shell/notices.ts'
import { useWorkbench } from '../shell/workbench.ts'
import { useTraffic } from '../traffic/traffic-store.ts'
import { isEdited } from './document.ts'
import { kindOf } from './file-list.ts'
import { usePolicies } from './policies-store.ts'
import { type EditedText, sameTexts } from './what-if.ts'
import { isStopped, type Scope, useWhatIf, whatIfBeginning } from './what-if-store.ts'

/** How long typing pauses before the past is judged again, in ms. */
const pause = 250

let following = false
let texts: readonly EditedText[] = []
let timer: ReturnType<typeof setTimeout> | undefined
let running: AbortController | undefined
let run = 0

/** Begins to judge the past by what is typed, once. Nothing runs while nothing is edited. */
export function followEdits(): void {
  if (following) return
  following = true
  core.on('whatIf.progress', ({ run: of, counts }) => {
    if (of === run && running) show(counts)
  })
  usePolicies.subscribe(({ documents }, before) => {
    if (documents !== before.documents) edited()
  })
  let folder = useWorkbench.getState().state?.workspace?.folder
  let revision = useWorkbench.getState().state?.workspace?.revision
  useWorkbench.subscribe(({ state }) => {
    const workspace = state?.workspace
    if (workspace?.folder !== folder) {
      folder = workspace?.folder
      stop()
      texts = []
      useWhatIf.setState(whatIfBeginning)
      edited()
    } else if (workspace?.revision !== revision && texts.length > 0) {
      // Files changed beside the edit: it is compared with something else now.
      ask(pause)
    }
    revision = workspace?.revision
  })
  core.onSync(() => texts.length > 0 && ask(0))
  document.addEventListener('pointerdown', aboutToEdit)
  document.addEventListener('keydown', aboutToEdit)
  edited()
}

let prepared: string | undefined

/** Whoever goes into the text is about to edit: the capture is read meanwhile, once for each workspace. */
function aboutToEdit({ target }: Event): void {
  const folder = useWorkbench.getState().state?.workspace?.folder
  if (folder === prepared || !(target instanceof Element) || !target.closest('.code-text')) return
  prepared = folder
  core.call('whatIf.prepare').catch(() => undefined)
}

/** Judges again at once, for example because the capture has grown. */
export function judgeAgain(): void {
  if (texts.length > 0) ask(0)
}

export function setScope(scope: Scope): void {
  if (useWhatIf.getState().scope === scope) return
  useWhatIf.setState({ scope })
  judgeAgain()
}

/** Opens the list behind a count, or closes it. */
export function openKind(kind: WhatIfList | undefined): void {
  useWhatIf.setState({ kind, groups: [], selected: undefined, explained: undefined, shrunk: undefined })
  if (kind) void loadGroups()
}

/** Somebody who holds `j` passes many rows: only the one where they stop is explained. */
const restMs = 60
let explainTimer: ReturnType<typeof setTimeout> | undefined
let explaining = false

/** Looks at one exchange under both versions. What was shown before stays until the next one is here. */
export function explain(id: string): void {
  if (useWhatIf.getState().selected !== id) {
    useWhatIf.setState({ selected: id, shrunk: undefined, explainProblem: undefined })
  }
  clearTimeout(explainTimer)
  explainTimer = setTimeout(() => void loadExplanation(), restMs)
}

async function loadExplanation(): Promise<void> {
  const { run: of, selected: id } = useWhatIf.getState()
  if (id === undefined || explaining) return
  explaining = true
  const isWanted = () => useWhatIf.getState().selected === id && useWhatIf.getState().run === of
  try {
    const explained = await core.call('whatIf.explain', { run: of, id })
    if (isWanted()) useWhatIf.setState({ explained, explainProblem: undefined })
  } catch (error) {
    if (isWanted() && !isStopped(error)) useWhatIf.setState({ explained: undefined, explainProblem: refusalOf(error) })
  } finally {
    explaining = false
    // They went on meanwhile.
    if (!isWanted()) void loadExplanation()
  }
}

/** Finds the smallest request that shows the same difference. */
export async function shrink(id: string): Promise<void> {
  useWhatIf.setState({ shrunk: { id } })
  const isWanted = () => useWhatIf.getState().shrunk?.id === id
  try {
    const request = await core.call('whatIf.shrink', { run: useWhatIf.getState().run, id })
    if (isWanted()) useWhatIf.setState({ shrunk: { id, request } })
  } catch (error) {
    if (isWanted()) useWhatIf.setState({ shrunk: isStopped(error) ? undefined : { id, problem: refusalOf(error) } })
  }
}

function edited(): void {
  const now = editedTexts()
  if (sameTexts(now, texts)) return
  texts = now
  if (now.length > 0) return ask(pause)
  stop()
  const { scope } = useWhatIf.getState()
  useWhatIf.setState({ ...whatIfBeginning, scope, run })
}

/** What is typed and not saved, of the files that a workspace may read: tests and prose decide nothing. */
function editedTexts(): EditedText[] {
  const { documents, tree } = usePolicies.getState()
  return Object.values(documents)
    .filter((document) => isEdited(document) && !document.readOnly)
    .filter(({ path }) => kindOf(tree, path) !== 'test' && !/\.(?:md|ts)$/i.test(path))
    .map(({ path, text }) => ({ path, text }))
    .sort((a, b) => (a.path < b.path ? -1 : 1))
}

function stop(): void {
  clearTimeout(timer)
  running?.abort()
  running = undefined
  run++
}

function ask(after: number): void {
  stop()
  useWhatIf.setState({ state: 'waiting' })
  timer = setTimeout(() => void judge(), after)
}

async function judge(): Promise<void> {
  if (!useWorkbench.getState().state?.workspace) return
  const of = run
  const stopper = new AbortController()
  running = stopper
  const query = useWhatIf.getState().scope === 'query' ? useTraffic.getState().query : ''
  useWhatIf.setState({ state: 'judging' })
  try {
    const counts = await core.callWith('whatIf.judge', { run: of, texts, query }, stopper.signal)
    if (of !== run) return
    running = undefined
    show(counts)
  } catch (error) {
    if (of !== run || isStopped(error)) return
    running = undefined
    // What the last text came to stays, greyed: one key more, and it may load again.
    useWhatIf.setState({ state: 'problem', problem: refusalOf(error) })
  }
}

function show(counts: NonNullable<ReturnType<typeof useWhatIf.getState>['counts']>): void {
  const { selected, kind } = useWhatIf.getState()
  useWhatIf.setState({ state: counts.done ? 'done' : 'judging', counts, run, problem: undefined })
  if (kind) void loadGroups()
  if (counts.done && selected !== undefined) explain(selected)
}

async function loadGroups(): Promise<void> {
  const { kind, run: of } = useWhatIf.getState()
  if (!kind) return
  try {
    const groups = await core.call('whatIf.groups', { run: of, kind })
    const now = useWhatIf.getState()
    if (now.kind === kind && now.run === of) useWhatIf.setState({ groups })
  } catch {
    // Another question was asked meanwhile: its answer brings its own groups.
  }
}

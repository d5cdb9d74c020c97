import { core } from '../core/core.ts'
import { tellFailure } from '../shell/notices.ts'
import { useWorkbench } from '../shell/workbench.ts'
import { changedOnDisk, deletedOnDisk, isEdited, openDocument, resolved, written } from './document.ts'
import { changeDocument, documentAt, usePolicies } from './policies-store.ts'

/** How long typing pauses before the draft is kept, in ms: what a crash may cost. */
const draftPause = 300

let stamp = 0
const opening = new Map<string, Promise<void>>()
const draftTimers = new Map<string, ReturnType<typeof setTimeout>>()
const changedWhileSaving = new Set<string>()

/** Opens a file in a tab, or brings its tab to the front, and goes to a line of it. */
export async function openFile(path: string, line?: number, column = 1): Promise<void> {
  await loadFile(path)
  if (!documentAt(path)) return
  usePolicies.setState(({ tabs }) => ({
    tabs: tabs.includes(path) ? tabs : [...tabs, path],
    active: path,
    compare: null,
    ...(line !== undefined && { reveal: { path, line, column, stamp: ++stamp } }),
  }))
}

/** Reads a file so that it can be edited, without showing it: a rename may change files that no tab shows. */
export async function loadFile(path: string): Promise<void> {
  if (documentAt(path)) return
  const running = opening.get(path)
  if (running) return running
  const load = read(path).finally(() => opening.delete(path))
  opening.set(path, load)
  return load
}

async function read(path: string): Promise<void> {
  try {
    const file = await core.call('files.read', { path })
    usePolicies.setState(({ documents }) => ({
      documents: { [path]: openDocument(file), ...documents },
      failure: undefined,
    }))
    tellUnsaved()
  } catch (error) {
    usePolicies.setState({ failure: { path, message: error instanceof Error ? error.message : String(error) } })
  }
}

/** Someone typed. The draft is kept by the core soon after. */
export function typed(path: string, text: string): void {
  changeDocument(path, (document) => (document.text === text ? document : { ...document, text }))
  clearTimeout(draftTimers.get(path))
  draftTimers.set(
    path,
    setTimeout(() => void keepDraft(path), draftPause),
  )
  tellUnsaved()
}

/** Gives the core what is typed, without waiting for a pause. */
export async function keepDraft(path: string): Promise<void> {
  clearTimeout(draftTimers.get(path))
  draftTimers.delete(path)
  const document = documentAt(path)
  if (!document || document.readOnly) return
  const typedText = isEdited(document) ? { text: document.text } : {}
  await core.call('files.draft', { path, base: document.base.version, ...typedText }).catch(tellFailure)
}

/** Keeps every draft that still waits for a pause: the page is about to go. */
export function keepDrafts(): void {
  for (const path of draftTimers.keys()) void keepDraft(path)
}

/** Saves as typed. Someone else's edit of the same file is never overwritten: it is merged, or a person is asked. */
export async function saveFile(path: string): Promise<void> {
  const document = documentAt(path)
  if (!document || document.saving || document.readOnly) return
  if (document.conflict) return usePolicies.setState({ active: path, compare: 'conflict' })
  if (!isEdited(document) && !document.deleted) return
  const sent = document.text
  const revision = useWorkbench.getState().state?.workspace?.revision ?? ''
  changeDocument(path, (now) => ({ ...now, saving: true }))
  usePolicies.setState(({ applying }) => ({ applying: { ...applying, [path]: revision } }))
  try {
    const answer = await core.call('files.write', { path, text: sent, base: document.base.version })
    changeDocument(path, (now) => written(now, sent, answer))
    if (answer.state === 'conflict') applied(path)
    else setTimeout(() => applied(path), 2000)
    void keepDraft(path)
  } catch (error) {
    changeDocument(path, (now) => ({ ...now, saving: false }))
    applied(path)
    tellFailure(error)
  }
  tellUnsaved()
  if (changedWhileSaving.delete(path)) await takeFromDisk(path)
}

/** Saves every file that has edits, in the order of the tabs. */
export async function saveAll(): Promise<void> {
  const { documents } = usePolicies.getState()
  for (const [path, document] of Object.entries(documents)) if (isEdited(document)) await saveFile(path)
}

/** The text of a file that was just saved is in force, or was found not to load. */
export function applied(path: string): void {
  usePolicies.setState(({ applying }) => {
    const { [path]: _, ...rest } = applying
    return { applying: rest }
  })
}

/** A file was written by someone, perhaps by us. */
export async function fileChanged(path: string, version: string | null): Promise<void> {
  const document = documentAt(path)
  if (!document || document.base.version === version) return
  if (document.saving) changedWhileSaving.add(path)
  else if (version === null) changeDocument(path, deletedOnDisk)
  else await takeFromDisk(path)
}

/** Reads an open file again; edits here are kept, merged or asked about. */
export async function takeFromDisk(path: string): Promise<void> {
  try {
    const file = await core.call('files.read', { path })
    const before = documentAt(path)
    changeDocument(path, (document) => changedOnDisk(document, file.text, file.version))
    if (documentAt(path) !== before) void keepDraft(path)
  } catch {
    changeDocument(path, deletedOnDisk)
  }
  tellUnsaved()
}

/** Ends a conflict as a person chose. Nothing is written before they save. */
export function resolve(path: string, choice: 'mine' | 'theirs' | { text: string }): void {
  changeDocument(path, (document) => resolved(document, choice))
  usePolicies.setState({ compare: null })
  void keepDraft(path)
  tellUnsaved()
}

/** Gives up what was typed and goes back to the text on disk. */
export function discardEdits(path: string): void {
  changeDocument(path, (document) => ({ ...document, text: document.base.text, conflict: null, notice: null }))
  usePolicies.setState({ compare: null })
  void keepDraft(path)
  tellUnsaved()
}

export function closeNotice(path: string): void {
  changeDocument(path, (document) => ({ ...document, notice: null }))
}

/** Closes a tab. Text that was not saved stays as a draft and comes back when the file is opened again. */
export function closeFile(path: string): void {
  void keepDraft(path)
  usePolicies.setState(({ tabs, active, documents, checked }) => {
    const at = tabs.indexOf(path)
    const left = tabs.filter((tab) => tab !== path)
    const { [path]: document, ...others } = documents
    const kept = document && isEdited(document) ? documents : others
    const { [path]: _, ...stillChecked } = checked
    const next = active === path ? (left[Math.min(at, left.length - 1)] ?? null) : active
    return { tabs: left, active: next, documents: kept, checked: stillChecked, compare: null }
  })
  tellUnsaved()
}

/** The next or previous tab, around the ends. */
export function cycleTab(step: 1 | -1): void {
  usePolicies.setState(({ tabs, active }) => {
    if (tabs.length < 2) return {}
    const at = tabs.indexOf(active ?? '')
    return { active: tabs[(at + step + tabs.length) % tabs.length]!, compare: null }
  })
}

function tellUnsaved(): void {
  const paths = Object.values(usePolicies.getState().documents)
    .filter(isEdited)
    .map((document) => document.path)
  const before = useWorkbench.getState().unsaved
  if (before.join('\n') !== paths.join('\n')) useWorkbench.getState().setUnsaved(paths)
}

import { create } from 'zustand'
import type { Counters, FileNode, PolicyType, Problem } from '../../gateway-core/protocol/types.ts'
import type { OpenDocument } from './document.ts'

/** What a check of a text found, in its own file and in others that depend on it. */
export interface Checked {
  readonly problems: readonly Problem[]
  /** The text that was checked. */
  readonly text: string
}

export interface Place {
  readonly line: number
  readonly column: number
}

interface Policies {
  tree: readonly FileNode[] | undefined
  treeFailure: string | undefined
  documents: Readonly<Record<string, OpenDocument>>
  /** Paths of the open files, in the order of their tabs. */
  tabs: readonly string[]
  active: string | null
  /** Why a file could not be opened. */
  failure: { path: string; message: string } | undefined
  checked: Readonly<Record<string, Checked>>
  counters: Counters | null
  types: readonly PolicyType[]
  cursor: Place
  /** Where the editor should go; new each time. */
  reveal: (Place & { path: string; stamp: number }) | undefined
  /** The text that the active one is compared with, or nothing. */
  compare: 'saved' | 'conflict' | null
  /** Paths just saved, with the revision that was in force before: their text is being applied. */
  applying: Readonly<Record<string, string>>
  /** Which dialog is open. */
  dialog: 'add' | 'open' | 'new' | 'rename' | 'delete' | null
  /** The file or folder that the dialog is about, where it is not the file in front. */
  subject: string | undefined
}

const beginning: Policies = {
  tree: undefined,
  treeFailure: undefined,
  documents: {},
  tabs: [],
  active: null,
  failure: undefined,
  checked: {},
  counters: null,
  types: [],
  cursor: { line: 1, column: 1 },
  reveal: undefined,
  compare: null,
  applying: {},
  dialog: null,
  subject: undefined,
}

/** Everything that the Policies screen shows. What changes it stands in `files.ts` and `live.ts`. */
export const usePolicies = create<Policies>(() => beginning)

/** Another workspace was opened: nothing of the one before stays. */
export function forgetWorkspace(): void {
  usePolicies.setState(beginning)
}

export function documentAt(path: string): OpenDocument | undefined {
  return usePolicies.getState().documents[path]
}

/** Changes one open document; nothing happens when it was closed meanwhile. */
export function changeDocument(path: string, change: (document: OpenDocument) => OpenDocument): void {
  usePolicies.setState(({ documents }) => {
    const document = documents[path]
    if (!document) return {}
    const next = change(document)
    return next === document ? {} : { documents: { ...documents, [path]: next } }
  })
}

/** The document in front, or nothing. */
export function useActiveDocument(): OpenDocument | undefined {
  return usePolicies(({ documents, active }) => (active === null ? undefined : documents[active]))
}

import type { FileText, Written } from '../../gateway-core/protocol/types.ts'
import { mergeTexts } from './merge.ts'

/** A file that is open: what is on disk, what is typed, and whether the two have parted. */
export interface OpenDocument {
  readonly path: string
  readonly readOnly: boolean
  /** The text on disk that the edit began with. `version` is '' for a file that is not there. */
  readonly base: { readonly text: string; readonly version: string }
  /** As typed. */
  readonly text: string
  /** The file was changed by someone else in lines that are edited here too: a person decides. */
  readonly conflict: { readonly text: string; readonly version: string } | null
  /** The file is gone from the disk. The typed text stays, and saving writes it again. */
  readonly deleted: boolean
  readonly saving: boolean
  /** Something that happened to the text without anyone typing. */
  readonly notice: Notice | null
}

export type Notice = 'restored' | 'merged' | 'reloaded' | 'deleted'

/** Whether there is text that is only here. */
export function isEdited(document: OpenDocument): boolean {
  return document.text !== document.base.text
}

/** A document as just read: with the draft that a crash or a reload left behind, if there is one. */
export function openDocument(file: FileText): OpenDocument {
  const base = { text: file.text, version: file.version }
  const document: OpenDocument = {
    path: file.path,
    readOnly: file.readOnly,
    base,
    text: file.text,
    conflict: null,
    deleted: false,
    saving: false,
    notice: null,
  }
  const draft = file.draft
  if (!draft || draft.text === file.text) return document
  const restored: OpenDocument = { ...document, text: draft.text, notice: 'restored' }
  return draft.base === file.version ? restored : { ...restored, conflict: base }
}

/** Someone else wrote the file. Without an edit here it is taken over; else both are merged, or a person is asked. */
export function changedOnDisk(document: OpenDocument, text: string, version: string): OpenDocument {
  if (version === document.base.version && !document.deleted) return document
  const base = { text, version }
  const now: OpenDocument = { ...document, deleted: false }
  if (document.text === text) return { ...now, base, conflict: null }
  if (!isEdited(document)) return { ...now, base, text, conflict: null, notice: 'reloaded' }
  if (document.conflict) return { ...now, conflict: base }
  const merge = mergeTexts(document.base.text, document.text, text)
  if (!merge.clean) return { ...now, conflict: base }
  return { ...now, base, text: merge.text, notice: 'merged' }
}

/** The file is gone. What is typed stays. */
export function deletedOnDisk(document: OpenDocument): OpenDocument {
  return { ...document, deleted: true, notice: 'deleted', base: { ...document.base, version: '' } }
}

/** The core answered a save of `sent`. Text typed meanwhile stays typed. */
export function written(document: OpenDocument, sent: string, answer: Written): OpenDocument {
  if (answer.state === 'saved') {
    const base = { text: sent, version: answer.version }
    return { ...document, base, conflict: null, deleted: false, saving: false, notice: null }
  }
  const kept: OpenDocument = { ...document, saving: false }
  return changedOnDisk(kept, answer.text, answer.version)
}

/** How a person ended a conflict: their own text over the other, the other instead of their own, or a text of both. */
export function resolved(document: OpenDocument, choice: 'mine' | 'theirs' | { text: string }): OpenDocument {
  if (!document.conflict) return document
  const base = document.conflict
  const text = choice === 'mine' ? document.text : choice === 'theirs' ? base.text : choice.text
  return { ...document, base, text, conflict: null, notice: null }
}

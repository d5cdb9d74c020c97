import type { LoadOptions } from '../config/load.ts'
import type { SharedKey } from '../config/workspace-key.ts'
import type { CaptureSettings } from '../config/workspace.ts'
import type { Problem } from '../config/diagnostics.ts'
import type { RpcFailure } from '../protocol/rpc-error.ts'

/** Work that takes a while and needs nothing of the running gateway but its files. `folder`: of the workspace. */
export interface Errands {
  /** What the loader says of a workspace; texts that are not saved are in `loading.overlay`. */
  check: { asked: { folder: string; loading: LoadOptions }; answer: Problem[] }
  /** A HAR of what matches, as text or into a file. */
  exportHar: {
    asked: { folder: string; query: string; file?: string | undefined }
    answer: { entries: number; text?: string }
  }
  /** A HAR into the captures: a file, or its text. */
  importHar: {
    asked: {
      folder: string
      key: SharedKey
      settings: CaptureSettings
      file?: string | undefined
      text?: string | undefined
    }
    answer: { entries: number; problems: string[] }
  }
}

export type ErrandKind = keyof Errands

export interface ErrandAsked<K extends ErrandKind = ErrandKind> {
  id: number
  kind: K
  asked: Errands[K]['asked']
}

/** `bug`: what nobody should see, with its stack. */
export type ErrandDone = { id: number } & (
  | { answer: Errands[ErrandKind]['answer'] }
  | { failure: RpcFailure }
  | { bug: string }
)

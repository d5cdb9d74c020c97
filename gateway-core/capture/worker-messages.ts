import type { SharedKey } from '../config/workspace-key.ts'
import type { CaptureSettings, WorkspaceFile } from '../config/workspace.ts'
import type { Batch } from './layout.ts'
import type { MessageRecord } from './record.ts'
import type { SavedState } from './saved-states.ts'
import type { WrittenField } from './writer.ts'

/** What the store worker starts with. */
export interface WorkerSetup {
  folder: string
  key: SharedKey
  settings: CaptureSettings
  /** Memory of {@link counter}, read by the recorder without a message. */
  counters: SharedArrayBuffer
  tellWritten: boolean
  /** Exchanges that began earlier and are open belong to a gateway that was killed (ms since the epoch); undefined: another one may run. */
  closeBefore: number | undefined
}

/** Places in the shared counters; they wrap around, so only differences count. */
export const counter = { doneBatches: 0, doneKilobytes: 1, lostRecords: 2, doneRecords: 3 } as const

export type ToWorker =
  | { type: 'batch'; batch: Batch; records: number; kilobytes: number }
  | { type: 'messages'; messages: MessageRecord[]; kilobytes: number }
  | { type: 'revision'; revision: string; files: readonly WorkspaceFile[]; secrets: readonly string[] }
  | { type: 'state'; state: SavedState }
  | { type: 'flush'; id: number }
  | { type: 'close' }

export type FromWorker =
  | { type: 'written'; fields: WrittenField[] }
  | { type: 'failed'; message: string }
  | { type: 'recovered' }
  | { type: 'flushed'; id: number }
  | { type: 'closed' }

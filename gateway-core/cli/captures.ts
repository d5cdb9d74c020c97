import { existsSync } from 'node:fs'
import { captureFile } from '../capture/schema.ts'
import { type Captures, openCaptures } from '../capture/store.ts'
import type { WorkspaceKey } from '../config/workspace-key.ts'
import { CannotRun } from './command.ts'
import type { Io } from './io.ts'
import { isWorkspace, shownPath } from './load.ts'

/** Opens what was recorded in a folder. Throws CannotRun where it is no workspace and nothing was: reading makes nothing there. */
export function capturesIn(io: Io, folder: string, key?: WorkspaceKey): Captures {
  if (!existsSync(captureFile(folder)) && !isWorkspace(io, folder)) {
    throw new CannotRun(
      `${shownPath(io, folder)} is no workspace, and nothing was recorded there`,
      'name one: samples/bookshop',
    )
  }
  return openCaptures(folder, key)
}

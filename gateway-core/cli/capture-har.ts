import { createReadStream, createWriteStream, existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { exportHar, importHar } from '../capture/har.ts'
import type { Captures } from '../capture/store.ts'
import { workspaceFile } from '../config/load.ts'
import { loadWorkspaceKey } from '../config/workspace-key.ts'
import { CannotRun, type ExitCode } from './command.ts'
import { type Io, printJson } from './io.ts'
import { loadSound } from './load.ts'
import { observingWorkspace } from './serve-upstream.ts'
import { visible } from '../visible.ts'

/** Writes what matches as HAR 1.2, piece by piece. Secrets are markers: a HAR leaves the house. */
export async function exportFile(
  io: Io,
  captures: Captures,
  query: string,
  { file, json }: { file: string; json: boolean },
): Promise<ExitCode> {
  const exported = captures.count(query)
  const pieces = Readable.from(exportHar(captures, { query }))
  if (file === '-') {
    await pipeline(pieces, io.stdout, { end: false }).catch(endedEarly)
    return exported > 0 ? 0 : 1
  }
  await pipeline(pieces, createWriteStream(resolve(io.cwd, file), { mode: 0o600 })).catch((error: Error) => {
    throw new CannotRun(`${visible(file)} cannot be written: ${error.message}`)
  })
  if (json) printJson(io, { exported, file })
  else io.print(`${exported.toLocaleString('en')} exchange${exported === 1 ? '' : 's'} in ${visible(file)}`)
  return exported > 0 ? 0 : 1
}

/** Takes a HAR into the capture of a workspace; entries that are no HTTP exchange are told and left out. */
export async function importFile(io: Io, folder: string, file: string, json: boolean): Promise<ExitCode> {
  if (file === '') throw new CannotRun('import needs a file', 'write: capture import traffic.har, or - for stdin')
  const overlay = existsSync(resolve(folder, workspaceFile)) ? undefined : observingWorkspace('http://localhost')
  const workspace = await loadSound(io, folder, overlay && { overlay })
  const key = await loadWorkspaceKey(folder, io.env)
  const source = file === '-' ? io.stdin : createReadStream(resolve(io.cwd, file))
  const { imported, skipped } = await importHar({
    folder,
    key,
    settings: workspace.capture,
    source,
    onProblem: ({ entry, message }) => io.tell(`entry ${entry + 1} is left out: ${visible(message)}`),
  }).catch((error: NodeJS.ErrnoException) => {
    const why = error.code === 'ENOENT' ? 'there is no such file' : error.message
    throw new CannotRun(`${visible(file)} cannot be imported: ${visible(why, 500)}`)
  })
  if (json) printJson(io, { imported, skipped })
  else io.print(`imported ${imported.toLocaleString('en')}, left out ${skipped.toLocaleString('en')}`)
  return skipped > 0 ? 1 : 0
}

function endedEarly(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE' && error.code !== 'ERR_STREAM_PREMATURE_CLOSE') throw error
}

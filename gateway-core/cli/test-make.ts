import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { openCaptures } from '../capture/store.ts'
import { loadWorkspace } from '../config/load.ts'
import { loadWorkspaceKey } from '../config/workspace-key.ts'
import { RpcError } from '../protocol/rpc-error.ts'
import { version } from '../version.ts'
import { visible } from '../visible.ts'
import { policyTestOfExchange, withTest } from '../workbench/make-test.ts'
import { CannotRun, type ExitCode } from './command.ts'
import { type Io, printJson } from './io.ts'
import { shownPath } from './load.ts'

/** Writes a test of a recorded exchange at the end of the file of its API. Exit code 1 when it does not pass as it is. */
export async function makeTestOf(io: Io, folder: string, given: string, json: boolean): Promise<ExitCode> {
  const id = given.replace(/^urn:gatehouse:exchange:/, '')
  const { env } = io
  const captures = openCaptures(folder, await loadWorkspaceKey(folder, env, { create: false }))
  try {
    const record = captures.get(id, { secrets: 'sealed' })
    if (!record)
      throw new CannotRun(`there is no exchange ${visible(id, 60)}`, 'take its id from: gatehouse capture list')
    const loading = (environment = record.environment) => ({
      env,
      engineVersion: version,
      ...(environment !== undefined && { environment }),
    })
    const { workspace } = await loadWorkspace(folder, { ...loading(), readOnly: true })
    const around = { folder, env, environment: record.environment, workspace, loading }
    const made = await policyTestOfExchange(around, record)
    const file = join(folder, made.path)
    const { text, line, name } = withTest(textOf(file), made)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, text)
    if (json) printJson(io, { path: made.path, line, name, note: made.note ?? null })
    else {
      io.print(`${io.paint('green', '●')} ${shownPath(io, file)}:${line} ${visible(name, 200)}`)
      if (made.note !== undefined) io.print(`  ${io.paint('yellow', made.note)}`)
    }
    return made.note === undefined ? 0 : 1
  } catch (error) {
    throw error instanceof RpcError ? new CannotRun(error.message, error.todo) : error
  } finally {
    captures.close()
  }
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}

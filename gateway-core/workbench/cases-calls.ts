import { writeFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { CaseError } from '../cases/case-file.ts'
import { exportCase } from '../cases/export-case.ts'
import { type OpenCase, openCase } from '../cases/open-case.ts'
import type { StoredExchange, StoredMessage } from '../capture/record.ts'
import type { CaseState } from '../protocol/cases.ts'
import type { Handlers } from '../protocol/protocol.ts'
import { refused, RpcError } from '../protocol/rpc-error.ts'
import type { ExchangeDetail } from '../protocol/types.ts'
import { version } from '../version.ts'
import { exchangeDetail } from './exchange-detail.ts'
import type { OpenedWorkspace } from './opened-workspace.ts'
import type { Workbench } from './workbench.ts'

interface Kept {
  exchange: StoredExchange
  opened: OpenCase
}

/** Cases that are open beside a workspace; the oldest goes when there are many. */
const kept = new WeakMap<OpenedWorkspace, Map<string, Kept>>()
const mostCases = 20

/** One exchange in a file: written, and shown as it was recorded. */
export function casesCalls(workbench: Workbench): Pick<Handlers, Extract<keyof Handlers, `cases.${string}`>> {
  return {
    'cases.export': async ({ exchange, file }) => {
      const { folder, captures, key, env } = workbench.workspace
      const written = await refusing(() => exportCase(exchange, { folder, captures, key, env }))
      if (file === undefined) return written
      const target = resolve(folder, file)
      await writeFile(target, written.text).catch((error: NodeJS.ErrnoException) => {
        throw refused(`${target} cannot be written (${error.code})`, 'choose another place')
      })
      return { name: written.name }
    },
    'cases.open': async ({ text }) => {
      const { workspace } = workbench
      const opened = await refusing(() => openCase(text))
      const id = `case:${opened.case.record.id}`
      const exchange: StoredExchange = { ...opened.case.record, id, order: 0, secrets: 'sealed', state: 'done' }
      let cases = kept.get(workspace)
      if (!cases) kept.set(workspace, (cases = new Map()))
      cases.delete(id)
      cases.set(id, { exchange, opened })
      if (cases.size > mostCases) cases.delete(cases.keys().next().value!)
      return stateOf(id, opened)
    },
    'cases.state': ({ id }) => stateOf(id, caseOf(workbench.workspace, id).opened),
  }
}

/** Whether an id is that of an open case. */
export function isCase(id: string): boolean {
  return id.startsWith('case:')
}

/** The exchange of an open case. Throws an RpcError when it is not open any more. */
export function caseExchange(opened: OpenedWorkspace, id: string): StoredExchange {
  return caseOf(opened, id).exchange
}

/** Its messages, where it is of a WebSocket or an event stream. */
export function caseMessages(opened: OpenedWorkspace, id: string): readonly StoredMessage[] {
  return caseOf(opened, id).opened.case.messages
}

/** Its detail, with the lines of the case's own files. */
export function caseDetail(opened: OpenedWorkspace, id: string): ExchangeDetail {
  const { exchange, opened: one } = caseOf(opened, id)
  return exchangeDetail(exchange, {
    workspace: one.workspace,
    captures: { revisionFile: (_revision, path) => one.case.files[path] },
  })
}

function caseOf(opened: OpenedWorkspace, id: string): Kept {
  const found = kept.get(opened)?.get(id)
  if (found) return found
  throw new RpcError({ code: 'NOT_FOUND', message: 'this case is not open any more', todo: 'open its file again' })
}

function stateOf(id: string, { case: read, difference, judged, problem }: OpenCase): CaseState {
  return {
    id,
    workspace: read.workspace,
    environment: read.environment,
    revision: read.revision,
    engine: { recorded: read.engine, here: version },
    difference,
    taken: judged?.taken.length ?? 0,
    ...(problem && { problem: `${problem.file}:${problem.line}:${problem.column} ${problem.message}` }),
  }
}

async function refusing<T>(run: () => Promise<T>): Promise<T> {
  try {
    return await run()
  } catch (error) {
    throw error instanceof CaseError ? refused(error.message, error.suggestion) : error
  }
}

import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { harEntry } from '../capture/har-entry.ts'
import type { StoredExchange } from '../capture/record.ts'
import type { Captures } from '../capture/store.ts'
import { loadWorkspace } from '../config/load.ts'
import { openSecret, readSecrets, secretsFile } from '../config/secrets.ts'
import type { WorkspaceKey } from '../config/workspace-key.ts'
import type { Workspace } from '../config/workspace.ts'
import { version } from '../version.ts'
import { caseMessages, mostMessages } from './case-messages.ts'
import { judgeCase, traceDifference } from './judge-case.ts'
import { CaseError, caseFormat, type CaseFile, type StateRead } from './case-file.ts'
import { redactFiles } from './redact-files.ts'
import { stateRead } from './state-read.ts'

export interface ExportOptions {
  folder: string
  captures: Captures
  key: WorkspaceKey
  env: Readonly<Record<string, string | undefined>>
}

/** Writes a recorded exchange as a case. Throws a CaseError when it, or the revision it was judged by, is not kept. */
export async function exportCase(id: string, options: ExportOptions): Promise<{ name: string; text: string }> {
  const { folder, captures, key, env } = options
  const exchange = captures.get(id, { secrets: 'sealed' })
  if (!exchange) throw new CaseError(`there is no exchange ${id.slice(0, 60)}`, 'see: gatehouse capture list')
  const files = captures.revisionFiles(exchange.revision)
  if (files.size === 0) {
    throw new CaseError('the files that it was judged by are not kept', 'choose an exchange of a later revision')
  }
  const secrets = readSecrets(textIn(folder, secretsFile) ?? '')
  const redacted = redactFiles(files, {
    secret(name) {
      const reading = openSecret(secrets, name, key)
      return 'value' in reading ? reading.value : undefined
    },
    env: (name) => env[name],
    file: (path) => files.get(path) ?? textIn(folder, path),
    tag: (value) => key.tag(value),
  })
  const { workspace } = await loadWorkspace(folder, {
    overlay: files,
    env,
    readOnly: true,
    engineVersion: version,
    ...(exchange.environment !== undefined && { environment: exchange.environment }),
  })
  const messages = [...captures.messages(id, { count: mostMessages, secrets: 'sealed' })]
  const file: CaseFile = {
    gatehouseCase: caseFormat,
    engine: version,
    workspace: workspace?.name ?? '',
    environment: exchange.environment ?? null,
    revision: exchange.revision,
    files: redacted.files,
    secrets: redacted.secrets,
    state: workspace ? await soundState(workspace, exchange, await stateRead(workspace, exchange.id, options)) : [],
    exchange: harEntry(exchange),
    ...(messages.length > 0 && { messages: caseMessages(messages) }),
  }
  const name = `${exchange.id}.gatehouse-case.json`
  return { name, text: `${withoutSecrets(JSON.stringify(file, null, 1), redacted.values)}\n` }
}

/**
 * Only what leads to the recorded trace: counters that began before the capture did, or that another gateway counted on
 * too, are not known. Steps that read those are taken from the record.
 */
async function soundState(workspace: Workspace, exchange: StoredExchange, reads: readonly StateRead[]) {
  let state = reads
  const stateIds = new Map(
    [workspace.unrouted, ...workspace.routes.map(({ plan }) => plan)].flatMap(({ instances }) =>
      instances.map(({ id, stateId }) => [id, stateId] as const),
    ),
  )
  for (;;) {
    const judged = await judgeCase(workspace, exchange, state)
    const difference = traceDifference(exchange.trace, judged.trace)
    const without = state.filter(({ stateId }) => stateId !== stateIds.get(difference?.policy ?? ''))
    if (without.length === state.length) return state
    state = without
  }
}

/** Secrets that stand somewhere else than where they belong: in a comment, in a body. */
function withoutSecrets(text: string, values: readonly string[]): string {
  let clean = text
  for (const value of [...new Set(values)].sort((a, b) => b.length - a.length)) {
    for (const spelling of new Set([value, JSON.stringify(value).slice(1, -1)])) {
      if (clean.includes(spelling)) clean = clean.replaceAll(spelling, '⟦secret⟧')
    }
  }
  return clean
}

function textIn(folder: string, path: string): string | undefined {
  try {
    return readFileSync(resolve(join(folder), path), 'utf8')
  } catch {
    return undefined
  }
}

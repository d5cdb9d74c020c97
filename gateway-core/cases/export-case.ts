import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { harEntry } from '../capture/har-entry.ts'
import type { StoredExchange } from '../capture/record.ts'
import type { Captures } from '../capture/store.ts'
import { loadWorkspace } from '../config/load.ts'
import { openSecret, readSecrets, secretsFile } from '../config/secrets.ts'
import type { WorkspaceKey } from '../config/workspace-key.ts'
import type { Workspace } from '../config/workspace.ts'
import type { StateAnswer, StateOperation } from '../pipeline/state.ts'
import { whenReady, type Maybe } from '../pipeline/facts.ts'
import { ColdState } from '../rejudge/cold-state.ts'
import { judgeTraffic } from '../rejudge/judge-traffic.ts'
import { recordedFacts } from '../rejudge/shared-facts.ts'
import { RecordsTraffic } from '../rejudge/traffic.ts'
import { version } from '../version.ts'
import { judgeCase, traceDifference } from './judge-case.ts'
import { CaseError, caseFormat, type CaseFile, type StateRead } from './case-file.ts'
import { redactFiles } from './redact-files.ts'

export interface ExportOptions {
  folder: string
  captures: Captures
  key: WorkspaceKey
  env: Readonly<Record<string, string | undefined>>
}

/** Most exchanges before it that are judged to know what limits held, and how long before. */
const mostBefore = 3000
const longestBefore = 24 * 3_600_000

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
  const file: CaseFile = {
    gatehouseCase: caseFormat,
    engine: version,
    workspace: workspace?.name ?? '',
    environment: exchange.environment ?? null,
    revision: exchange.revision,
    files: redacted.files,
    secrets: redacted.secrets,
    state: workspace ? await soundState(workspace, exchange, await stateRead(workspace, exchange, captures)) : [],
    exchange: harEntry(exchange),
  }
  const name = `${exchange.id}.gatehouse-case.json`
  return { name, text: `${withoutSecrets(JSON.stringify(file, null, 1), redacted.values)}\n` }
}

/** What the steps of the exchange asked of state, and what it answered: found by judging what came before it. */
async function stateRead(workspace: Workspace, exchange: StoredExchange, captures: Captures): Promise<StateRead[]> {
  const summaries = captures.list({ before: exchange.order, limit: mostBefore, order: 'newest' })
  const since = exchange.startedAt - longestBefore
  const before = summaries.flatMap(({ id, startedAt }) => {
    const record = startedAt < since ? undefined : captures.get(id, { secrets: 'sealed' })
    return record ? [record] : []
  })
  before.reverse()
  const state = new Listening()
  const judge = (records: readonly StoredExchange[]) =>
    judgeTraffic({
      workspace,
      traffic: new RecordsTraffic(records),
      recordedUnder: () => undefined,
      facts: recordedFacts,
      reuse: false,
      everyStep: true,
      state: () => state,
      judged: () => undefined,
    })
  if (before.length > 0) await judge(before)
  state.reads = []
  await judge([exchange])
  return state.reads
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

/** State that notes what it was asked. */
class Listening extends ColdState {
  reads: StateRead[] = []

  constructor() {
    super({ since: 0 })
  }

  override apply<O extends StateOperation>(stateId: string, operation: O, now: number): Maybe<StateAnswer<O>> {
    return whenReady(super.apply(stateId, operation, now), (answer) => {
      this.reads.push({ stateId, operation, answer: answer ?? null })
      return answer
    })
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

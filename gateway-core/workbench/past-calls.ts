import type { PolicyInstance } from '../pipeline/plan.ts'
import type { Handlers } from '../protocol/protocol.ts'
import { refused } from '../protocol/rpc-error.ts'
import type { PastEntry } from '../protocol/what-if.ts'
import type { StateEntryAt } from '../rejudge/state-at.ts'
import type { ChangedValue } from '../rejudge/step-through.ts'
import { plainStep } from './exchange-detail.ts'
import { instancesOf } from './policy-counters.ts'
import { told } from './what-if-desk.ts'
import type { Workbench } from './workbench.ts'

type Given = Parameters<Handlers['past.steps']>[0]['changes'][number]

/** The recorded time: how dense it is, what was counted at a moment, one exchange step by step. */
export function pastCalls(workbench: Workbench): Pick<Handlers, Extract<keyof Handlers, `past.${string}`>> {
  return {
    'past.density': ({ query, parts }) =>
      workbench.workspace.searcher.density(query, parts).catch((error: Error) => {
        throw refused(`the exchanges cannot be counted: ${error.message}`)
      }),
    'past.stateAt': async ({ time }) => {
      const { workspace } = workbench.workspace
      const state = await told(workbench.past.stateAt(time))
      const byId = new Map((workspace ? instancesOf(workspace) : []).map((one) => [one.id, one]))
      return {
        time: state.time,
        entries: state.entries.map((entry) => pastEntry(entry, byId.get(entry.policy))),
        warming: state.warming.map((id) => id.replace(/#[^#]*$/, '')),
      }
    },
    'past.steps': async ({ id, changes, texts }) => {
      const candidate = Object.fromEntries(texts.map(({ path, text }) => [path, text]))
      const { environment } = workbench.workspace
      const question = { candidate, ...(environment !== undefined && { environment }) }
      const { trace, before, outcome } = await told(workbench.past.stepThrough(id, changes.map(changedValue), question))
      return { trace: trace.map(plainStep), before, outcome }
    },
  }
}

function pastEntry({ policy, stateId, type, key, holds, expiresAt }: StateEntryAt, now?: PolicyInstance): PastEntry {
  const place = now && { file: now.position.file, line: now.position.line }
  // A configuration that changed since says nothing about the limit of then.
  const limit = now?.stateId === stateId ? limitOf(now) : undefined
  const entry: PastEntry = { policy, type, key, holds: '', expiresAt, ...place, ...(limit !== undefined && { limit }) }
  switch (holds.kind) {
    case 'limiter':
      return { ...entry, used: holds.used, holds: holds.algorithm }
    case 'count':
      return { ...entry, used: holds.count, holds: 'count' }
    case 'value':
      return { ...entry, holds: holds.value }
    case 'seen':
      return { ...entry, holds: 'seen' }
  }
}

/** What a limiter admits, by its prepared configuration; other policies have none. */
function limitOf({ prepared }: PolicyInstance): number | undefined {
  const limit = typeof prepared === 'object' && prepared !== null && 'limit' in prepared ? prepared.limit : undefined
  return typeof limit === 'number' ? limit : undefined
}

function changedValue({ step, of, kind, name, value, groups }: Given): ChangedValue {
  const bad = () => refused(`a ${kind} cannot be changed to ${JSON.stringify(value)}`)
  switch (kind) {
    case 'header':
      if (name === undefined || typeof value === 'number') throw bad()
      return { step, of, change: { kind, name, value } }
    case 'consumer':
      if (typeof value === 'number') throw bad()
      return { step, of, change: { kind, name: value, groups: groups ?? [] } }
    case 'status':
    case 'now':
      if (typeof value !== 'number') throw bad()
      return { step, of, change: { kind, value } }
    default:
      if (typeof value !== 'string') throw bad()
      return { step, of, change: { kind, value } }
  }
}

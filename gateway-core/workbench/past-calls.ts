import type { Handlers } from '../protocol/protocol.ts'
import { refused } from '../protocol/rpc-error.ts'
import type { ChangedValue } from '../rejudge/step-through.ts'
import { plainStep } from './exchange-detail.ts'
import { maskOf } from './mask-secrets.ts'
import { pastEntry } from './past-entry.ts'
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
        entries: state.entries.map((entry) => pastEntry(entry, state.time, byId.get(entry.policy))),
        warming: state.warming.map((id) => id.replace(/#[^#]*$/, '')),
      }
    },
    'past.steps': async ({ id, changes, texts }) => {
      const candidate = Object.fromEntries(texts.map(({ path, text }) => [path, text]))
      const { environment } = workbench.workspace
      const question = { candidate, ...(environment !== undefined && { environment }) }
      const { trace, before, outcome } = await told(workbench.past.stepThrough(id, changes.map(changedValue), question))
      // It was judged with open secrets; a screen never sees one.
      return maskOf(workbench.workspace.captures, id)({ trace: trace.map(plainStep), before, outcome })
    },
  }
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

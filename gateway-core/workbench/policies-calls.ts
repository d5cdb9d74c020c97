import { policies } from '../policies/index.ts'
import type { Handlers } from '../protocol/protocol.ts'
import { refused } from '../protocol/rpc-error.ts'
import type { Workbench } from './workbench.ts'

/** Policies: what there is, how one is written, and what live traffic does at each line. */
export function policiesCalls(workbench: Workbench): Pick<Handlers, Extract<keyof Handlers, `policies.${string}`>> {
  const later = () => {
    throw refused('not there yet')
  }
  return {
    'policies.types': () => policies.map(({ type, docs }) => ({ type, summary: docs.summary, owasp: [...docs.owasp] })),
    'policies.snippets': later,
    'policies.insert': later,
    'policies.counters': () => workbench.workspace.counters?.read() ?? { revision: '', policies: [] },
  }
}

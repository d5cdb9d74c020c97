import { policies } from '../policies/index.ts'
import type { Handlers } from '../protocol/protocol.ts'
import { insertionAt, snippetOf } from './policy-snippet.ts'
import type { Workbench } from './workbench.ts'

/** Policies: what there is, how one is written, and what live traffic does at each line. */
export function policiesCalls(workbench: Workbench): Pick<Handlers, Extract<keyof Handlers, `policies.${string}`>> {
  return {
    'policies.types': () => policies.map(({ type, docs }) => ({ type, summary: docs.summary, owasp: [...docs.owasp] })),
    'policies.snippets': ({ type }) => ({ type, text: snippetOf(type) }),
    'policies.insert': ({ path, text, line, type }) => insertionAt(path, text, line, type),
    'policies.counters': () => workbench.workspace.counters?.read() ?? { revision: '', policies: [] },
  }
}

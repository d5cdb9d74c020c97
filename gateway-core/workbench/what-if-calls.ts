import type { Handlers } from '../protocol/protocol.ts'
import { refused } from '../protocol/rpc-error.ts'
import { coverageOf } from '../rejudge/coverage.ts'
import { instancesOf } from './policy-counters.ts'
import type { WhatIfDesk } from './what-if-desk.ts'
import type { Workbench } from './workbench.ts'

/** What the past would have met by an edit, and what it exercised. */
export function whatIfCalls(
  workbench: Workbench,
  desk: WhatIfDesk,
): Pick<Handlers, Extract<keyof Handlers, `whatIf.${string}`>> {
  return {
    'whatIf.prepare': async () => {
      await desk.prepare()
      return null
    },
    'whatIf.judge': ({ run, texts, query }, { signal }) => desk.judge(run, texts, query, signal),
    'whatIf.groups': ({ run, kind }) => desk.groups(run, kind),
    'whatIf.rows': ({ run, kind, from, count }) => desk.rows(run, kind, from, count),
    'whatIf.when': ({ run, kind, parts }) => desk.when(run, kind, parts),
    'whatIf.explain': ({ run, id }) => desk.explain(run, id),
    'whatIf.shrink': ({ run, id }) => desk.shrink(run, id),
    'whatIf.test': ({ run, id }) => desk.test(run, id),
    'whatIf.coverage': async ({ query }) => {
      const { workspace, searcher } = workbench.workspace
      const counts = await searcher.steps(query).catch((error: Error) => {
        throw refused(`what policies met cannot be counted: ${error.message}`)
      })
      return coverageOf(workspace ? instancesOf(workspace) : [], counts)
    },
  }
}

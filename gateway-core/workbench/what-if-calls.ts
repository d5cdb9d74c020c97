import type { Handlers } from '../protocol/protocol.ts'
import { refused } from '../protocol/rpc-error.ts'
import { coverageOf } from '../rejudge/coverage.ts'
import { instancesOf } from './policy-counters.ts'
import type { Workbench } from './workbench.ts'

/** What the past would have met, and what it exercised. */
export function whatIfCalls(workbench: Workbench): Pick<Handlers, Extract<keyof Handlers, `whatIf.${string}`>> {
  return {
    'whatIf.coverage': async ({ query }) => {
      const { workspace, searcher } = workbench.workspace
      const counts = await searcher.steps(query).catch((error: Error) => {
        throw refused(`what policies met cannot be counted: ${error.message}`)
      })
      return coverageOf(workspace ? instancesOf(workspace) : [], counts)
    },
  }
}

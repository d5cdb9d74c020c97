import type { Workspace } from '../config/workspace.ts'
import type { Coverage } from '../protocol/what-if.ts'
import { countSteps, coverageOf } from '../rejudge/coverage.ts'
import type { TestResult } from '../tests/run-test.ts'
import { instancesOf } from './policy-counters.ts'

/** What policy tests exercised of each policy of a workspace, counted as recorded traffic is. */
export function coverageOfTests(workspace: Workspace, results: Iterable<Pick<TestResult, 'met'>>): Coverage {
  return coverageOf(instancesOf(workspace), countSteps([...results].flatMap(({ met }) => met)))
}

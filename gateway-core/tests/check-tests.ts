import { didYouMean } from '../config/closest.ts'
import type { Problem } from '../config/diagnostics.ts'
import { environmentsIn } from '../config/environments.ts'
import { WorkspaceFiles } from '../config/files.ts'
import type { Workspace } from '../config/workspace.ts'
import type { Position } from '../pipeline/outcome.ts'
import { isPolicy, policyIds, policyName } from './policy-names.ts'
import type { TestFile } from './policy-test.ts'
import { referencesIn } from './references.ts'

/** An environment that a file of tests names, and the workspace does not have. */
export function checkEnvironment({ environment }: TestFile, folder: string): Problem[] {
  if (!environment) return []
  const { name, position } = environment
  const known = environmentsIn(new WorkspaceFiles(folder))
  if (known.includes(name)) return []
  const suggestion = didYouMean(name, known, 'there are')
  const message = `there is no environment "${name}"`
  return [
    {
      ...position,
      severity: 'error',
      code: 'UNKNOWN_REFERENCE',
      message,
      ...(suggestion !== undefined && { suggestion }),
    },
  ]
}

/** Names in tests that the workspace does not know: policies, routes, consumers. */
export function checkTests(file: TestFile, workspace: Workspace): Problem[] {
  const problems: Problem[] = []
  const report = (position: Position, severity: Problem['severity'], message: string, suggestion: string | undefined) =>
    problems.push({
      ...position,
      severity,
      code: 'UNKNOWN_REFERENCE',
      message,
      ...(suggestion !== undefined && { suggestion }),
    })
  const ids = policyIds(workspace)
  const names = [...new Set(ids.map(policyName))]
  const routes = workspace.routes.map(({ id }) => id)
  const consumers = workspace.consumers.map(({ name }) => name)
  for (const { steps } of file.tests) {
    for (const { expectations, request, position } of steps) {
      for (const expectation of expectations) {
        const { kind } = expectation
        const policy = kind === 'decidedBy' ? expectation.wanted : kind === 'trace' ? expectation.policy : undefined
        if (policy !== undefined && !ids.some((id) => isPolicy(policy, id))) {
          report(
            expectation.position,
            'warning',
            `the workspace has no policy "${policy}"`,
            didYouMean(policy, names, 'there are'),
          )
        }
        if (kind === 'route' && !routes.includes(expectation.wanted)) {
          const { wanted } = expectation
          report(
            expectation.position,
            'warning',
            `the workspace has no route "${wanted}"`,
            didYouMean(wanted, routes, 'there are'),
          )
        }
      }
      const texts = [request.url, request.body ?? '', ...request.headers.map(([, value]) => value)]
      for (const { kind, name } of texts.flatMap(referencesIn)) {
        if (kind !== 'consumer' || consumers.includes(name)) continue
        report(position, 'error', `the workspace has no consumer "${name}"`, didYouMean(name, consumers, 'there are'))
      }
    }
  }
  return problems
}

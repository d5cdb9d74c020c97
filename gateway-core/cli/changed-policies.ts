import type { Workspace } from '../config/workspace.ts'
import type { PolicyInstance } from '../pipeline/plan.ts'

/** Instance ids of the policies that were added, removed or configured differently. */
export function changedPolicies(before: Workspace, after: Workspace): string[] {
  const old = identities(before)
  const now = identities(after)
  const changed = [...now].filter(([id, identity]) => old.get(id) !== identity).map(([id]) => id)
  const gone = [...old.keys()].filter((id) => !now.has(id))
  return [...changed, ...gone]
}

function identities(workspace: Workspace): Map<string, string> {
  const plans = [workspace.unrouted, ...workspace.routes.map((route) => route.plan)]
  const instances = plans.flatMap((plan) => plan.instances)
  return new Map(instances.map((instance) => [instance.id, identity(instance)]))
}

function identity({ stateId, mode, when }: PolicyInstance): string {
  return JSON.stringify([stateId, mode, when?.source])
}

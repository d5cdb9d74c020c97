import type { Workspace } from '../config/workspace.ts'

/** Ids of every policy of a workspace. */
export function policyIds(workspace: Workspace): string[] {
  const plans = [workspace.unrouted, ...workspace.routes.map(({ plan }) => plan)]
  return [...new Set(plans.flatMap(({ instances }) => instances.map(({ id }) => id)))]
}

/** Name of an instance: what stands behind its scope. */
export function policyName(id: string): string {
  return id.slice(id.lastIndexOf('/') + 1)
}

/** Whether a policy is meant by this word: its id, or its name. */
export function isPolicy(word: string, id: string | undefined): boolean {
  return id !== undefined && (id === word || policyName(id) === word)
}

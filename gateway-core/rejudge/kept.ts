import type { Route, Workspace } from '../config/workspace.ts'
import type { Phase } from '../pipeline/phases.ts'
import type { Plan, PlanNode, PolicyInstance } from '../pipeline/plan.ts'

const judged = ['requestHeaders', 'requestBody', 'responseHeaders', 'responseBody'] as const satisfies readonly Phase[]

/** What a change of plans leaves alone. */
export interface Kept {
  /** Instances that judge as before: equal configuration, mode and condition, prepared from equal surroundings. */
  readonly instances: ReadonlySet<PolicyInstance>
  /**
   * Instances behind the first step that differs, in the order of judging: what they find in the exchange, and what
   * reaches them, may be another.
   */
  readonly behind: ReadonlySet<PolicyInstance>
  /** Whether a response phase differs. */
  readonly response: boolean
  /** Whether the plans are alike from end to end. */
  readonly whole: boolean
}

/** Tells which instances of one workspace judge as those of another with the same id. */
export class Keeping {
  readonly #sameConsumers: boolean
  readonly #sameDocuments: boolean

  constructor(before: Workspace, after: Workspace) {
    this.#sameConsumers = JSON.stringify(before.consumers) === JSON.stringify(after.consumers)
    this.#sameDocuments = documents(before) === documents(after)
  }

  compare(before: Plan, after: Plan): Kept {
    const known = new Map(before.instances.map((instance) => [instance.id, instance]))
    const instances = new Set<PolicyInstance>()
    for (const instance of after.instances) {
      const was = known.get(instance.id)
      if (was && this.#judgesAlike(was, instance)) instances.add(instance)
    }
    const behind = new Set<PolicyInstance>()
    let differs = false
    let response = false
    for (const phase of judged) {
      const [one, other] = [steps(before.phases[phase], phase), steps(after.phases[phase], phase)]
      let at = 0
      while (at < other.length && one[at]?.place === other[at]!.place && instances.has(other[at]!.instance)) at++
      const here = at < one.length || at < other.length
      if (here && phase.startsWith('response')) response = true
      for (const { instance } of differs ? other : other.slice(at)) behind.add(instance)
      differs ||= here
    }
    return { instances, behind, response, whole: !differs }
  }

  #judgesAlike(one: PolicyInstance, other: PolicyInstance): boolean {
    return this.#sameConsumers && this.#sameDocuments && one.stateId === other.stateId && one.mode === other.mode
  }
}

/** Steps of a phase with their place: instance and branch. */
function steps(nodes: readonly PlanNode[], phase: Phase): { place: string; instance: PolicyInstance }[] {
  return nodes.flatMap((node, at) => {
    if (node.kind === 'policy') return [{ place: node.instance.id, instance: node.instance }]
    return node.branches.flatMap((branch, number) =>
      branch
        .filter(({ policy }) => policy.phases[phase] !== undefined)
        .map((instance) => ({ place: `${at}.${number} ${instance.id}`, instance })),
    )
  })
}

/** Files that are not settings: OpenAPI documents and what they refer to, by their hash. */
function documents({ files }: Workspace): string {
  const others = files.filter(
    ({ path }) => !/^(?:gatehouse\.yaml|(?:policies|environments|tests)\/.+|secrets\..+)$/.test(path),
  )
  return JSON.stringify(others.map(({ path, sha256 }) => [path, sha256]))
}

/** Whether requests find their way alike: equal matches, in the same order. */
export function routesAlike(before: Workspace, after: Workspace): boolean {
  const key = ({ id, match, stripPrefix, rewrite, upstream, preserveHost }: Route) => [
    id,
    match,
    stripPrefix,
    rewrite,
    upstream,
    preserveHost,
  ]
  return before === after || JSON.stringify(before.routes.map(key)) === JSON.stringify(after.routes.map(key))
}

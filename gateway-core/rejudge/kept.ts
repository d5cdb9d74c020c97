import type { Route, Workspace } from '../config/workspace.ts'
import type { Phase } from '../pipeline/phases.ts'
import type { Plan, PlanNode, PolicyInstance } from '../pipeline/plan.ts'

const judged = ['requestHeaders', 'requestBody', 'responseHeaders', 'responseBody'] as const satisfies readonly Phase[]

/** What a change of plans leaves alone. */
export interface Kept {
  /** Instances that judge as before: equal configuration, mode and condition, prepared from equal surroundings. */
  readonly instances: ReadonlySet<PolicyInstance>
  /**
   * Instances behind the first step that differs, in the order of judging, messages last: what they find in the
   * exchange, and what reaches them, may be another.
   */
  readonly behind: ReadonlyMap<Phase, ReadonlySet<PolicyInstance>>
  /** Whether a response phase differs; `body`: that of the body. */
  readonly response: false | 'head' | 'body'
  /** Whether messages of WebSockets and event streams are judged otherwise. */
  readonly messages: boolean
  /** Whether the plans are alike from end to end, but for messages. */
  readonly whole: boolean
  /** Whether every step of before is still there, in its order. */
  readonly complete: boolean
}

/** Tells which instances of one workspace judge as those of another with the same id. */
export class Keeping {
  readonly #sameConsumers: boolean
  readonly #sameDocuments: boolean
  readonly #compared = new Map<Plan, Map<Plan, Kept>>()

  constructor(before: Workspace, after: Workspace) {
    this.#sameConsumers = JSON.stringify(before.consumers) === JSON.stringify(after.consumers)
    this.#sameDocuments = documents(before) === documents(after)
  }

  /** The same object for the same plans. */
  compare(before: Plan, after: Plan): Kept {
    const known = this.#compared.get(before) ?? new Map<Plan, Kept>()
    this.#compared.set(before, known)
    let kept = known.get(after)
    if (!kept) known.set(after, (kept = this.#compare(before, after)))
    return kept
  }

  #compare(before: Plan, after: Plan): Kept {
    const known = new Map(before.instances.map((instance) => [instance.id, instance]))
    const instances = new Set<PolicyInstance>()
    for (const instance of after.instances) {
      const was = known.get(instance.id)
      if (was && this.#judgesAlike(was, instance)) instances.add(instance)
    }
    const behind = new Map<Phase, ReadonlySet<PolicyInstance>>()
    let differs = false
    let response: Kept['response'] = false
    let complete = true
    for (const phase of judged) {
      const [one, other] = [steps(before.phases[phase], phase), steps(after.phases[phase], phase)]
      const at = firstOther(one, other, instances)
      complete &&= isWithin(one, other)
      const here = at < one.length || at < other.length
      if (here && phase === 'responseHeaders') response = 'head'
      if (here && phase === 'responseBody') response = 'body'
      behind.set(phase, new Set((differs ? other : other.slice(at)).map(({ instance }) => instance)))
      differs ||= here
    }
    const [one, other] = [steps(before.phases.message, 'message'), steps(after.phases.message, 'message')]
    const at = firstOther(one, other, instances)
    const messages = one.length !== other.length || at < one.length
    behind.set('message', new Set((differs ? other : other.slice(at)).map(({ instance }) => instance)))
    return { instances, behind, response, messages, whole: !differs, complete }
  }

  #judgesAlike(one: PolicyInstance, other: PolicyInstance): boolean {
    return this.#sameConsumers && this.#sameDocuments && one.stateId === other.stateId && one.mode === other.mode
  }
}

/** A step of a phase with its place: instance and branch. */
interface Step {
  place: string
  instance: PolicyInstance
}

function steps(nodes: readonly PlanNode[], phase: Phase): Step[] {
  return nodes.flatMap((node) => {
    if (node.kind === 'policy') return [{ place: node.instance.id, instance: node.instance }]
    return node.branches.flatMap((branch, number) =>
      branch
        .filter(({ policy }) => policy.phases[phase] !== undefined)
        .map((instance) => ({ place: `${number} ${instance.id}`, instance })),
    )
  })
}

/** Place of the first step that is another. */
function firstOther(one: readonly Step[], other: readonly Step[], same: ReadonlySet<PolicyInstance>): number {
  let at = 0
  while (at < other.length && one[at]?.place === other[at]!.place && same.has(other[at]!.instance)) at++
  return at
}

/** Whether the steps stand among the others, in their order. */
function isWithin(steps: readonly Step[], others: readonly Step[]): boolean {
  let at = 0
  for (const { place } of others) if (at < steps.length && steps[at]!.place === place) at++
  return at === steps.length
}

/** Files that are not settings: OpenAPI documents and what they refer to, by their hash. */
function documents({ files }: Workspace): string {
  const others = files.filter(
    ({ path }) => !/^(?:gatehouse\.yaml|(?:policies|environments|tests)\/.+|secrets\..+)$/.test(path),
  )
  return JSON.stringify(others.map(({ path, sha256 }) => [path, sha256]))
}

/** Whether requests find their way alike, but for those that servers read differently: equal matches, in the same order. */
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

import type { Context } from '../capture/decode-context.ts'
import type { Route, Workspace } from '../config/workspace.ts'
import type { Phase } from '../pipeline/phases.ts'
import { counts, layOut, type Plan, type PolicyInstance } from '../pipeline/plan.ts'
import type { Routed } from '../proxy/route-exchange.ts'
import type { Concern } from './exchange-run.ts'
import { foreignRevision } from './recorded-exchange.ts'
import { type Kept, Keeping, routesAlike } from './kept.ts'
import { OtherWays } from './other-ways.ts'

const judged = ['requestHeaders', 'requestBody', 'responseHeaders', 'responseBody'] as const
/** All in which a step may count. */
const counting = [...judged, 'message'] as const
const noPolicies = layOut([], () => [])
const unrouted = new Set(['NO_ROUTE', 'METHOD_NOT_ROUTED', 'AMBIGUOUS_ROUTE'])

/**
 * Whether policies see it: what was refused as malformed was not judged and is not judged now. A foreign HAR is.
 */
export function wasJudged({ listener, verdict, route, code, revision }: Context): boolean {
  if (listener === 'none') return revision === foreignRevision
  return !(verdict === 'refused' && route === undefined && !unrouted.has(code ?? ''))
}

/** One kind of exchange (judged alike then, and by one plan now) and what of it the edit concerns. */
interface Case {
  context: Context
  plan: Plan
  /** What judged it then, where that is known. */
  was: Plan | undefined
  /** Undefined: nothing of the record can be held against the plan. */
  kept: Kept | undefined
  concern: Concern | 'everything'
  /** Whether messages have to be judged again, where such exchanges come to them as they did. */
  messages: boolean
}

/**
 * Works out which exchanges an edit concerns, and which instances have to count anew: those that it changes, and
 * those behind them, because other exchanges reach them or others with other values.
 */
export class Concerns {
  /** State ids whose operations have to be repeated in the recorded order. */
  readonly counted = new Set<string>()
  readonly #workspace: Workspace
  readonly #recordedUnder: (context: Context) => Workspace | undefined
  readonly #kept = new Set<string>()
  readonly #concernsOf = new Map<Kept, Concern>()
  readonly #reuse: boolean
  readonly #everyCounter: boolean
  readonly #cases = new Map<Context, Map<Plan, Case>>()
  readonly #alike = new Map<Workspace, boolean>()
  readonly #otherWays = new Map<Workspace, OtherWays>()
  readonly #keeping = new Map<Workspace, Keeping>()
  readonly #routes = new Map<Workspace, ReadonlyMap<string, Route>>()

  /** `everyCounter`: every instance counts again, also those that the edit leaves alone. */
  constructor(
    workspace: Workspace,
    recordedUnder: (context: Context) => Workspace | undefined,
    reuse: boolean,
    everyCounter = false,
  ) {
    this.#workspace = workspace
    this.#recordedUnder = recordedUnder
    this.#reuse = reuse
    this.#everyCounter = everyCounter
  }

  /** Takes note of a kind of exchange. All have to be there before `settle`. */
  add(context: Context, routed: Routed): void {
    const cases = this.#cases.get(context) ?? new Map<Plan, Case>()
    this.#cases.set(context, cases)
    if (cases.has(routed.plan)) return
    const was = this.#planThen(context)
    const kept = this.#reuse ? this.#keptOf(context, routed) : undefined
    for (const { stateId } of kept?.instances ?? []) this.#kept.add(stateId)
    cases.set(routed.plan, { context, plan: routed.plan, was, kept, concern: 'everything', messages: false })
  }

  /** Whether requests find their way as they did under another workspace. */
  routesAlike(before: Workspace): boolean {
    let alike = this.#alike.get(before)
    if (alike === undefined) this.#alike.set(before, (alike = routesAlike(before, this.#workspace)))
    return alike
  }

  /** Where exchanges went that were judged alike, where that is known without looking at each. */
  routedAlike(context: Context): Routed | undefined {
    const before = this.#recordedUnder(context)
    if (!before || !this.routesAlike(before)) return undefined
    if (context.route === undefined && (context.listener === 'proxy' || context.code === 'AMBIGUOUS_ROUTE'))
      return undefined
    const route = context.route === undefined ? undefined : this.#routesOf(this.#workspace).get(context.route)
    if (context.route !== undefined && !(route && this.#readAlike(before, context.route))) return undefined
    return { plan: route?.plan ?? this.#workspace.unrouted, route, allowedMethods: [] }
  }

  /** Whether what servers read differently leads from a route to the same others as under another workspace. */
  #readAlike(before: Workspace, route: string): boolean {
    if (before === this.#workspace) return true
    let ways = this.#otherWays.get(before)
    if (!ways) this.#otherWays.set(before, (ways = new OtherWays(before, this.#workspace)))
    return ways.alike(route)
  }

  /** Whether an instance that counts again is one that the edit leaves alone. */
  isKept(stateId: string): boolean {
    return this.#kept.has(stateId)
  }

  /** Whether exchanges of these kinds, by any plan, have a step that counts again. */
  countsIn(contexts: ReadonlySet<Context>): boolean {
    for (const context of contexts) {
      for (const { plan } of this.#cases.get(context)?.values() ?? []) {
        if (plan.instances.some(({ stateId }) => this.counted.has(stateId))) return true
      }
    }
    return false
  }

  concern(context: Context, plan: Plan): Concern | 'everything' {
    return this.#cases.get(context)!.get(plan)!.concern
  }

  /** Whether messages of such exchanges have to be judged again, where the exchanges come to them as they did. */
  concernsMessages(context: Context, plan: Plan): boolean {
    return this.#cases.get(context)!.get(plan)!.messages
  }

  /** Finds what has to be counted again, until nothing more comes to it. */
  settle(): void {
    let size = -1
    while (size !== this.counted.size) {
      size = this.counted.size
      for (const cases of this.#cases.values()) for (const one of cases.values()) this.#spread(one)
    }
    for (const cases of this.#cases.values()) {
      for (const one of cases.values()) {
        one.concern = this.#concernOf(one)
        one.messages = this.#messagesOf(one)
      }
    }
  }

  #spread({ context, plan, was, kept }: Case): void {
    if (!wasJudged(context)) return
    // What it counted at then, and does not come by any more, misses it.
    const now = new Set(plan.instances.map(({ stateId }) => stateId))
    for (const instance of was?.instances ?? []) {
      if (!now.has(instance.stateId) && counting.some((phase) => counts(instance, phase))) {
        this.counted.add(instance.stateId)
      }
    }
    let open = kept === undefined
    for (const phase of counting) {
      for (const instance of instancesIn(plan, phase)) {
        const touched = this.#everyCounter || open || kept!.behind.get(phase)!.has(instance)
        if (counts(instance, phase) && touched) {
          this.counted.add(instance.stateId)
        }
        open ||= !kept!.instances.has(instance) || this.counted.has(instance.stateId)
      }
    }
    // A recorded denial lacks its header fields: where they matter it has to be made again.
    const decider = plan.instances.find(({ id }) => id === context.decidedBy)
    if (decider && kept && judged.some((phase) => counts(decider, phase)) && kept.response) {
      this.counted.add(decider.stateId)
    }
  }

  #messagesOf({ context, plan, was, kept }: Case): boolean {
    if (!wasJudged(context)) return false
    if (!kept) return !was || was.phases.message.length > 0 || plan.phases.message.length > 0
    return kept.messages || instancesIn(plan, 'message').some(({ stateId }) => this.counted.has(stateId))
  }

  #concernOf({ context, plan, kept }: Case): Concern | 'everything' {
    if (!wasJudged(context)) return { untouched: true, recallable: () => true, settled: () => true, further: false }
    if (!kept) return 'everything'
    let concern = this.#concernsOf.get(kept)
    if (!concern) this.#concernsOf.set(kept, (concern = this.#concernFor(plan, kept)))
    return concern
  }

  #concernFor(plan: Plan, kept: Kept): Concern {
    const counting = plan.instances.some((instance) => this.counted.has(instance.stateId))
    const recallable = new Set([...kept.instances].filter((instance) => !this.counted.has(instance.stateId)))
    const settled = kept.complete ? this.#tails(plan, kept) : undefined
    return {
      untouched: kept.whole && !counting,
      recallable: (instance) => recallable.has(instance),
      settled: (instance, phase) => settled !== undefined && settled.get(phase)!.has(instance),
      // What only tells of a counter counts as equal, so a counter alone leads no further.
      further: kept.response !== false,
    }
  }

  /** The steps from which on everything may be taken from the record, in their phase and all after it. */
  #tails(plan: Plan, kept: Kept): Map<Phase, ReadonlySet<PolicyInstance>> {
    const settled = new Map<Phase, ReadonlySet<PolicyInstance>>()
    let open = false
    for (const phase of judged.toReversed()) {
      const tail = new Set<PolicyInstance>()
      for (const instance of instancesIn(plan, phase).toReversed()) {
        const counted = this.counted.has(instance.stateId)
        // A limiter that counts again tells of it in the response, and what tells of a counter counts as equal.
        const silent = phase.startsWith('response') && !counts(instance, phase)
        open ||= !kept.instances.has(instance) || (counted && !silent)
        if (!open) tail.add(instance)
      }
      settled.set(phase, tail)
    }
    return settled
  }

  #keptOf(context: Context, { plan, route }: Routed): Kept | undefined {
    const before = this.#recordedUnder(context)
    if (!before) return undefined
    const was = context.route === undefined ? undefined : this.#routesOf(before).get(context.route)
    if (before !== this.#workspace && !settingsAlike(before, this.#workspace, was, route)) return undefined
    // Which methods the path has routes for stands in the answer, and why none took it in its code.
    if (unrouted.has(context.code ?? '') && !this.routesAlike(before)) return undefined
    let keeping = this.#keeping.get(before)
    if (!keeping) this.#keeping.set(before, (keeping = new Keeping(before, this.#workspace)))
    const judgedBy = this.#planThen(context)
    if (!judgedBy) return undefined
    if (judgedBy.ownHeaders.join() !== plan.ownHeaders.join()) return undefined
    return keeping.compare(judgedBy, plan)
  }

  #planThen(context: Context): Plan | undefined {
    const before = this.#recordedUnder(context)
    if (!before) return undefined
    if (context.route !== undefined) return this.#routesOf(before).get(context.route)?.plan
    // What was only observed met no policy.
    return context.listener === 'proxy' && !unrouted.has(context.code ?? '') ? noPolicies : before.unrouted
  }

  #routesOf(workspace: Workspace): ReadonlyMap<string, Route> {
    let routes = this.#routes.get(workspace)
    if (!routes) {
      routes = new Map(workspace.routes.map((route) => [route.id, route]))
      this.#routes.set(workspace, routes)
    }
    return routes
  }
}

function instancesIn(plan: Plan, phase: (typeof counting)[number]): PolicyInstance[] {
  return plan.phases[phase].flatMap((node) => (node.kind === 'policy' ? [node.instance] : node.branches.flat()))
}

function settingsAlike(before: Workspace, after: Workspace, was: Route | undefined, now: Route | undefined): boolean {
  if (before.limits.bodyBytes !== after.limits.bodyBytes || before.onError !== after.onError) return false
  return JSON.stringify(was && wayOf(was)) === JSON.stringify(now && wayOf(now))
}

/** Where a route leads, and what policies see of it. */
function wayOf({ id, api, match, upstream, stripPrefix, rewrite, preserveHost }: Route): unknown {
  return [id, api, match.path, upstream, stripPrefix, rewrite, preserveHost]
}

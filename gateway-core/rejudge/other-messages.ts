import type { Context } from '../capture/decode-context.ts'
import type { Workspace } from '../config/workspace.ts'
import type { Plan } from '../pipeline/plan.ts'
import { Keeping } from './kept.ts'
import type { Traffic } from './traffic.ts'

/** The fact that lacks where an edit judges messages otherwise. */
export const messagesFact = 'messages'

/**
 * Tells exchanges whose messages an edit judges otherwise: messages of WebSockets and event streams are not judged
 * again, so what becomes of those exchanges cannot be known.
 */
export class OtherMessages {
  readonly #traffic: Traffic
  readonly #plans: readonly [Plans, Plans]
  readonly #keeping: Keeping
  readonly #known = new Map<Context, boolean>()

  constructor(traffic: Traffic, baseline: Workspace, candidate: Workspace) {
    this.#traffic = traffic
    this.#plans = [plansOf(baseline), plansOf(candidate)]
    this.#keeping = new Keeping(baseline, candidate)
  }

  has(at: number): boolean {
    const context = this.#traffic.context(at)
    let differs = this.#known.get(context)
    if (differs === undefined) this.#known.set(context, (differs = this.#differs(context)))
    return differs && this.#traffic.withMessages?.has(this.#traffic.exchange(at).id) === true
  }

  #differs({ route }: Context): boolean {
    const [before, after] = this.#plans.map((plans) => plans.get(route)) as [Plan | undefined, Plan | undefined]
    return before !== undefined && after !== undefined && this.#keeping.compare(before, after).messages
  }
}

type Plans = ReadonlyMap<string | undefined, Plan>

/** Plans by the id of their route; that of what no route takes stands at undefined. */
function plansOf({ routes, unrouted }: Workspace): Plans {
  return new Map([[undefined, unrouted], ...routes.map(({ id, plan }) => [id, plan] as const)])
}

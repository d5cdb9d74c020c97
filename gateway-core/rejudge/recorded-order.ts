import type { Context } from '../capture/decode-context.ts'
import type { PolicyInstance } from '../pipeline/plan.ts'
import type { Phase } from '../pipeline/phases.ts'
import type { RecordedExchange } from './recorded-exchange.ts'

/** Where the steps of exchanges that were judged alike stand in their traces. */
export class RecordedOrder {
  readonly #places: ReadonlyMap<Phase, ReadonlyMap<string, readonly number[]>>
  readonly #starts: ReadonlyMap<Phase, number>
  readonly #reached: number
  readonly #phases: readonly Phase[]
  /** The instance that was found last at each place. */
  readonly #instances: (PolicyInstance | undefined)[]

  constructor({ shape }: Context) {
    const places = new Map<Phase, Map<string, number[]>>()
    const starts = new Map<Phase, number>()
    let reached = 0
    for (const [at, { policy, phase, verdict, reason }] of shape.entries()) {
      if (verdict === 'skipped' && reason === 'not reached') continue
      reached = at + 1
      if (!starts.has(phase)) starts.set(phase, at)
      const inPhase = places.get(phase) ?? new Map<string, number[]>()
      places.set(phase, inPhase)
      const known = inPhase.get(policy)
      if (known) known.push(at)
      else inPhase.set(policy, [at])
    }
    this.#places = places
    this.#starts = starts
    this.#reached = reached
    this.#phases = shape.map(({ phase }) => phase)
    this.#instances = shape.map(() => undefined)
  }

  /** Place of a step in the trace, not before `from`; -1 when it was not judged there. */
  find(instance: PolicyInstance, phase: Phase, from: number): number {
    // Most often it is the one that comes next, in a text that was seen before.
    if (this.#instances[from] === instance && this.#phases[from] === phase) return from
    const places = this.#places.get(phase)?.get(instance.id)
    if (places) {
      for (const place of places) {
        if (place < from) continue
        if (place === from) this.#instances[from] = instance
        return place
      }
    }
    return -1
  }

  /** First step of a phase, where the steps stand that an edit adds to it; -1 when the phase had none. */
  startOf(phase: Phase): number {
    return this.#starts.get(phase) ?? -1
  }

  /** Length of the trace without the steps that were not reached. */
  get reached(): number {
    return this.#reached
  }
}

const orders = new WeakMap<Context, RecordedOrder>()

export function orderOf({ context }: RecordedExchange): RecordedOrder {
  let order = orders.get(context)
  if (!order) {
    order = new RecordedOrder(context)
    orders.set(context, order)
  }
  return order
}

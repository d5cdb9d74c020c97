import type { Claims, Consumer } from '../exchange.ts'
import type { Facts, Maybe } from './facts.ts'
import type { JudgedExchange } from './judged-exchange.ts'
import type { Carried } from './outcome.ts'
import type { Judge } from './policy.ts'
import type { State, StateAnswer, StateOperation, StateStore } from './state.ts'
import type { Timeline } from './timeline.ts'

/** The judge of one exchange, used by its steps one after the other. */
export class StepJudge implements Judge, State {
  now = 0
  readonly #exchange: JudgedExchange
  readonly #facts: Facts
  readonly #world: { readonly state: StateStore; readonly timeline: Timeline }
  #stateId = ''
  #counts = false
  #sequence = 0
  #carried: Map<string, Carried> | undefined

  constructor(exchange: JudgedExchange, facts: Facts, world: { state: StateStore; timeline: Timeline }) {
    this.#exchange = exchange
    this.#facts = facts
    this.#world = world
  }

  /** Starts a step of the instance with that state id; `counts`: it may touch state. */
  begin(stateId: string, counts: boolean): void {
    this.#stateId = stateId
    this.#counts = counts
    this.#sequence = 0
    this.now = this.#world.timeline.now()
  }

  /** Place of the step in the global order: taken by its first state operation, else when it is asked for. */
  sequence(): number {
    if (this.#sequence === 0) this.#sequence = this.#world.timeline.next()
    return this.#sequence
  }

  get facts(): Facts {
    if (this.#sequence !== 0) throw new Error('a step asks its facts before it touches state')
    return this.#facts
  }

  get state(): State {
    if (!this.#counts) throw new Error('a step touches state only in the phases that its policy names in `countsIn`')
    return this
  }

  apply<O extends StateOperation>(operation: O): Maybe<StateAnswer<O>> {
    this.sequence()
    return this.#world.state.apply(this.#stateId, operation, this.now)
  }

  /** Keeps what the current step hands to later phases of its instance. */
  carry(carried: Carried): void {
    this.#carried ??= new Map()
    this.#carried.set(this.#stateId, carried)
  }

  get carried(): Carried | undefined {
    return this.#carried?.get(this.#stateId)
  }

  get consumer(): Consumer | undefined {
    return this.#exchange.consumer
  }

  get claims(): Claims | undefined {
    return this.#exchange.claims
  }
}

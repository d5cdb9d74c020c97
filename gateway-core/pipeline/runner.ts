import type { DenialCode } from '../errors.ts'
import type { Evidence } from '../exchange.ts'
import { changeMessage, changeRequest, changeResponse } from './changes.ts'
import { type Facts, MissingFact, type Maybe } from './facts.ts'
import type { JudgedExchange, Memory } from './judged-exchange.ts'
import type { GatewayResponse, HeaderField, Outcome, TraceEntry, TraceVerdict } from './outcome.ts'
import type { Phase } from './phases.ts'
import { counts, type Plan, type PlanNode, type PolicyInstance } from './plan.ts'
import type { StateStore } from './state.ts'
import { StepJudge } from './step-judge.ts'
import type { Timeline } from './timeline.ts'

/** What a run needs of its surroundings: the live gateway's, a test's, or a record's. */
export interface World {
  readonly state: StateStore
  readonly timeline: Timeline
  /** What a thrown error means for the exchange. */
  readonly onError: 'closed' | 'open'
}

/** How the request phases ended, when they did not end in forwarding. */
export type Decision =
  | {
      verdict: 'deny'
      code: DenialCode
      decidedBy: string
      evidence: readonly Evidence[]
      headers: readonly HeaderField[]
      detail?: string
    }
  | { verdict: 'respond'; decidedBy: string; response: GatewayResponse }
  | { verdict: 'error'; code: 'INTERNAL_ERROR'; decidedBy: string; reason: string }
  | { verdict: 'undecidable'; decidedBy: string; missing: string }

type Denied = Extract<Outcome, { verdict: 'deny' }>

/** Outcome of a step as a record tells it; `skipped`: its condition did not hold. */
export type Recalled = Outcome | { verdict: 'skipped'; reason: string }

/**
 * Judges one exchange by one plan, step by step: `enter` a phase, then `advance` until it says false. The live gateway
 * runs through a phase at once (`run`); judging again takes the steps of many exchanges in their recorded order.
 */
export class Run {
  readonly exchange: JudgedExchange
  readonly plan: Plan
  readonly trace: TraceEntry[] = []
  /** Set when a request phase ended in something other than forwarding, or a response phase denied. */
  decision: Decision | undefined
  readonly #world: World
  readonly #judge: StepJudge
  readonly #startMicros: number
  #conditions: Map<PolicyInstance, true | string> | undefined
  #branchTaken: Map<PlanNode, number> | undefined
  #phase: Phase = 'requestHeaders'
  #nodes: readonly PlanNode[] = []
  #node = 0
  #branch = 0
  #step = 0
  #stopped = false
  #failures: { denied: Denied; instance: PolicyInstance }[] = []
  #memory: Memory | undefined

  constructor(exchange: JudgedExchange, plan: Plan, world: World, facts: Facts) {
    this.exchange = exchange
    this.plan = plan
    this.#world = world
    this.#judge = new StepJudge(exchange, facts, world)
    this.#startMicros = world.timeline.micros()
  }

  /** Goes to the start of a phase. */
  enter(phase: Phase): void {
    this.#phase = phase
    this.#nodes = this.plan.phases[phase]
    this.#node = this.#branch = this.#step = 0
    this.#stopped = false
    this.#failures = []
  }

  /** Runs a whole phase. */
  run(phase: Phase): Maybe<void> {
    this.enter(phase)
    return this.#runOn()
  }

  /** The step that `advance` would run next, or undefined at the end of the phase. */
  get upcoming(): { instance: PolicyInstance; phase: Phase } | undefined {
    const at = this.#seek()
    return at && { instance: at.instance, phase: this.#phase }
  }

  /** Policy of the step that `advance` would run next. */
  get next(): PolicyInstance | undefined {
    return this.#seek()?.instance
  }

  /** Runs one step. False when the phase is over. */
  advance(): Maybe<boolean> {
    const at = this.#seek()
    if (!at) return false
    const { instance, branch } = at
    const started = this.#world.timeline.micros()
    try {
      const why = this.#conditionFails(instance)
      if (why !== undefined) {
        this.#note(instance, 'skipped', started, branch, { reason: why })
        this.#moveOn(at)
        return true
      }
      const step = instance.policy.phases[this.#phase]!
      this.#judge.begin(instance.stateId, counts(instance, this.#phase))
      const outcome = step(instance.prepared, this.exchange, this.#judge)
      if (!(outcome instanceof Promise)) return this.#finish(at, outcome, started)
      return outcome.then(
        (late) => this.#finish(at, late, started),
        (error: unknown) => this.#fail(at, error, started),
      )
    } catch (error) {
      return this.#fail(at, error, started)
    }
  }

  /**
   * Goes on as if the next step had answered so: its outcome is taken from a record in place of judging it again. Of
   * changes only those are applied that the record holds in full. `noted`: it stands in the trace.
   */
  recall(recorded: Recalled, noted = true): void {
    const at = this.#seek()
    if (!at) return
    const { instance, branch } = at
    const { verdict } = recorded
    const started = this.#world.timeline.micros()
    this.#judge.begin(instance.stateId, false)
    if (verdict === 'skipped') {
      if (noted) this.#note(instance, 'skipped', started, branch, { reason: recorded.reason })
      this.#moveOn(at)
    } else if (!noted && branch === undefined && (verdict === 'pass' || verdict === 'modify')) {
      if (instance.mode !== 'shadow') this.#apply(recorded)
      this.#moveOn(at)
    } else this.#finish(at, recorded, started)
  }

  /** Notes every policy that the request phases did not reach, with the reason. Call once, when the run is over. */
  noteUnreached(): void {
    if (!this.decision) return
    const seen = new Set(this.trace.map((entry) => entry.policy))
    for (const instance of this.plan.instances) {
      if (seen.has(instance.id)) continue
      this.#judge.begin(instance.stateId, false)
      const phase = Object.keys(instance.policy.phases)[0] as Phase
      this.#note(instance, 'skipped', this.#world.timeline.micros(), undefined, { reason: 'not reached', phase })
    }
  }

  #runOn(): Maybe<void> {
    for (;;) {
      const more = this.advance()
      if (more instanceof Promise) return more.then((again) => (again ? this.#runOn() : undefined))
      if (!more) return undefined
    }
  }

  /** Finds the next step from where the walk stands, passing over nodes and branches that have none in this phase. */
  #seek(): Cursor | undefined {
    while (!this.#stopped && this.#node < this.#nodes.length) {
      const node = this.#nodes[this.#node]!
      if (node.kind === 'policy') return { node, instance: node.instance, branch: undefined }
      const deciding = this.#phase === 'requestHeaders'
      if (!deciding) this.#branch = this.#branchTaken?.get(node) ?? node.branches.length
      const branch = node.branches[this.#branch]
      const instance = branch?.[this.#step]
      if (!branch) this.#nextNode()
      else if (instance === undefined) this.#branchPassed(node)
      else if (instance.policy.phases[this.#phase] === undefined) this.#step++
      else {
        if (deciding && this.#step === 0) this.#memory = this.exchange.memory()
        return { node, instance, branch: this.#branch }
      }
    }
    return undefined
  }

  #branchPassed(node: PlanNode): void {
    this.#branchTaken ??= new Map()
    this.#branchTaken.set(node, this.#branch)
    this.#nextNode()
  }

  #nextNode(): void {
    this.#node++
    this.#branch = this.#step = 0
    this.#failures = []
  }

  #moveOn(at: Cursor): void {
    if (at.branch === undefined) this.#nextNode()
    else this.#step++
  }

  #finish(at: Cursor, outcome: Outcome, started: number): boolean {
    const { instance } = at
    const shadow = instance.mode === 'shadow'
    switch (outcome.verdict) {
      case 'pass':
      case 'modify': {
        if (!shadow) this.#apply(outcome)
        const { evidence, learned, changes } = outcome
        this.#note(instance, outcome.verdict, started, at.branch, { evidence, learned, changes })
        this.#moveOn(at)
        return true
      }
      case 'deny':
        return this.#denied(at, outcome, started)
      case 'respond':
        this.#note(instance, 'respond', started, at.branch, { evidence: outcome.evidence })
        if (shadow) this.#moveOn(at)
        else this.#decide({ verdict: 'respond', decidedBy: instance.id, response: outcome.response })
        return true
    }
  }

  #denied(at: Cursor, outcome: Denied, started: number): boolean {
    const { instance } = at
    const { code, evidence } = outcome
    // A response of the gateway itself is already a refusal or an answer: denying it again would only hide the first reason.
    const ownResponse = this.exchange.response?.from === 'gateway' && this.#phase !== 'message'
    if (instance.mode === 'shadow' || ownResponse) {
      const reason = ownResponse ? 'the response is the gateway’s own' : undefined
      this.#note(instance, 'would-deny', started, at.branch, { code, evidence, reason })
      this.#moveOn(at)
      return true
    }
    this.#note(instance, 'deny', started, at.branch, { code, evidence })
    if (at.node.kind === 'any-of' && this.#phase === 'requestHeaders') return this.#branchFailed(at, outcome)
    this.#deny(instance, outcome)
    return true
  }

  #branchFailed(at: Cursor, denied: Denied): boolean {
    if (this.#memory) this.exchange.forget(this.#memory)
    this.#failures.push({ denied, instance: at.instance })
    this.#branch++
    this.#step = 0
    if (at.node.kind === 'any-of' && this.#branch < at.node.branches.length) return true
    // Every alternative failed: a credential that was wrong says more than one that was absent; all challenges are offered.
    const failures = this.#failures
    const chosen = failures.find((failure) => !(failure.denied.code in absentCredential)) ?? failures[0]!
    const headers = failures.flatMap((failure) => failure.denied.headers ?? [])
    const evidence = failures.flatMap((failure) => failure.denied.evidence)
    this.#deny(chosen.instance, { ...chosen.denied, headers, evidence })
    return true
  }

  #deny(instance: PolicyInstance, outcome: Denied): void {
    const { code, evidence, headers = [], detail } = outcome
    this.#decide({ verdict: 'deny', code, decidedBy: instance.id, evidence, headers, detail })
  }

  #fail(at: Cursor, error: unknown, started: number): boolean {
    const { instance } = at
    if (error instanceof MissingFact) {
      this.#note(instance, 'undecidable', started, at.branch, { reason: error.key })
      if (instance.mode === 'shadow') this.#moveOn(at)
      else this.#decide({ verdict: 'undecidable', decidedBy: instance.id, missing: error.key })
      return true
    }
    const reason = error instanceof Error ? `${error.name}: ${error.message}` : String(error)
    this.#note(instance, 'error', started, at.branch, { reason })
    if (instance.mode === 'shadow' || this.#world.onError === 'open') this.#moveOn(at)
    else this.#decide({ verdict: 'error', code: 'INTERNAL_ERROR', decidedBy: instance.id, reason })
    return true
  }

  #decide(decision: Decision): void {
    this.decision = decision
    this.#stopped = true
  }

  #apply(outcome: Extract<Outcome, { verdict: 'pass' | 'modify' }>): void {
    const { exchange } = this
    if (outcome.learned) {
      exchange.learn(outcome.learned)
      if (outcome.learned.carried) this.#judge.carry(outcome.learned.carried)
    }
    if (!outcome.changes) return
    if (this.#phase === 'requestHeaders' || this.#phase === 'requestBody') {
      exchange.request = changeRequest(exchange.request, outcome.changes)
    } else if (this.#phase === 'message') {
      if (exchange.message) exchange.message = changeMessage(exchange.message, outcome.changes)
    } else if (exchange.response) exchange.response = changeResponse(exchange.response, outcome.changes)
  }

  /** A condition is asked once for each exchange. One that fails to evaluate lets the policy run: it fails closed. */
  #conditionFails(instance: PolicyInstance): string | undefined {
    if (!instance.when) return undefined
    const known = this.#conditions?.get(instance)
    if (known !== undefined) return known === true ? undefined : known
    this.#judge.begin(instance.stateId, false)
    const holds = instance.when.holds(this.exchange, this.#judge)
    const answer = holds === false ? `when: ${instance.when.source} is false` : true
    this.#conditions ??= new Map()
    this.#conditions.set(instance, answer)
    return answer === true ? undefined : answer
  }

  #note(
    instance: PolicyInstance,
    verdict: TraceVerdict,
    started: number,
    branch: number | undefined,
    more: Partial<TraceEntry>,
  ): void {
    const { timeline } = this.#world
    const entry: TraceEntry = {
      policy: instance.id,
      type: instance.policy.type,
      phase: more.phase ?? this.#phase,
      verdict,
      mode: instance.mode,
      at: Math.round(started - this.#startMicros),
      micros: Math.round((timeline.micros() - started) * 10) / 10,
      now: this.#judge.now,
      sequence: this.#judge.sequence(),
      position: instance.position,
    }
    if (more.code) entry.code = more.code
    if (more.evidence?.length) entry.evidence = more.evidence
    if (more.changes) entry.changes = more.changes
    if (more.learned) entry.learned = more.learned
    if (more.reason !== undefined) entry.reason = more.reason
    if (branch !== undefined) entry.branch = `any-of[${branch}]`
    this.trace.push(entry)
  }
}

interface Cursor {
  node: PlanNode
  instance: PolicyInstance
  branch: number | undefined
}

/** Denials that say only that the caller tried no credential of this kind. */
const absentCredential: Partial<Record<DenialCode, true>> = {
  KEY_MISSING: true,
  TOKEN_MISSING: true,
  NOT_AUTHENTICATED: true,
}

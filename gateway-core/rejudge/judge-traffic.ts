import type { Context } from '../capture/decode-context.ts'
import type { Workspace } from '../config/workspace.ts'
import { type FactSource, type Maybe, MissingFact } from '../pipeline/facts.ts'
import { JudgedExchange } from '../pipeline/judged-exchange.ts'
import type { Phase } from '../pipeline/phases.ts'
import { counts, type PolicyInstance } from '../pipeline/plan.ts'
import { type Routed, routeExchange } from '../proxy/route-exchange.ts'
import { Router } from '../proxy/router.ts'
import { ColdState } from './cold-state.ts'
import { Concerns } from './concerns.ts'
import { type Bench, ExchangeRun, RecordedTimeline } from './exchange-run.ts'
import type { Moment } from './follower.ts'
import { type Judged, judgedAsRecorded, judgedOf, positionsOf } from './judged.ts'
import { PlaceQueue } from './place-queue.ts'
import type { RecordedExchange } from './recorded-exchange.ts'
import type { Checkpoints } from './state-timeline.ts'
import type { Traffic } from './traffic.ts'

export interface JudgeTrafficOptions {
  workspace: Workspace
  traffic: Traffic
  /** The workspace that exchanges were recorded under; undefined where it is not known any more. */
  recordedUnder: (context: Context) => Workspace | undefined
  facts: (recorded: RecordedExchange) => FactSource
  /** Told of each exchange, once, in no certain order. */
  judged: (at: number, judged: Judged, run?: ExchangeRun) => void
  /** Called every few milliseconds; throws to end it. */
  breathe?: () => Promise<void> | void
  /** False: nothing is taken from the record. */
  reuse?: boolean
  /** Only these are told of; others are judged where they count against a limit. */
  only?: ReadonlySet<number>
  /** Every step waits for its place, not only those that count. */
  everyStep?: boolean
  /** Makes the state at the beginning; default: empty. */
  state?: (since: number) => ColdState
  /** Runs only what happened until then, in ms since the epoch and as a place in the global order. */
  until?: Moment
  /** Every counter counts again, also those that the edit leaves alone. */
  everyCounter?: boolean
  /** Goes on from where it stood before, and tells where it can go on. */
  checkpoints?: Checkpoints
  /** Steps that are taken from the record are noted, so that a whole trace can be shown. */
  tracing?: boolean
}

/** Judges recorded exchanges by a workspace's policies, each step at its recorded place and time. Gives the state at the end. */
export async function judgeTraffic(options: JudgeTrafficOptions): Promise<ColdState> {
  const judging = new Judging(options)
  await judging.run()
  return judging.state
}

/** Exchanges between two looks at the clock, and between two readings. */
const atOnce = 32
const readAtOnce = 512
const sliceMs = 8
const never: Moment = { now: Infinity, sequence: Infinity }

type Warming = ColdState['warming']

class Judging implements Bench {
  readonly workspace: Workspace
  readonly router: Router
  readonly state: ColdState
  readonly timeline = new RecordedTimeline()
  readonly facts: (recorded: RecordedExchange) => FactSource
  readonly tracing: boolean
  readonly #options: JudgeTrafficOptions
  readonly #concerns: Concerns
  readonly #positions
  readonly #untouched = new Map<Context, Judged>()
  /** Whether messages of exchanges that are judged alike are concerned. */
  readonly #speaking = new Map<Context, boolean>()
  readonly #waiting = new PlaceQueue<{ at: number; run: ExchangeRun; warming: Warming }>()
  #lastBreath = performance.now()
  /** Something that happened later was left out. */
  #cutShort = false
  /** Exchanges that were begun at the last checkpoint. */
  #kept: number

  constructor(options: JudgeTrafficOptions) {
    const { workspace, traffic, recordedUnder, facts, reuse = true, state, checkpoints } = options
    const { everyCounter, tracing = false } = options
    this.#options = options
    this.workspace = workspace
    this.facts = facts
    this.router = new Router(workspace.routes)
    const since = traffic.length === 0 ? 0 : traffic.exchange(traffic.inOrder()[0]!).startedAt
    const { states: known = [] } = traffic
    const durable = durableIds(workspace)
    const beginning = { since, known, isDurable: (stateId: string) => durable.has(stateId) }
    this.state = state?.(since) ?? new ColdState(beginning, checkpoints?.from?.state)
    if (checkpoints) this.state.noteAnswers()
    this.state.place = () => this.timeline.at.sequence
    this.#concerns = new Concerns(workspace, recordedUnder, reuse, everyCounter)
    this.tracing = tracing
    this.#kept = checkpoints?.from?.begun ?? 0
    this.#positions = positionsOf(workspace)
  }

  concern({ context }: RecordedExchange, { plan }: Routed) {
    return this.#concerns.concern(context, plan)
  }

  concernsMessages({ context }: RecordedExchange, { plan }: Routed): boolean {
    return this.#concerns.concernsMessages(context, plan)
  }

  placeAt(now: number): number {
    const { traffic } = this.#options
    const order = traffic.inOrder()
    let [from, to] = [0, order.length]
    while (from < to) {
      const middle = (from + to) >> 1
      if (traffic.startedAt(order[middle]!) <= now) from = middle + 1
      else to = middle
    }
    // Behind the first step of what had begun.
    return from === 0 ? 0 : traffic.beginning(order[from - 1]!) + 0.5
  }

  waits(instance: PolicyInstance, phase: Phase): boolean {
    return this.#options.everyStep === true || (this.#concerns.counted.has(instance.stateId) && counts(instance, phase))
  }

  async run(): Promise<void> {
    const { traffic, until = never } = this.#options
    this.#sort()
    const touched = this.#touched()
    const { from: gone } = this.#options.checkpoints ?? {}
    if (gone) await this.#beginAll(gone.waiting)
    for (let from = gone?.begun ?? 0; from < touched.length; from += atOnce) {
      if (from % readAtOnce === 0 || from === gone?.begun) traffic.prepare?.(touched.slice(from, from + readAtOnce))
      const block = touched.slice(from, from + atOnce)
      await this.#beginAll(block)
      if (traffic.beginning(block.at(-1)!) >= until.sequence) break
      this.#checkpoint(from + block.length, traffic.beginning(block.at(-1)!))
      const pause = this.#breathe()
      if (pause) await pause
    }
    while (this.#waiting.size > 0 && this.#waiting.next < until.sequence) {
      const drained = this.#drain(this.#waiting.next)
      if (drained) await drained
      const pause = this.#breathe()
      if (pause) await pause
    }
    if (this.#options.until) this.state.reach(until)
  }

  async #beginAll(exchanges: readonly number[]): Promise<void> {
    const { traffic, until = never } = this.#options
    for (const at of exchanges) {
      const sequence = traffic.beginning(at)
      if (sequence >= until.sequence || traffic.startedAt(at) > until.now) {
        this.#cutShort = true
        continue
      }
      const before = this.#drain(sequence)
      if (before) await before
      const begun = this.#begin(at, sequence)
      if (begun instanceof Promise) await begun
    }
  }

  /** What was left out because it happened later is missing in a checkpoint. */
  #checkpoint(begun: number, last: number): void {
    const { checkpoints, traffic } = this.#options
    if (!checkpoints || this.#cutShort || begun < this.#kept + checkpoints.every) return
    this.#kept = begun
    const waiting = this.#waiting.items.map(({ at }) => at)
    waiting.sort((one, other) => traffic.beginning(one) - traffic.beginning(other))
    checkpoints.made({ begun, last, waiting, state: this.state.copy() })
  }

  /** Exchanges that have to be judged, in the order of their first steps; those that the edit cannot touch are told at once. */
  #touched(): number[] {
    const { traffic, only, until = never } = this.#options
    const asked = only && new Set(Array.from(only, (at) => traffic.context(at)))
    const othersCount = !asked || this.#concerns.countsIn(asked)
    const touched: number[] = []
    for (const at of othersCount ? traffic.inOrder() : only!) {
      const untouched = this.#untouchedOf(traffic.context(at))
      if (!untouched || this.#speaks(at)) touched.push(at)
      else if (traffic.beginning(at) < until.sequence && (!only || only.has(at))) this.#options.judged(at, untouched)
    }
    return othersCount ? touched : touched.sort((one, other) => traffic.beginning(one) - traffic.beginning(other))
  }

  /** Whether messages of it have to be judged, though nothing else of it. */
  #speaks(at: number): boolean {
    const { traffic } = this.#options
    const context = traffic.context(at)
    let speaks = this.#speaking.get(context)
    if (speaks === undefined) {
      const routed = this.#concerns.routedAlike(context)
      speaks = routed !== undefined && this.#concerns.concernsMessages(context, routed.plan)
      this.#speaking.set(context, speaks)
    }
    if (!speaks) return false
    const { withMessages } = traffic
    return withMessages === undefined || (withMessages.size > 0 && withMessages.has(traffic.exchange(at).id))
  }

  /** Finds out which kinds of exchanges there are, and what of them is concerned. */
  #sort(): void {
    const { traffic } = this.#options
    const others = new Set<Context>()
    for (const context of traffic.kinds().keys()) {
      const routed = this.#concerns.routedAlike(context)
      if (routed) this.#concerns.add(context, routed)
      else others.add(context)
    }
    // Where these go has to be looked up for each.
    for (let at = 0; others.size > 0 && at < traffic.length; at++) {
      const context = traffic.context(at)
      if (!others.has(context)) continue
      const recorded = traffic.exchange(at)
      const { id, startedAt, peer, request } = recorded
      try {
        const exchange = new JudgedExchange(id, startedAt, peer, request, context.upgrade)
        this.#concerns.add(context, routeExchange(this.workspace, this.router, exchange, context.listener === 'proxy'))
      } catch (error) {
        if (!(error instanceof MissingFact)) throw error
      }
    }
    this.#concerns.settle()
    this.state.isKept = (stateId) => this.#concerns.isKept(stateId)
  }

  #untouchedOf(context: Context): Judged | undefined {
    const known = this.#untouched.get(context)
    if (known) return known
    const routed = this.#concerns.routedAlike(context)
    const concern = routed && this.#concerns.concern(context, routed.plan)
    if (!concern || concern === 'everything' || !concern.untouched) return undefined
    const judged = judgedAsRecorded(context, this.#positions, true)
    this.#untouched.set(context, judged)
    return judged
  }

  #begin(at: number, sequence: number): Maybe<void> {
    const { traffic } = this.#options
    const recorded = traffic.exchange(at)
    let run: ExchangeRun
    try {
      run = new ExchangeRun(recorded, this, { now: recorded.startedAt, sequence })
    } catch (error) {
      if (!(error instanceof MissingFact)) throw error
      // Where it goes cannot be told without what was sealed.
      const outcome = { verdict: 'undecidable' } as const
      this.#tell(at, { asRecorded: false, reused: false, outcome, missing: error.key, differs: [] })
      return undefined
    }
    return this.#goOn(at, run, false, false)
  }

  /** Runs everything that waits for a place up to this one. */
  #drain(sequence: number): Promise<void> | undefined {
    while (this.#waiting.size > 0 && this.#waiting.next <= sequence) {
      const { at, run, warming } = this.#waiting.take()
      const gone = this.#goOn(at, run, true, warming)
      if (gone instanceof Promise) return gone.then(() => this.#drain(sequence))
    }
    return undefined
  }

  #goOn(at: number, run: ExchangeRun, placed: boolean, warming: Warming): Maybe<void> {
    this.state.turn(at)
    const moment = run.goOn(placed)
    if (moment instanceof Promise) return moment.then((later) => this.#wentOn(at, run, later, warming))
    return this.#wentOn(at, run, moment, warming)
  }

  #wentOn(at: number, run: ExchangeRun, moment: Moment | undefined, warming: Warming): void {
    const warm = warming === 'changed' ? warming : this.state.warming || warming
    if (moment) {
      const { until = never } = this.#options
      // What happened later waits for ever.
      if (moment.now <= until.now) this.#waiting.add(moment.sequence, { at, run, warming: warm })
      else this.#cutShort = true
    } else {
      this.state.forget(at)
      // Who asks for the state alone does not ask what became of an exchange.
      if (!this.#options.checkpoints) this.#tell(at, judgedOf(run, this.#positions, warm), run)
    }
  }

  #tell(at: number, judged: Judged, run?: ExchangeRun): void {
    const { only } = this.#options
    if (!only || only.has(at)) this.#options.judged(at, judged, run)
  }

  #breathe(): Promise<void> | undefined {
    const { breathe } = this.#options
    const now = performance.now()
    if (!breathe || now - this.#lastBreath < sliceMs) return undefined
    this.#lastBreath = now
    return breathe() ?? undefined
  }
}

/** State ids of policies whose counters survive a restart. */
function durableIds({ unrouted, routes }: Workspace): ReadonlySet<string> {
  const plans = [unrouted, ...routes.map(({ plan }) => plan)]
  const durable = plans.flatMap(({ instances }) => instances.filter(({ policy }) => policy.durable))
  return new Set(durable.map(({ stateId }) => stateId))
}

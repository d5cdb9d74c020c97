import { isDeepStrictEqual } from 'node:util'
import type { Change, Learned, TraceEntry } from '../pipeline/outcome.ts'
import type { Phase } from '../pipeline/phases.ts'
import type { PolicyInstance } from '../pipeline/plan.ts'
import type { Recalled } from '../pipeline/runner.ts'
import type { RecordedExchange, StepDetail } from './recorded-exchange.ts'
import { orderOf, type RecordedOrder } from './recorded-order.ts'

/**
 * Follows the recorded trace beside an exchange that is judged again. As long as everything before came to the same, a
 * step that the edit leaves alone has the input it had, and its recorded outcome may stand for it.
 */
export class Follower {
  /** Whether the exchange stands as it stood in the record. */
  inStep: boolean
  readonly #recorded: RecordedExchange
  readonly #order: RecordedOrder
  #at = 0
  #carrying: Set<string> | undefined
  /** Header names that tell of a counter: they count as equal whatever they say. */
  readonly counters = new Set<string>()

  constructor(recorded: RecordedExchange, inStep: boolean) {
    this.#recorded = recorded
    this.#order = orderOf(recorded)
    this.inStep = inStep
  }

  /** How far the recorded trace was followed. */
  get at(): number {
    return this.#at
  }

  /** Place of the step in the recorded trace, or -1. */
  find(instance: PolicyInstance, phase: Phase): number {
    return this.#order.find(instance, phase, this.#at)
  }

  /** What the record says of a step, where that may stand for judging it. `denials`: a denial too, though its headers are not known. */
  recall(place: number, denials: boolean): Recalled | undefined {
    if (place < 0 || !this.#passOver(place)) return undefined
    const { verdict, code, reason } = this.#recorded.context.shape[place]!
    const detail = this.#recorded.detail(place)
    let recalled: Recalled | undefined
    switch (verdict) {
      case 'pass':
        recalled = detail.learned ? { verdict, learned: detail.learned } : passed
        break
      case 'modify':
        recalled = recalledChange(detail)
        break
      case 'skipped':
        recalled = { verdict, reason: reason ?? '' }
        break
      case 'would-deny':
        recalled = { verdict: 'deny', code: code!, evidence: [] }
        break
      case 'deny':
        if (denials) recalled = { verdict: 'deny', code: code!, evidence: [] }
        break
      default:
        break
    }
    if (recalled) {
      this.#at = place + 1
      this.#note(this.#recorded.context.shape[place]!.policy, detail)
    }
    return recalled
  }

  /** Compares a step that was judged with what the record says of it. */
  judged(entry: TraceEntry, place: number): void {
    const { learned, changes, policy } = entry
    const counts = this.#carrying?.has(policy) === true
    this.#note(policy, entry)
    if (counts) for (const name of changes ?? []) if ('name' in name) this.counters.add(name.name.toLowerCase())
    if (!this.inStep) return
    const passed = place < 0 || this.#passOver(place)
    if (!passed) return
    if (place >= 0) this.#at = place + 1
    const was = place < 0 ? undefined : this.#recorded.context.shape[place]!
    const detail = place < 0 ? nothing : this.#recorded.detail(place)
    const shadow = entry.mode === 'shadow' && (was === undefined || was.mode === 'shadow')
    if (shadow) return
    this.inStep =
      effect(entry.verdict) === effect(was?.verdict ?? 'pass') &&
      (effect(entry.verdict) === 'on' || entry.code === was?.code) &&
      sameLearned(applied(entry, learned), was && applied(was, detail.learned)) &&
      sameChanges(applied(entry, changes) ?? none, (was && applied(was, detail.changes)) ?? none, counts)
  }

  /** Passes over recorded steps that are not there any more; one that did something is missed. */
  passRest(phase: Phase): void {
    const { shape } = this.#recorded.context
    while (this.#at < this.#order.reached && shape[this.#at]!.phase === phase) {
      if (!this.#did(this.#at)) this.#at++
      else {
        this.inStep = false
        return
      }
    }
  }

  /** Time and place in the global order for a step; what an edit adds stands at the start of its phase, not before `least`. */
  momentOf(place: number, phase: Phase, least: Moment): Moment {
    const { now, sequence } = least
    const at = place >= 0 ? place : this.#order.startOf(phase)
    if (at < 0) return least
    const recorded = { now: this.#recorded.now(at), sequence: this.#recorded.sequence(at) }
    return recorded.sequence >= sequence ? recorded : { now: Math.max(now, recorded.now), sequence }
  }

  #passOver(place: number): boolean {
    for (let at = this.#at; at < place; at++) if (this.#did(at)) this.inStep = false
    return this.inStep
  }

  #did(at: number): boolean {
    const entry = this.#recorded.context.shape[at]!
    if (entry.verdict === 'skipped' || entry.verdict === 'would-deny' || entry.mode === 'shadow') return false
    if (effect(entry.verdict) !== 'on') return true
    const { learned, changes } = this.#recorded.detail(at)
    return (learned !== undefined && tells(learned)) || (changes?.length ?? 0) > 0
  }

  #note(policy: string, { learned }: StepDetail): void {
    if (learned?.carried) (this.#carrying ??= new Set()).add(policy)
  }
}

/** A moment of the recorded time: ms since the epoch, and a place in the global order. */
export interface Moment {
  now: number
  sequence: number
}

const passed: Recalled = { verdict: 'pass' }

/** What a step changed; undefined where that is not known in full. */
function recalledChange({ changes = none, learned }: StepDetail): Recalled | undefined {
  for (const { kind } of changes) if (kind === 'set-body') return undefined
  return learned ? { verdict: 'modify', changes, learned } : { verdict: 'modify', changes }
}

const nothing: StepDetail = {}
const none: readonly Change[] = []

/** Whether the way goes on behind a step of that verdict, or how it ends. */
function effect(verdict: TraceEntry['verdict']): string {
  return verdict === 'deny' || verdict === 'respond' || verdict === 'error' || verdict === 'undecidable'
    ? verdict
    : 'on'
}

function applied<T>({ mode }: Pick<TraceEntry, 'mode'>, value: T | undefined): T | undefined {
  return mode === 'shadow' ? undefined : value
}

function tells({ consumer, claims, clientAddress }: Learned): boolean {
  return consumer !== undefined || claims !== undefined || clientAddress !== undefined
}

function sameLearned(one: Learned | undefined, other: Learned | undefined): boolean {
  if (one === other) return true
  return (
    one?.clientAddress === other?.clientAddress &&
    same(one?.consumer, other?.consumer) &&
    same(one?.claims, other?.claims)
  )
}

function same(one: unknown, other: unknown): boolean {
  return one === other || isDeepStrictEqual(one, other)
}

/** `counts`: the changes tell of a counter, so only their names count. */
function sameChanges(one: readonly Change[], other: readonly Change[], counts: boolean): boolean {
  if (one.length !== other.length) return false
  return one.every((change, at) => {
    const was = other[at]!
    if (change.kind !== was.kind || change.kind === 'set-body') return false
    return counts && 'name' in change ? change.name === (was as { name: string }).name : sameChange(change, was)
  })
}

function sameChange(one: Change, other: Change): boolean {
  for (const key in one) if (one[key as 'kind'] !== other[key as 'kind']) return false
  return true
}

import type { Claims } from '../exchange.ts'
import type { Carried, Change, Learned } from '../pipeline/outcome.ts'
import type { StepDetail } from './recorded-exchange.ts'

/** What stands with an exchange and not in the text that it shares. */
export interface OwnParts {
  readonly claims: Claims | undefined
  /** Fields of the client's response. */
  readonly responseFields: readonly string[]
  /** Numbers that its evidence left out. */
  ownNumber(at: number): number
}

/** What one step did, as the store keeps it for all exchanges that were judged alike; see `detailOf`. */
export class StepTemplate {
  readonly #changes: readonly Change[] | undefined
  readonly #learned: Learned | undefined
  /** Where the numbers of `learned.carried` begin among those of the exchange. */
  readonly #carriedFrom: number
  readonly #leavesOut: boolean
  readonly #claims: boolean
  /** Of what it learned, all but `carried`; undefined where that is all. */
  readonly #besides: Learned | undefined
  /** The same for every exchange with these claims; undefined where it is another for each. */
  #last: { claims: Claims | undefined; detail: StepDetail } | undefined

  constructor(changes: readonly Change[] | undefined, learned: Learned | undefined, carriedFrom: number) {
    this.#changes = changes?.map(withBytes)
    this.#learned = learned
    this.#carriedFrom = carriedFrom
    this.#leavesOut = changes?.some(isLeftOut) === true
    this.#claims = (learned?.claims as unknown) === true
    if (!learned?.carried) return
    const { carried: _, ...besides } = learned
    if (Object.keys(besides).length > 0) this.#besides = besides
  }

  of(exchange: OwnParts): StepDetail {
    const known = this.#last
    const claims = this.#claims ? exchange.claims : undefined
    if (known && known.claims === claims) return known.detail
    const detail = { changes: this.#changesOf(exchange), learned: this.#learnedOf(exchange) }
    if (!this.#leavesOut && !this.#learned?.carried) this.#last = { claims, detail }
    return detail
  }

  /** Header values that the response shows are put back. */
  #changesOf({ responseFields }: OwnParts): readonly Change[] | undefined {
    if (!this.#leavesOut) return this.#changes
    const changes: Change[] = []
    for (const change of this.#changes!) {
      if (isLeftOut(change))
        changes.push({ kind: 'set-header', name: change.name, value: valueIn(responseFields, change.name) })
      else changes.push(change)
    }
    return changes
  }

  #learnedOf(exchange: OwnParts): Learned | undefined {
    const learned = this.#learned
    if (!learned || (!this.#claims && !learned.carried)) return learned
    if (learned.carried && !this.#besides) return { carried: this.#carriedOf(learned.carried, exchange) }
    const full = { ...learned }
    if (this.#claims && exchange.claims) full.claims = exchange.claims
    if (learned.carried) full.carried = this.#carriedOf(learned.carried, exchange)
    return full
  }

  #carriedOf(template: Carried, exchange: OwnParts): Carried {
    const carried: Record<string, Carried[string]> = {}
    let at = this.#carriedFrom
    for (const name in template) {
      const value = template[name]!
      carried[name] = typeof value === 'number' ? exchange.ownNumber(at++) : value
    }
    return carried
  }
}

type Steps = readonly (StepTemplate | undefined)[]

/** Reads detail texts. What a step did in many exchanges is the same object for all of them. */
export class StepTemplates {
  readonly #templates = new Map<string, StepTemplate>()
  readonly #most: number

  /** `most`: templates that are known at a time. */
  constructor(most: number) {
    this.#most = most
  }

  read(text: string): Steps {
    let numbers = 0
    const steps: (StepTemplate | undefined)[] = []
    for (const entry of JSON.parse(text) as (unknown[] | 0)[]) {
      if (entry === 0) {
        steps.push(undefined)
        continue
      }
      const [evidence, changes, learned] = entry as [StateEvidence[]?, Change[]?, Learned?]
      for (const { at, observed, detail } of evidence ?? []) {
        if (at.in !== 'state') continue
        if (typeof observed === 'number') numbers++
        numbers += numbersIn(detail)
      }
      steps.push(changes || learned ? this.#template(changes ?? undefined, learned, numbers) : undefined)
      numbers += numbersIn(learned?.carried)
    }
    return steps
  }

  clear(): void {
    this.#templates.clear()
  }

  #template(changes: Change[] | undefined, learned: Learned | undefined, carriedFrom: number): StepTemplate {
    const key = JSON.stringify([changes, learned, learned?.carried && carriedFrom])
    let template = this.#templates.get(key)
    if (!template) {
      if (this.#templates.size >= this.#most) this.#templates.clear()
      template = new StepTemplate(changes, learned, carriedFrom)
      this.#templates.set(key, template)
    }
    return template
  }
}

interface StateEvidence {
  at: { in: string }
  observed?: unknown
  detail?: Readonly<Record<string, unknown>>
}

function numbersIn(values: Readonly<Record<string, unknown>> | undefined): number {
  let count = 0
  for (const name in values) if (typeof values[name] === 'number') count++
  return count
}

/** A value that stands in the response as well is left out of the text. */
function isLeftOut(change: Change): change is Extract<Change, { kind: 'set-header' }> {
  return change.kind === 'set-header' && (change.value as unknown) === true
}

function valueIn(fields: readonly string[], name: string): string {
  for (let at = fields.length - 2; at >= 0; at -= 2)
    if (fields[at] === name && fields[at + 1] !== '') return fields[at + 1]!
  return ''
}

const noBytes = new Uint8Array()

function withBytes(change: Change): Change {
  return change.kind === 'set-body' ? { ...change, bytes: noBytes } : change
}

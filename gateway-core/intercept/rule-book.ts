import type { ExchangeRecord, Touch } from '../capture/record.ts'
import type { Rule } from '../config/rules.ts'
import type { MessageSide } from '../exchange.ts'
import type { AnsweredResponse, ArrivedRequest, Instead, Pace } from '../proxy/holds.ts'
import { recordOfRequest, recordOfResponse, type RequestDraft, type ResponseDraft } from './draft.ts'
import { explainAction } from './explain.ts'
import { asksForBody, matchesSoFar, type Stage } from '../filter/known.ts'
import { rewriteRequest, rewriteResponse } from './rewrite.ts'

/** A rule at work. */
export interface ActiveRule {
  readonly rule: Rule
  /** What it does to a message of each side. */
  readonly explain: Readonly<Record<MessageSide, string>>
  /** How many exchanges it touched since it came into force. */
  hits: number
}

/** The rules of a revision, in the order written, and what they do to a message. */
export class RuleBook {
  #rules: ActiveRule[] = []

  get rules(): readonly ActiveRule[] {
    return this.#rules
  }

  /** Rules that stayed the same go on counting. */
  take(rules: readonly Rule[]): void {
    const before = new Map(this.#rules.map((one) => [keyOf(one.rule), one.hits]))
    this.#rules = rules.map((rule) => {
      const explain = { request: explainAction(rule, 'request'), response: explainAction(rule, 'response') }
      return { rule, explain, hits: before.get(keyOf(rule)) ?? 0 }
    })
  }

  areOn(side?: MessageSide): boolean {
    return this.#rules.some(({ rule }) => rule.enabled && (side === undefined || concerns(rule, side)))
  }

  mayConcern(side: MessageSide, record: ExchangeRecord, stage: Stage, hasBody: boolean): boolean {
    return this.#rules.some(({ rule }) => {
      if (!rule.enabled || !concerns(rule, side)) return false
      const matches = matchesSoFar(rule.filter, record, stage)
      return matches === true || (matches === undefined && hasBody && asksForBody(rule.filter, side))
    })
  }

  /** Changes a request; what it says happens in the place of the call to the upstream. */
  async onRequest(arrived: ArrivedRequest, draft: RequestDraft, touches: Touch[]): Promise<Instead | undefined> {
    let instead: Instead | undefined
    for (const active of this.#on('request')) {
      const { rule } = active
      // The first answer counts: nothing after it is asked.
      if (instead && rule.action.kind !== 'rewrite') continue
      const applies = await this.#applies(active, 'request', draft, () => recordOfRequest(arrived, draft), arrived)
      if (!applies) continue
      const { action } = rule
      if (action.kind === 'rewrite') {
        if (await rewriteRequest(action.request!, draft)) note(active, 'request', 'rewrote', touches)
      } else {
        await draft.read()
        instead = insteadOf(rule)
        note(active, 'request', action.kind === 'mock' ? 'mocked' : 'broke', touches)
      }
    }
    return instead
  }

  /** Changes a response, and how it goes out. */
  async onResponse(answered: AnsweredResponse, draft: ResponseDraft, touches: Touch[]): Promise<Pace | undefined> {
    let pace: { delayMs?: number; bytesPerSecond?: number; cutAfter?: number } | undefined
    for (const active of this.#on('response')) {
      const { rule } = active
      const recordNow = () => recordOfResponse(answered, draft)
      if (!(await this.#applies(active, 'response', draft, recordNow, answered))) continue
      const { action } = rule
      switch (action.kind) {
        case 'rewrite':
          if (await rewriteResponse(action.response!, draft)) note(active, 'response', 'rewrote', touches)
          break
        case 'delay': {
          const { fromMs, toMs, bytesPerSecond } = action
          const ms = fromMs + Math.round((toMs - fromMs) * (toMs > fromMs ? answered.draw(`delay:${rule.name}`) : 0))
          pace = { ...pace, delayMs: (pace?.delayMs ?? 0) + ms, ...(bytesPerSecond && { bytesPerSecond }) }
          note(active, 'response', 'delayed', touches, `${ms} ms`)
          break
        }
        case 'truncate':
          pace = { ...pace, cutAfter: action.bytes }
          note(active, 'response', 'broke', touches)
          break
        case 'slow':
          pace = { ...pace, bytesPerSecond: action.bytesPerSecond }
          note(active, 'response', 'delayed', touches)
          break
        default:
      }
    }
    return pace
  }

  #on(side: MessageSide): ActiveRule[] {
    return this.#rules.filter(({ rule }) => rule.enabled && concerns(rule, side))
  }

  async #applies(
    { rule }: ActiveRule,
    side: MessageSide,
    draft: RequestDraft | ResponseDraft,
    recordNow: () => Promise<ExchangeRecord>,
    from: ArrivedRequest | AnsweredResponse,
  ): Promise<boolean> {
    const stage = (): Stage => `${side}-${draft.wasRead ? 'body' : 'head'}`
    let matches = matchesSoFar(rule.filter, await recordNow(), stage())
    if (matches === undefined && !draft.wasRead && asksForBody(rule.filter, side)) {
      await draft.read()
      matches = matchesSoFar(rule.filter, await recordNow(), stage())
    }
    return matches === true && (rule.share === 1 || from.draw(`rule:${rule.name}`) < rule.share)
  }
}

/** On which side a rule does something. */
function concerns({ action }: Rule, side: MessageSide): boolean {
  switch (action.kind) {
    case 'rewrite':
      return action[side] !== undefined
    case 'mock':
    case 'reset':
    case 'hang':
    case 'status':
      return side === 'request'
    case 'delay':
    case 'truncate':
    case 'slow':
      return side === 'response'
  }
}

function insteadOf({ name, action }: Rule): Instead | undefined {
  switch (action.kind) {
    case 'mock': {
      const body = Buffer.from(action.body)
      const headers = [...action.headers.flat(), 'Content-Length', String(body.length)]
      return { kind: 'answer', answer: { status: action.status, reason: '', headers, body } }
    }
    case 'status': {
      const body = Buffer.from(`${action.status} by the rule ${name}\n`)
      const headers = ['Content-Type', 'text/plain; charset=utf-8', 'Content-Length', String(body.length)]
      return { kind: 'answer', answer: { status: action.status, reason: '', headers, body } }
    }
    case 'reset':
      return { kind: 'reset', afterMs: 0, why: `the rule ${name} reset the connection` }
    case 'hang':
      return { kind: 'reset', afterMs: action.ms, why: `the rule ${name} said nothing for ${action.ms} ms` }
    default:
      return undefined
  }
}

function note(active: ActiveRule, side: MessageSide, did: Touch['did'], touches: Touch[], detail?: string): void {
  active.hits++
  const explain = active.explain[side]
  const says = detail === undefined ? explain : `${explain} (${detail})`
  touches.push({ by: 'rule', name: active.rule.name, side, did, says })
}

function keyOf({ name, match, share, action }: Rule): string {
  return JSON.stringify([name, match, share, action])
}

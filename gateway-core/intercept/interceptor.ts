import type { ExchangeRecord, Interception, Touch } from '../capture/record.ts'
import type { Workspace } from '../config/workspace.ts'
import type { MessageSide } from '../exchange.ts'
import type {
  AnsweredResponse,
  ArrivedRequest,
  HoldSlot,
  Holds,
  Instead,
  RequestDecision,
  ResponseDecision,
} from '../proxy/holds.ts'
import { Breakpoint, type BreakpointSettings } from './breakpoint.ts'
import {
  draftOfRequest,
  draftOfResponse,
  headRecord,
  recordOfRequest,
  recordOfResponse,
  type RequestDraft,
  requestEdit,
  type ResponseDraft,
  responseEdit,
} from './draft.ts'
import { Held, type HeldSide, type Release } from './held.ts'
import { matchesSoFar, type Stage } from '../filter/known.ts'
import { MessageStops } from './message-stops.ts'
import { RuleBook } from './rule-book.ts'

/**
 * Rules and breakpoints between the sockets and the policies. Rules come first, in the order written; then the first
 * breakpoint that matches holds the message until a person decides, the client leaves, or its time is over. It plugs
 * itself into its slot only while there is something to ask it.
 */
export class Interceptor implements Holds {
  readonly slot: HoldSlot = { current: undefined }
  readonly messages: MessageStops
  readonly rules = new RuleBook()
  readonly #breakpoints: Breakpoint[] = []
  readonly #held = new Map<number, Held>()
  readonly #changed: () => void
  #lastBreakpoint = 0
  #lastHeld = 0
  /** Messages that were looked at and passed, since the breakpoints last changed. */
  passed = 0

  readonly bodyMs: number
  #unseen: string | undefined

  /** `changed` is called whenever there is something new to show. `messages`: somebody may hold single messages too. */
  constructor(changed: () => void = () => undefined, { messages = false, bodyMs = 10_000 } = {}) {
    this.#changed = changed
    this.bodyMs = bodyMs
    this.messages = new MessageStops({
      breakpoints: this.#breakpoints,
      hit: (breakpoint) => this.#hit(breakpoint),
      hold: (message, about, breakpoint, touches) => this.#hold(message, about, breakpoint, touches),
      pass: () => this.#pass(),
      changed: () => this.#changed(),
    })
    if (messages) this.slot.messages = this.messages
  }

  /** Takes the rules of a revision. */
  takeRules(workspace: Workspace): void {
    this.rules.take(workspace.rules)
    this.#plug()
  }

  get breakpoints(): readonly Breakpoint[] {
    return this.#breakpoints
  }

  /** In the order in which they came. */
  get held(): readonly Held[] {
    return [...this.#held.values()]
  }

  find(id: number): Held | undefined {
    return this.#held.get(id)
  }

  /** Throws a FilterError where the query cannot be read. */
  addBreakpoint(settings: BreakpointSettings): Breakpoint {
    const breakpoint = new Breakpoint(++this.#lastBreakpoint, settings)
    this.#breakpoints.push(breakpoint)
    this.#plug()
    return breakpoint
  }

  /** False when there is none of that id. Throws a FilterError. */
  changeBreakpoint(id: number, settings: Partial<BreakpointSettings>): boolean {
    const breakpoint = this.#breakpoints.find((one) => one.id === id)
    breakpoint?.change({ ...breakpoint.settings, ...settings })
    this.#plug()
    return breakpoint !== undefined
  }

  removeBreakpoint(id: number): void {
    const at = this.#breakpoints.findIndex((one) => one.id === id)
    if (at !== -1) this.#breakpoints.splice(at, 1)
    this.#plug()
  }

  /** Why nobody can see what is held, if so: then nothing is. Undefined: somebody can. */
  set unseen(why: string | undefined) {
    this.#unseen = why
    if (why !== undefined) this.release(why)
  }

  /** Lets everything go on as it is. */
  release(why: string): void {
    for (const held of this.held) held.end({ kind: 'released', why })
  }

  request(arrived: ArrivedRequest): Promise<RequestDecision> | undefined {
    const draft = draftOfRequest(arrived)
    const record = headRecord(arrived, draft)
    const { hasBody } = arrived.message
    if (this.#mayConcern('request', record, hasBody)) return this.#request(arrived, draft)
    this.#pass()
    return undefined
  }

  response(answered: AnsweredResponse): Promise<ResponseDecision> | undefined {
    if (!this.rules.areOn('response') && !this.#breakpoints.some((one) => one.isOn('response'))) return undefined
    if (this.#mayConcern('response', answered.record(), answered.hasBody)) return this.#response(answered)
    this.#pass()
    return undefined
  }

  /** Whether anything holds or changes this message, as far as its head says. */
  #mayConcern(side: MessageSide, record: ExchangeRecord, hasBody: boolean): boolean {
    const stage: Stage = side === 'request' ? 'request-head' : 'response-head'
    if (this.rules.mayConcern(side, record, stage, hasBody)) return true
    return this.#breakpoints.some((one) => {
      if (!one.isOn(side)) return false
      const matches = matchesSoFar(one.filter, record, stage)
      return matches === true || (matches === undefined && hasBody && one.asksForBody(side))
    })
  }

  async #request(arrived: ArrivedRequest, draft: RequestDraft): Promise<RequestDecision> {
    const touches: Touch[] = []
    const instead = await this.rules.onRequest(arrived, draft, touches)
    const breakpoint = await this.#matching('request', draft, () => recordOfRequest(arrived, draft))
    let release: Release | undefined
    if (breakpoint) {
      await draft.read()
      const { authority } = arrived.message
      const about = { method: draft.start.method, host: authority, url: draft.start.target }
      release = await this.#hold({ kind: 'http', side: 'request', from: arrived, draft }, about, breakpoint, touches)
    } else this.#pass()
    return this.#requestDecision(draft, touches, instead, release)
  }

  async #requestDecision(
    draft: RequestDraft,
    touches: readonly Touch[],
    instead: Instead | undefined,
    release: Release | undefined,
  ): Promise<RequestDecision> {
    const request = await draft.original()
    const interception: Interception = { touches, ...(request && { request }) }
    if (release?.kind === 'dropped') return { go: 'drop', why: 'dropped at a breakpoint', interception }
    if (release?.kind === 'answered') return { go: 'answer', answer: release.answer, interception }
    if (touches.length === 0) return { go: 'on' }
    return { go: 'on', ...requestEdit(await draft.edit()), ...(instead && { instead }), interception }
  }

  async #response(answered: AnsweredResponse): Promise<ResponseDecision> {
    const draft = draftOfResponse(answered)
    const touches: Touch[] = []
    const pace = await this.rules.onResponse(answered, draft, touches)
    const breakpoint = await this.#matching('response', draft, () => recordOfResponse(answered, draft))
    let release: Release | undefined
    if (breakpoint) {
      await draft.read()
      const { request } = answered.record()
      const about = { method: request.method, host: request.authority, url: request.target }
      release = await this.#hold({ kind: 'http', side: 'response', from: answered, draft }, about, breakpoint, touches)
    } else this.#pass()
    const response = await draft.original()
    const before = answered.interception
    const interception: Interception = {
      ...before,
      touches: [...(before?.touches ?? []), ...touches],
      ...(response && { response }),
    }
    if (release?.kind === 'dropped') return { go: 'drop', why: 'dropped at a breakpoint', interception }
    if (touches.length === 0) return { go: 'on', ...(before && { interception: before }) }
    return { go: 'on', ...responseEdit(await draft.edit()), ...(pace && { pace }), interception }
  }

  /** The first breakpoint that matches; reads the body where the answer depends on it. */
  async #matching(
    side: MessageSide,
    draft: RequestDraft | ResponseDraft,
    recordNow: () => Promise<ExchangeRecord>,
  ): Promise<Breakpoint | undefined> {
    for (const breakpoint of this.#breakpoints.slice()) {
      if (!breakpoint.isOn(side)) continue
      let matches = matchesSoFar(breakpoint.filter, await recordNow(), stageOf(side, draft))
      if (matches === undefined && !draft.wasRead && breakpoint.asksForBody(side)) {
        await draft.read()
        matches = matchesSoFar(breakpoint.filter, await recordNow(), stageOf(side, draft))
      }
      // Others may have come by while the body was read.
      if (!matches || !breakpoint.isOn(side)) continue
      this.#hit(breakpoint)
      return breakpoint
    }
    return undefined
  }

  #hit(breakpoint: Breakpoint): void {
    if (this.#unseen !== undefined) {
      breakpoint.unseen++
      return
    }
    breakpoint.hits++
    if (breakpoint.isForOneExchange) this.removeBreakpoint(breakpoint.id)
    else if (breakpoint.settings.once) this.changeBreakpoint(breakpoint.id, { enabled: false })
  }

  async #hold(message: HeldSide, about: Held['about'], breakpoint: Breakpoint, touches: Touch[]): Promise<Release> {
    const held = new Held(++this.#lastHeld, message, about, breakpoint)
    if (this.#unseen !== undefined) held.end({ kind: 'released', why: this.#unseen })
    this.#held.set(held.id, held)
    this.#changed()
    const release = await held.done
    this.#held.delete(held.id)
    this.#changed()
    touches.push(held.touch(release))
    if (release.kind === 'edited') write(message.draft, release)
    return release
  }

  #pass(): void {
    this.passed++
    this.#changed()
  }

  #plug(): void {
    const asked = this.#breakpoints.some((one) => one.isOn('request') || one.isOn('response')) || this.rules.areOn()
    this.slot.current = asked ? this : undefined
    this.passed = 0
    this.#changed()
  }
}

function stageOf(side: MessageSide, draft: RequestDraft | ResponseDraft): Stage {
  return `${side}-${draft.wasRead ? 'body' : 'head'}`
}

function write(draft: HeldSide['draft'], { message }: Extract<Release, { kind: 'edited' }>): void {
  const { start, headers, body } = message
  if (JSON.stringify(start) !== JSON.stringify(draft.start)) draft.start = start as never
  if (JSON.stringify(headers) !== JSON.stringify(draft.headers)) draft.headers = headers
  if (body) draft.setBody(body.bytes, body.coded)
}

import type { ExchangeRecord, Touch } from '../capture/record.ts'
import type { Workspace } from '../config/workspace.ts'
import type { CarriedExchange } from '../proxy/carried-exchange.ts'
import type { Incoming, Injected, MessageHolds, Release as MessageRelease } from '../proxy/messages/message-desk.ts'
import { recordOf } from '../proxy/record-exchange.ts'
import type { Breakpoint } from './breakpoint.ts'
import { Draft, type ResponseDraft } from './draft.ts'
import type { Held, HeldSide, Release } from './held.ts'
import { matchesSoFar } from '../filter/known.ts'

/** What the exchange of a message says; most that it says. */
const ofMessages = 'messages of it'
const mostTouches = 50

/** Where a held message of a WebSocket or an event stream came from. */
export interface MessageSource {
  /** Id of its exchange. */
  readonly id: string
  readonly workspace: Workspace
  readonly gone: AbortSignal
  readonly kind: Incoming['kind']
}

/** A WebSocket or an event stream that messages can be put into. */
export interface OpenConnection {
  readonly id: string
  readonly kind: 'websocket' | 'events'
  readonly url: string
  readonly openedAt: number
  /** Sends a message as if that side had sent it: it is judged and recorded like any other. */
  inject(message: Injected): Promise<void>
}

/** What holding needs of the interceptor. */
export interface Stops {
  readonly breakpoints: readonly Breakpoint[]
  hit(breakpoint: Breakpoint): void
  /** What was done is added to `touches`. */
  hold(message: HeldSide, about: Held['about'], breakpoint: Breakpoint, touches: Touch[]): Promise<Release>
  pass(): void
  changed(): void
}

/** Holds single messages of long-lived exchanges, and knows the WebSockets and event streams that are open. */
export class MessageStops implements MessageHolds {
  readonly #stops: Stops
  readonly #open = new Map<string, OpenConnection & { gone: AbortController }>()

  constructor(stops: Stops) {
    this.#stops = stops
  }

  get connections(): readonly OpenConnection[] {
    return [...this.#open.values()]
  }

  opened(
    carried: CarriedExchange,
    kind: OpenConnection['kind'],
    inject: (message: Injected) => Promise<void>,
  ): () => void {
    const { id, request, startedAt } = carried.exchange
    const gone = new AbortController()
    this.#open.set(id, { id, kind, url: request.target, openedAt: startedAt, inject, gone })
    this.#stops.changed()
    return () => {
      this.#open.delete(id)
      this.#stops.changed()
      gone.abort(new Error('the connection ended'))
    }
  }

  ask(carried: CarriedExchange, message: Incoming): Promise<MessageRelease> | undefined {
    const { breakpoints } = this.#stops
    if (!breakpoints.some((one) => one.isOnMessages)) return undefined
    const record = recordOfMessage(carried, message)
    const breakpoint = breakpoints.find(
      (one) => one.isOnMessages && matchesSoFar(one.filter, record, 'message') === true,
    )
    if (breakpoint) return this.#hold(carried, message, breakpoint)
    this.#stops.pass()
    return undefined
  }

  async #hold(carried: CarriedExchange, message: Incoming, breakpoint: Breakpoint): Promise<MessageRelease> {
    this.#stops.hit(breakpoint)
    const { side, kind, bytes } = message
    const { id, request } = carried.exchange
    const gone = this.#open.get(id)?.gone.signal ?? new AbortController().signal
    const draft: ResponseDraft = new Draft({ status: 0, reason: kind }, [], '2', true, () =>
      Promise.resolve(Buffer.from(bytes)),
    )
    await draft.read()
    const from: MessageSource = { id, workspace: carried.engine.workspace, gone, kind }
    const about = { method: request.method, host: request.authority, url: request.target }
    const touches: Touch[] = []
    const release = await this.#stops.hold({ kind: 'message', side, from, draft }, about, breakpoint, touches)
    const touch = touches[0]!
    noteOn(carried, touch)
    if (release.kind === 'dropped' || release.kind === 'left') return { kind: 'drop', touch }
    if (release.kind !== 'edited') return { kind: 'send', bytes, touch }
    return { kind: 'send', bytes: release.message.body?.bytes ?? bytes, touch }
  }
}

/** Its exchange says once what was done to messages of it, however many: the rest stands with each. */
function noteOn(carried: CarriedExchange, { by, name, side, did }: Touch): void {
  const touches = carried.interception?.touches ?? []
  if (touches.length >= mostTouches) return
  if (touches.some((one) => one.name === name && one.side === side && one.did === did && one.says === ofMessages))
    return
  carried.interception = { ...carried.interception, touches: [...touches, { by, name, side, did, says: ofMessages }] }
}

/** The exchange with this one message as the body of its side, so that a query finds what stands in it. */
function recordOfMessage(carried: CarriedExchange, { side, bytes }: Incoming): ExchangeRecord {
  const record = recordOf(carried, 'pass', 'open')
  const body = { bytes, length: bytes.length, truncated: false, decoded: true as const }
  const { body: _, ...request } = record.request
  const response = record.response && { ...record.response }
  delete response?.body
  if (side === 'request') return { ...record, request: { ...request, body }, ...(response && { response }) }
  return { ...record, request, ...(response && { response: { ...response, body } }) }
}

import type { ExchangeVerdict, Interception } from '../capture/record.ts'
import type { Route } from '../config/workspace.ts'
import type { DenialCode } from '../errors.ts'
import type { Place, RequestMessage, ResponseMessage } from '../exchange.ts'
import { ExchangeFacts } from '../pipeline/exchange-facts.ts'
import { JudgedExchange } from '../pipeline/judged-exchange.ts'
import type { Plan } from '../pipeline/plan.ts'
import { Run } from '../pipeline/runner.ts'
import type { BodyTee } from './body-tee.ts'
import type { Inbound, ListenerKind, Proxied } from './connection.ts'
import type { Engine } from './engine.ts'
import { exchangeId } from './exchange-id.ts'
import type { Origin } from './origin.ts'
import { recordOf } from './record-exchange.ts'
import { requestOfHead } from './request-of-head.ts'
import { routeExchange } from './route-exchange.ts'
import type { RequestHead } from './strict.ts'
import type { Target, UpstreamPools } from './upstream.ts'

/** An exchange on its way through the gateway, with everything its record will say. Routed as soon as it exists. */
export abstract class CarriedExchange {
  readonly engine: Engine
  readonly exchange: JudgedExchange
  /** The request as it came. */
  readonly received: RequestMessage
  readonly startMicros: number
  readonly plan: Plan
  readonly route: Route | undefined
  readonly allowedMethods: readonly string[]
  /** No route takes it, because servers read its path differently. */
  readonly contested: boolean
  /** Only for what came in by the forward proxy and no route takes: it passes, and nothing judges it. */
  readonly observed: Proxied | undefined
  /** Undefined where no policy is in scope. */
  readonly run: Run | undefined
  facts: ExchangeFacts | undefined
  target: Target | undefined
  forwardedPath: string | undefined
  /** Bodies: held whole, or kept while they streamed by. */
  requestBytes: Uint8Array | undefined
  requestTee: BodyTee | undefined
  responseBytes: Uint8Array | undefined
  responseTee: BodyTee | undefined
  responseTrailers: string[] | undefined
  /** The request body that went on is not the one that came. */
  requestBodyChanged = false
  /** The upstream's own answer, kept where the client gets something else. */
  upstreamResponse: ResponseMessage | undefined
  upstreamMicros: number | undefined
  error: string | undefined
  refusedWith: DenialCode | undefined
  /** Where it was stopped before it was routed, and what was done to it since. */
  readonly origin: Origin | undefined
  interception: Interception | undefined
  /** Called once when it is over, however it ended. */
  onOver: (() => void) | undefined
  abstract readonly inbound: { readonly listener: ListenerKind; readonly head: RequestHead }
  abstract readonly client: { readonly headSent: boolean }
  #recorded = false

  constructor(
    engine: Engine,
    { head, peer, proxied }: Pick<Inbound, 'head' | 'peer' | 'proxied'>,
    upgrade?: 'websocket',
    origin?: Origin,
  ) {
    const { timeline, facts } = engine.around
    this.engine = engine
    this.origin = origin
    this.interception = origin?.interception
    this.startMicros = origin?.startMicros ?? timeline.micros()
    const now = origin?.startedAt ?? timeline.now()
    this.received = requestOfHead(head)
    this.exchange = new JudgedExchange(origin?.id ?? exchangeId(now), now, peer, this.received, upgrade)
    const { plan, route, allowedMethods, contested } = routeExchange(
      engine.workspace,
      engine.router,
      this.exchange,
      proxied !== undefined,
    )
    this.plan = plan
    this.route = route
    this.allowedMethods = allowedMethods
    this.contested = contested === true
    this.observed = route || contested ? undefined : proxied
    if (plan.instances.length > 0) {
      this.facts = new ExchangeFacts(facts, this.exchange)
      this.run = new Run(this.exchange, plan, engine.world, this.facts)
    }
  }

  /** Places of this exchange that the recorder seals: those of the policies' configuration, and those they found. */
  get sealed(): readonly Place[] {
    const found = this.exchange.sealed
    return found.length === 0 ? this.plan.sealed : [...this.plan.sealed, ...found]
  }

  /** The servers it may go to; undefined where its route names no upstream. */
  protected get pools(): UpstreamPools | undefined {
    const { observed, engine, exchange } = this
    if (observed) return engine.around.observed?.pools(exchange.request, observed, exchange.peer.address)
    const name = exchange.route?.upstream
    return name === undefined ? undefined : engine.pools(name)
  }

  /** A draw for choosing a target: a recorded fact like any other. */
  protected draw(): number {
    this.facts ??= new ExchangeFacts(this.engine.around.facts, this.exchange)
    const answer = this.facts.random(`upstream:${this.exchange.route?.upstream}`)
    return 'value' in answer ? answer.value : 0
  }

  /** Hands the exchange to the recorder while it goes on: a stream, a tunnel. */
  protected recordOpen(): void {
    this.engine.around.recorder?.record(recordOf(this, 'pass', 'open'))
  }

  /** Hands the exchange to the recorder and to those who watch, once. Without a verdict it is the policies'. */
  protected record(verdict?: ExchangeVerdict): void {
    if (this.#recorded) return
    this.#recorded = true
    this.onOver?.()
    const { recorder, onExchange } = this.engine.around
    if (!recorder && !onExchange) return
    const record = recordOf(this, verdict, 'done')
    recorder?.record(record)
    onExchange?.(record)
  }
}

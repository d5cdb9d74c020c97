import type { Readable } from 'node:stream'
import type { ExchangeVerdict } from '../capture/record.ts'
import type { Route } from '../config/workspace.ts'
import { HeldBody } from '../body.ts'
import type { DenialCode } from '../errors.ts'
import type { Place, RequestMessage, ResponseMessage } from '../exchange.ts'
import { HeaderList } from '../headers.ts'
import { ExchangeFacts } from '../pipeline/exchange-facts.ts'
import { whenReady } from '../pipeline/facts.ts'
import { JudgedExchange } from '../pipeline/judged-exchange.ts'
import type { GatewayResponse } from '../pipeline/outcome.ts'
import type { Plan } from '../pipeline/plan.ts'
import { Run } from '../pipeline/runner.ts'
import { BodyTee } from './body-tee.ts'
import { ClientResponse } from './client-response.ts'
import { decodeContent } from './content-coding.ts'
import type { Engine } from './engine.ts'
import { exchangeId } from './exchange-id.ts'
import { clientHeaders, rewriteBack, upstreamHeaders } from './forward-headers.ts'
import { type Abort, send, type UpstreamCall, type UpstreamFailure, type UpstreamSink } from './forwarder.ts'
import type { Inbound } from './connection.ts'
import { answerOf, denialResponse } from './own-response.ts'
import { type Carried, recordOf } from './record-exchange.ts'
import { holdBody, RequestTee } from './request-body.ts'
import { requestOfHead } from './request-of-head.ts'
import { routeExchange } from './route-exchange.ts'
import type { Target } from './upstream.ts'

/**
 * The path of one request through the gateway, top to bottom: route, judge, forward, judge the response, write, record.
 * Everything happens synchronously as long as nothing has to be waited for.
 */
export class Passage implements UpstreamSink, Carried {
  readonly engine: Engine
  readonly inbound: Inbound
  readonly exchange: JudgedExchange
  readonly received: RequestMessage
  readonly startMicros: number
  readonly client: ClientResponse
  run: Run | undefined
  facts: ExchangeFacts | undefined
  target: Target | undefined
  forwardedPath: string | undefined
  requestTee: BodyTee | undefined
  responseTee: BodyTee | undefined
  /** The upstream's own answer, kept where the client gets something else. */
  upstreamResponse: ResponseMessage | undefined
  upstreamMicros: number | undefined
  requestBytes: Uint8Array | undefined
  responseBytes: Uint8Array | undefined
  responseTrailers: string[] | undefined
  error: string | undefined
  refusedWith: DenialCode | undefined
  /** The request body that went on is not the one that came. */
  requestBodyChanged = false
  #plan!: Plan
  #route: Route | undefined
  #allowedMethods: readonly string[] = []
  #abort: Abort | undefined
  #failedTargets: Target[] = []
  #held: Buffer[] | undefined
  #heldBytes = 0
  #resume: (() => void) | undefined
  #headReady = false
  #endedWith: string[] | undefined
  #recorded = false

  constructor(engine: Engine, inbound: Inbound) {
    const { head, peer } = inbound
    this.engine = engine
    this.inbound = inbound
    this.startMicros = engine.around.timeline.micros()
    const now = engine.around.timeline.now()
    this.received = requestOfHead(head)
    this.exchange = new JudgedExchange(exchangeId(now), now, peer, this.received)
    this.client = new ClientResponse(inbound, () => this.#clientLeft())
    inbound.onFault = (code, detail) => this.#faulted(code, detail)
  }

  /** Places of this exchange that the recorder seals. */
  get sealed(): readonly Place[] {
    const { sealed } = this.exchange
    const planned = this.#plan?.sealed ?? []
    return sealed.length === 0 ? planned : [...planned, ...sealed]
  }

  start(): void {
    try {
      const routed = routeExchange(this.engine.workspace, this.engine.router, this.exchange)
      this.#plan = routed.plan
      this.#route = routed.route
      this.#allowedMethods = routed.allowedMethods
      if (this.#plan.instances.length > 0) {
        this.facts = new ExchangeFacts(this.engine.around.facts, this.exchange)
        this.run = new Run(this.exchange, this.#plan, this.engine.world, this.facts)
      }
      this.#wait(whenReady(this.run?.run('requestHeaders'), () => this.#headersJudged()))
    } catch (error) {
      this.#bug(error)
    }
  }

  #headersJudged(): void | Promise<void> {
    if (this.run?.decision) return this.#decided()
    const { head } = this.inbound
    const limit = this.engine.workspace.limits.bodyBytes
    if (limit !== undefined && (head.contentLength ?? 0) > limit) return this.#refuse('BODY_TOO_LARGE')
    if (!this.exchange.route) return this.#refuseUnrouted()
    if (!head.hasBody || this.#plan.requestBodyBytes === 0) return this.#forward()
    if (head.expectContinue) this.client.writeContinue()
    return this.#judgeBody(this.#plan.requestBodyBytes)
  }

  async #judgeBody(limit: number): Promise<void> {
    const { workspace, around } = this.engine
    const held = await holdBody(this.inbound.req, limit, workspace.limits.bufferBytes, around.budget)
    try {
      if (this.client.gone) return
      if ('failure' in held) return this.#refuse(held.failure)
      this.requestBytes = held.bytes
      const decoded = await decodeContent(held.bytes, this.exchange.request.headers.list('content-encoding'), limit)
      if ('failure' in decoded) {
        const codes = {
          'too-large': 'BODY_TOO_LARGE',
          malformed: 'BAD_CONTENT_CODING',
          unsupported: 'UNSUPPORTED_CONTENT_CODING',
        } as const
        return this.#refuse(codes[decoded.failure])
      }
      this.exchange.request = { ...this.exchange.request, body: new HeldBody(decoded.bytes) }
      const before = this.exchange.request.body
      await this.run?.run('requestBody')
      if (this.run?.decision) return await this.#decided()
      const after = this.exchange.request.body
      this.#forward(after && after !== before ? after.bytes : held.bytes)
    } finally {
      around.budget.held -= held.counted
    }
  }

  #forward(body?: Uint8Array): void {
    const { engine, exchange, inbound } = this
    const { route, request } = exchange
    const pools = route?.upstream === undefined ? undefined : engine.pools(route.upstream)
    if (!pools) return this.#refuse('NO_UPSTREAM')
    const target = pools.pick(() => this.#draw(), this.#failedTargets)
    if (!target) return this.#refuse('UPSTREAM_UNREACHABLE')
    this.target = target
    const ownPath = request.path === this.received.path ? route!.upstreamPath : request.path
    this.forwardedPath = target.basePath + ownPath + (request.query === '' ? '' : `?${request.query}`)
    const { head, peer } = inbound
    const headers = upstreamHeaders(request.headers.raw, {
      peer: peer.address,
      trusted: engine.trusts(peer.address),
      scheme: request.scheme,
      authority: request.authority,
      host: this.#route!.preserveHost ? request.authority : target.host,
      httpVersion: head.httpVersion,
    })
    const call: UpstreamCall = {
      method: request.method,
      path: this.forwardedPath,
      headers,
      body: body ?? (head.hasBody ? this.#streamBody() : undefined),
      timeoutMs: pools.upstream.timeoutMs,
      expectContinue: head.expectContinue && body === undefined,
      trailers: head.hasBody && body === undefined && request.headers.has('trailer'),
    }
    this.requestBodyChanged = body !== undefined && body !== this.requestBytes
    if (body && (this.requestBodyChanged || request.contentLength === undefined)) setLength(headers, body.length)
    this.#abort = send(target, call, this)
  }

  #streamBody(): Readable {
    const { capture, limits } = this.engine.workspace
    this.requestTee = new BodyTee(this.engine.around.recorder ? capture.bodyBytes : 0)
    return new RequestTee(this.inbound.req, this.requestTee, limits.bodyBytes, (failure) => {
      this.#abort?.()
      this.#refuse(failure)
    })
  }

  onContinue(): void {
    this.client.writeContinue()
  }

  onHead(status: number, raw: string[], resume: () => void, reason: string): boolean {
    this.#resume = resume
    this.upstreamMicros = this.engine.around.timeline.micros() - this.startMicros
    const headers = clientHeaders(raw)
    this.#translateBack(headers)
    const response: ResponseMessage = {
      status,
      reason,
      headers: new HeaderList(headers),
      from: 'upstream',
      body: undefined,
    }
    this.exchange.response = response
    const { run } = this
    if (!run) {
      this.#writeHead()
      return true
    }
    this.upstreamResponse = response
    const judged = run.run('responseHeaders')
    if (judged instanceof Promise) {
      this.#wait(judged.then(() => this.#responseHeadJudged()).then(() => this.#catchUp()))
      return false
    }
    this.#responseHeadJudged()
    return true
  }

  #responseHeadJudged(): void {
    if (this.run?.decision) {
      this.#abort?.()
      this.#wait(this.#decided())
      return
    }
    if (this.#holdsResponse()) this.#held = []
    else this.#writeHead()
  }

  /** What came while the head was being judged. */
  #catchUp(): void {
    this.#resume?.()
    const ended = this.#endedWith
    if (ended) this.onEnd(ended)
  }

  #holdsResponse(): boolean {
    const { response, request } = this.exchange
    if (this.#plan.responseBodyBytes === 0 || this.#plan.phases.responseBody.length === 0) return false
    if (request.method === 'HEAD' || response!.status === 204 || response!.status === 304) return false
    return !response!.headers.get('content-type')?.startsWith('text/event-stream')
  }

  onData(chunk: Buffer): boolean {
    if (this.client.gone) return true
    if (this.#held) return this.#hold(chunk)
    this.responseTee?.add(chunk)
    return this.client.write(chunk, this.#resume!)
  }

  #hold(chunk: Buffer): boolean {
    const { budget } = this.engine.around
    this.#held!.push(chunk)
    this.#heldBytes += chunk.length
    budget.held += chunk.length
    const full = budget.held > this.engine.workspace.limits.bufferBytes
    if (full || this.#heldBytes > this.#plan.responseBodyBytes) {
      this.#abort?.()
      this.#releaseHeld()
      this.#refuse(full ? 'OVERLOADED' : 'UPSTREAM_BODY_TOO_LARGE')
    }
    return true
  }

  #releaseHeld(): void {
    this.engine.around.budget.held -= this.#heldBytes
    this.#heldBytes = 0
    this.#held = undefined
  }

  onEnd(trailers: string[]): void {
    if (this.client.gone) return
    if (!this.#headReady && !this.#held) {
      this.#endedWith = trailers
      return
    }
    this.responseTrailers = trailers.length > 0 ? trailers : undefined
    if (this.#held) this.#wait(this.#judgeResponseBody(Buffer.concat(this.#held)))
    else {
      this.client.end(trailers)
      this.#record()
    }
  }

  async #judgeResponseBody(bytes: Buffer): Promise<void> {
    try {
      const encoding = this.exchange.response!.headers.list('content-encoding')
      const decoded = await decodeContent(bytes, encoding, this.#plan.responseBodyBytes)
      if ('failure' in decoded)
        return this.#refuse(decoded.failure === 'too-large' ? 'UPSTREAM_BODY_TOO_LARGE' : 'UPSTREAM_BAD_CODING')
      this.exchange.response = { ...this.exchange.response!, body: new HeldBody(decoded.bytes) }
      this.upstreamResponse = { ...this.upstreamResponse!, body: this.exchange.response.body }
      const before = this.exchange.response.body
      await this.run?.run('responseBody')
      if (this.run?.decision) return await this.#decided()
      const after = this.exchange.response.body!
      this.#sendWhole(after === before ? bytes : after.bytes)
    } finally {
      this.#releaseHeld()
    }
  }

  onFailure(failure: UpstreamFailure): void {
    this.error = `${this.target?.origin}: ${failure.reason}`
    if (this.client.gone) return
    if (this.client.headSent) {
      // Half an answer is already with the client: cutting the connection is the only honest end.
      this.client.cut()
      this.refusedWith = failure.code
      this.#record('failed')
      return
    }
    const replayable = !this.inbound.head.hasBody || this.requestBytes !== undefined
    if (!failure.sent && replayable && this.target) {
      this.#failedTargets.push(this.target)
      const pools = this.engine.pools(this.exchange.route!.upstream!)
      if (pools && pools.targets.length > this.#failedTargets.length) return this.#forward(this.requestBytes)
    }
    this.#releaseHeld()
    this.#refuse(failure.code, 'failed')
  }

  /** A policy denied or answered, or a policy failed. */
  #decided(): void | Promise<void> {
    const decision = this.run!.decision!
    return this.#answer(answerOf(decision, this.exchange.id))
  }

  #refuseUnrouted(): void | Promise<void> {
    const allowed = this.#allowedMethods
    if (allowed.length === 0) return this.#refuse('NO_ROUTE')
    this.refusedWith = 'METHOD_NOT_ROUTED'
    return this.#answer(denialResponse('METHOD_NOT_ROUTED', this.exchange.id, [['Allow', allowed.join(', ')]]))
  }

  #refuse(code: DenialCode, verdict: ExchangeVerdict = 'refused'): void {
    if (this.client.gone || this.client.headSent) return
    this.refusedWith = code
    this.#wait(this.#answer(denialResponse(code, this.exchange.id), verdict))
  }

  /** A response of the gateway's own passes the response phases of every policy in scope, so that a 401 carries its CORS headers. */
  #answer(own: GatewayResponse, verdict?: ExchangeVerdict): void | Promise<void> {
    const { exchange, run } = this
    const body = typeof own.body === 'string' ? Buffer.from(own.body) : own.body
    const held = body === undefined ? undefined : new HeldBody(body)
    exchange.response = {
      status: own.status,
      reason: '',
      headers: HeaderList.of(own.headers),
      from: 'gateway',
      body: held,
    }
    const finish = () => {
      run?.noteUnreached()
      this.#sendWhole(exchange.response!.body?.bytes ?? new Uint8Array(), verdict)
    }
    if (!run) return finish()
    return whenReady(run.run('responseHeaders'), () => (held ? whenReady(run.run('responseBody'), finish) : finish()))
  }

  #sendWhole(bytes: Uint8Array, verdict?: ExchangeVerdict): void {
    if (this.client.gone) return
    const { request } = this.exchange
    this.responseBytes = bytes
    this.client.whole(
      this.exchange.response!,
      bytes,
      request.method,
      this.inbound.head.hasBody && this.requestBytes === undefined,
    )
    this.#record(verdict)
  }

  #writeHead(): void {
    this.#headReady = true
    const response = this.exchange.response!
    if (this.engine.around.recorder) this.responseTee = new BodyTee(this.engine.workspace.capture.bodyBytes)
    this.client.head(response)
    if (response.headers.get('content-type')?.startsWith('text/event-stream')) {
      this.engine.around.recorder?.record(recordOf(this, 'pass', 'open'))
    }
  }

  #translateBack(headers: string[]): void {
    const { exchange, target } = this
    const { path } = this.received
    const upstream = target!.basePath + exchange.route!.upstreamPath
    const same = upstream === path
    if (same && exchange.request.authority === target!.host) return
    const common = commonEnd(path, upstream)
    rewriteBack(headers, {
      upstreamOrigin: target!.origin,
      upstreamPrefix: same ? '' : upstream.slice(0, upstream.length - common).replace(/\/$/, ''),
      clientPrefix: same ? '' : path.slice(0, path.length - common).replace(/\/$/, ''),
      clientOrigin: `${exchange.request.scheme}://${exchange.request.authority}`,
    })
  }

  #draw(): number {
    this.facts ??= new ExchangeFacts(this.engine.around.facts, this.exchange)
    const answer = this.facts.random(`upstream:${this.exchange.route?.upstream}`)
    return 'value' in answer ? answer.value : 0
  }

  /** The rest of the request did not arrive as promised: a broken chunk, silence. */
  #faulted(code: DenialCode, detail: string): void {
    this.#abort?.()
    this.#releaseHeld()
    this.error = detail
    if (this.client.headSent) {
      this.refusedWith = code
      this.client.cut()
      this.#record('refused')
    } else this.#refuse(code)
  }

  #clientLeft(): void {
    this.#abort?.()
    this.#releaseHeld()
    this.#record('aborted')
  }

  #wait(work: unknown): void {
    if (work instanceof Promise) work.catch((error: unknown) => this.#bug(error))
  }

  #bug(error: unknown): void {
    this.error = error instanceof Error ? (error.stack ?? error.message) : String(error)
    this.#abort?.()
    if (this.client.headSent) {
      this.client.cut()
      this.#record('error')
      return
    }
    this.refusedWith = 'INTERNAL_ERROR'
    const own = denialResponse('INTERNAL_ERROR', this.exchange.id)
    this.exchange.response = { status: own.status, reason: '', headers: HeaderList.of(own.headers), from: 'gateway' }
    this.#sendWhole(Buffer.from(own.body as string), 'error')
  }

  #record(verdict?: ExchangeVerdict): void {
    if (this.#recorded) return
    this.#recorded = true
    const { recorder, onExchange } = this.engine.around
    if (!recorder && !onExchange) return
    const record = recordOf(this, verdict, 'done')
    recorder?.record(record)
    onExchange?.(record)
  }
}

function setLength(headers: string[], length: number): void {
  for (let at = headers.length - 2; at >= 0; at -= 2) {
    if (headers[at]!.toLowerCase() === 'content-length') headers.splice(at, 2)
  }
  headers.push('Content-Length', String(length))
}

/** Length of the common end of two paths, counted from a segment boundary. */
function commonEnd(one: string, other: string): number {
  let common = 0
  let boundary = 0
  while (common < one.length && common < other.length && one.at(-1 - common) === other.at(-1 - common)) {
    common++
    if (one.at(-common) === '/') boundary = common
  }
  return boundary
}

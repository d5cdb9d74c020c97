import type { Readable } from 'node:stream'
import type { ExchangeVerdict } from '../capture/record.ts'
import { HeldBody } from '../body.ts'
import type { DenialCode } from '../errors.ts'
import type { ResponseMessage } from '../exchange.ts'
import { HeaderList, isEventStream } from '../headers.ts'
import { whenReady } from '../pipeline/facts.ts'
import type { GatewayResponse } from '../pipeline/outcome.ts'
import { BodyTee } from './body-tee.ts'
import { CarriedExchange } from './carried-exchange.ts'
import { ClientResponse } from './client-response.ts'
import { bodyFailures, decodeContent, responseBodyFailures } from './content-coding.ts'
import { readsResponseBody } from './course.ts'
import type { Engine } from './engine.ts'
import { callTo, forwardedPath, translateBack } from './forward-call.ts'
import { clientHeaders } from './forward-headers.ts'
import { dispatch, dispatchInstead } from './dispatch.ts'
import type { FaultListener, Inbound } from './connection.ts'
import { HeldResponse } from './held-response.ts'
import type { WrittenResponse } from './holds.ts'
import { type EventCarrier, eventCarrierFor } from './messages/event-carrier.ts'
import { readLateBody } from './late-body.ts'
import type { Origin } from './origin.ts'
import { refusalFields, refusalOf } from './own-refusals.ts'
import { answerOf, denialResponse, messageOf } from './own-response.ts'
import { explainFailure } from './observed-origins.ts'
import { type BodyTaker, holdBody, type Holding, RequestTee } from './request-body.ts'
import { passingTrailers } from './trailer-fields.ts'
import type { Target } from './upstream.ts'
import type { Abort, UpstreamSink } from './upstream-client/call.ts'
import type { UpstreamFailure } from './upstream-client/failure.ts'

/**
 * The path of one request through the gateway, top to bottom: route, judge, forward, judge the response, write, record.
 * Everything happens synchronously as long as nothing has to be waited for.
 */
export class Passage extends CarriedExchange implements UpstreamSink, BodyTaker, FaultListener {
  readonly inbound: Inbound
  readonly client: ClientResponse
  #abort: Abort | undefined
  #failedTargets: Target[] = []
  #held: HeldResponse | undefined
  #resume: (() => void) | undefined
  #headReady = false
  #endedWith: string[] | undefined
  /** Carries an event stream event by event. */
  #events: EventCarrier | undefined

  constructor(engine: Engine, inbound: Inbound, origin?: Origin) {
    super(engine, inbound, undefined, origin)
    this.inbound = inbound
    this.client = new ClientResponse(inbound, () => this.#clientLeft())
    inbound.faults = this
  }

  start(): void {
    try {
      this.#wait(whenReady(this.run?.run('requestHeaders'), () => this.#headersJudged()))
    } catch (error) {
      this.onBug(error)
    }
  }

  #headersJudged(): void | Promise<void> {
    if (this.run?.decision) return this.#decided()
    const { head } = this.inbound
    const refused = refusalOf(this, head.contentLength ?? 0, this.engine.workspace.limits.bodyBytes)
    if (refused) return this.#refuse(refused)
    if (!head.hasBody || this.plan.requestBodyBytes === 0) return this.#forward()
    if (head.expectContinue) this.client.writeContinue()
    return holdBody(this.inbound.req, this.plan.requestBodyBytes, this.engine, this)
  }

  onBody(held: Holding): void | Promise<void> {
    if (this.client.gone) return
    if ('failure' in held) return this.#refuse(held.failure)
    this.requestBytes = held.bytes
    const { request } = this.exchange
    const coding = request.headers.list('content-encoding')
    return whenReady(decodeContent(held.bytes, coding, this.plan.requestBodyBytes), (decoded) => {
      if ('failure' in decoded) return this.#refuse(bodyFailures[decoded.failure])
      const before = new HeldBody(decoded.bytes)
      this.exchange.request = { ...request, body: before }
      return whenReady(this.run?.run('requestBody'), () => {
        if (this.run?.decision) return this.#decided()
        const after = this.exchange.request.body
        this.#forward(after && after !== before ? after.bytes : held.bytes)
      })
    })
  }

  #forward(body?: Uint8Array): void {
    const { inbound, origin } = this
    if (origin?.instead) {
      if (inbound.head.hasBody && body === undefined) this.#streamBody().resume()
      this.#abort = dispatchInstead(this, origin.instead)
      return
    }
    const { pools } = this
    if (!pools) return this.#refuse('NO_UPSTREAM')
    const target = pools.pick(() => this.draw(), this.#failedTargets)
    if (!target) return this.#refuse('UPSTREAM_UNREACHABLE')
    this.target = target
    this.forwardedPath = forwardedPath(this, target)
    this.requestBodyChanged = body !== undefined && body !== this.requestBytes
    const streamed = body === undefined && inbound.head.hasBody ? this.#streamBody() : undefined
    this.#abort = dispatch(this, target, callTo(this, target, pools.upstream.timeoutMs, body, streamed))
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
    const headers = clientHeaders(raw, this.observed === undefined)
    if (this.target) {
      this.upstreamMicros = this.engine.around.timeline.micros() - this.startMicros
      translateBack(headers, this.exchange, this.received, this.target)
    }
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
      if (this.#isEventStream()) this.#carriesEvents()
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
    if (readsResponseBody(this.plan, this.exchange)) this.#held = new HeldResponse(this.engine.around.budget)
    else if (!this.#isEventStream() || this.#carriesEvents()) this.#writeHead()
    else {
      this.#abort?.()
      this.#refuse('UPSTREAM_BAD_CODING')
    }
  }

  /** What came while the head was being judged. */
  #catchUp(): void {
    this.#resume?.()
    const ended = this.#endedWith
    if (ended) this.onEnd(ended)
  }

  #isEventStream(): boolean {
    return isEventStream(this.exchange.response!.headers)
  }

  /** False: a policy wants the events, and they cannot be read. */
  #carriesEvents(): boolean {
    this.#events = eventCarrierFor(this, {
      write: (bytes) => this.#pass(bytes as Buffer),
      resume: () => this.#resume?.(),
      cut: (error) => {
        this.error ??= error
        this.#abort?.()
        this.client.cut()
        this.record(error === undefined ? undefined : 'failed')
      },
    })
    return this.#events !== undefined || this.plan.phases.message.length === 0
  }

  onData(chunk: Buffer): boolean {
    if (this.client.gone) return true
    if (this.#held) return this.#hold(this.#held, chunk)
    if (this.#events) return this.#events.add(chunk)
    return this.#pass(chunk)
  }

  #pass(chunk: Buffer): boolean {
    this.responseTee?.add(chunk)
    return this.client.write(chunk, this.#resume!)
  }

  #hold(held: HeldResponse, chunk: Buffer): boolean {
    const failure = held.add(chunk, this.plan.responseBodyBytes, this.engine.workspace.limits.bufferBytes)
    if (failure) {
      this.#abort?.()
      this.#releaseHeld()
      this.#refuse(failure)
    }
    return true
  }

  #releaseHeld(): void {
    this.#held?.release()
    this.#held = undefined
  }

  onEnd(trailers: string[]): void {
    if (this.client.gone) return
    if (!this.#headReady && !this.#held) {
      this.#endedWith = trailers
      return
    }
    // What nobody judges goes on as it came.
    const passing = this.observed ? trailers : passingTrailers(trailers)
    this.responseTrailers = passing.length > 0 ? passing : undefined
    if (this.#held) this.#wait(this.#judgeResponseBody(this.#held.bytes))
    else if (this.#events) this.#events.end(() => this.#finish(passing))
    else this.#finish(passing)
  }

  #finish(trailers: string[]): void {
    if (this.client.gone) return
    this.client.end(trailers)
    this.record()
  }

  async #judgeResponseBody(bytes: Buffer): Promise<void> {
    try {
      const encoding = this.exchange.response!.headers.list('content-encoding')
      const decoded = await decodeContent(bytes, encoding, this.plan.responseBodyBytes)
      if ('failure' in decoded) return this.#refuse(responseBodyFailures[decoded.failure])
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
      this.record('failed')
      return
    }
    const replayable = !this.inbound.head.hasBody || this.requestBytes !== undefined
    if (!failure.sent && replayable && this.target) {
      this.#failedTargets.push(this.target)
      const { pools } = this
      if (pools && pools.targets.length > this.#failedTargets.length) return this.#forward(this.requestBytes)
    }
    this.#releaseHeld()
    this.#refuse(failure.code, 'failed', this.observed && explainFailure(failure, this.target))
  }

  /** A policy denied or answered, or a policy failed. */
  #decided(): void | Promise<void> {
    const decision = this.run!.decision!
    return this.#answer(answerOf(decision, this.exchange.id))
  }

  /** `detail` in the place of the code's own words. */
  #refuse(code: DenialCode, verdict: ExchangeVerdict = 'refused', detail?: string): void {
    if (this.client.gone || this.client.headSent) return
    this.refusedWith = code
    const fields = refusalFields(code, this.allowedMethods)
    this.#wait(this.#answer(denialResponse(code, this.exchange.id, fields, detail), verdict))
  }

  #answer(own: GatewayResponse, verdict?: ExchangeVerdict): void | Promise<void> {
    const { exchange, run } = this
    exchange.response = messageOf(own)
    const { body } = exchange.response
    const finish = () => {
      run?.noteUnreached()
      this.#sendWhole(exchange.response!.body?.bytes ?? new Uint8Array(), verdict)
    }
    if (!run) return finish()
    return whenReady(run.run('responseHeaders'), () => (body ? whenReady(run.run('responseBody'), finish) : finish()))
  }

  #sendWhole(bytes: Uint8Array, verdict?: ExchangeVerdict): void {
    if (this.client.gone) return
    const { inbound, exchange, engine } = this
    const unread = inbound.head.hasBody && this.requestBytes === undefined
    const untouched = unread && this.requestTee === undefined && !inbound.head.expectContinue
    this.responseBytes = bytes
    if (untouched && engine.around.recorder) {
      const { bodyBytes } = engine.workspace.capture
      this.requestTee = new BodyTee(bodyBytes)
      readLateBody(inbound.req, this.requestTee, bodyBytes, () => this.record(verdict))
      this.client.whole(exchange.response!, bytes, exchange.request.method, unread)
    } else {
      this.client.whole(exchange.response!, bytes, exchange.request.method, unread)
      this.record(verdict)
    }
  }

  #writeHead(): void {
    this.#headReady = true
    const response = this.exchange.response!
    if (this.engine.around.recorder) this.responseTee = new BodyTee(this.engine.workspace.capture.bodyBytes)
    this.client.head(response)
    if (this.#isEventStream()) this.recordOpen()
  }

  /** Ends the client's connection in the middle, because somebody wants it so. */
  breakOff(why: string, verdict: ExchangeVerdict, reset = false): void {
    if (this.client.gone) return
    this.#abort?.()
    this.#releaseHeld()
    this.error = why
    this.client.cut(reset)
    this.record(verdict)
  }

  /** Gives the client an answer that nobody judges: a person wrote it, or the edited request was none. */
  answerAs({ status, reason, headers, body }: WrittenResponse, verdict: ExchangeVerdict = 'respond'): void {
    this.exchange.response = { status, reason, headers: new HeaderList(headers), from: 'gateway' }
    this.#sendWhole(body, verdict)
  }

  /** The rest of the request did not arrive as promised: a broken chunk, silence. */
  onFault(code: DenialCode, detail: string): void {
    this.#abort?.()
    this.#releaseHeld()
    this.error = detail
    if (this.client.headSent) {
      this.refusedWith = code
      this.client.cut()
      this.record('refused')
    } else this.#refuse(code)
  }

  #clientLeft(): void {
    this.#abort?.()
    this.#releaseHeld()
    this.record('aborted')
  }

  #wait(work: unknown): void {
    if (work instanceof Promise) work.catch((error: unknown) => this.onBug(error))
  }

  onBug(error: unknown): void {
    this.error = error instanceof Error ? (error.stack ?? error.message) : String(error)
    this.#abort?.()
    if (this.client.headSent) {
      this.client.cut()
      this.record('error')
      return
    }
    this.refusedWith = 'INTERNAL_ERROR'
    const own = denialResponse('INTERNAL_ERROR', this.exchange.id)
    this.exchange.response = { status: own.status, reason: '', headers: HeaderList.of(own.headers), from: 'gateway' }
    this.#sendWhole(Buffer.from(own.body as string), 'error')
  }
}

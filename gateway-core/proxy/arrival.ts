import type http from 'node:http'
import { PassThrough, Readable } from 'node:stream'
import type { DenialCode } from '../errors.ts'
import type { RequestMessage } from '../exchange.ts'
import type { FaultListener, Inbound } from './connection.ts'
import { drawFor } from './draw.ts'
import { asSentIn, editedHead } from './edited-head.ts'
import type { Engine } from './engine.ts'
import { exchangeId } from './exchange-id.ts'
import { type ArrivedRequest, heldBodyBytes, type Holds, type RequestDecision, type RequestEdit } from './holds.ts'
import type { Origin } from './origin.ts'
import { denialResponse } from './own-response.ts'
import { Passage } from './passage.ts'
import { requestOfHead } from './request-of-head.ts'
import { isRefusal } from './strict.ts'

/**
 * Takes a request while somebody may hold it. It is routed once it goes on, by the engine that is in force then: what
 * was changed is routed and judged like anything else that comes in.
 */
export function arrive(engine: () => Engine, inbound: Inbound, holds: Holds): void {
  const arrival = new Arrival(engine, inbound, holds.bodyMs)
  const decision = holds.request(arrival)
  if (decision === undefined) arrival.pass()
  else arrival.wait(decision)
}

class Arrival implements ArrivedRequest, FaultListener {
  readonly #engine: () => Engine
  readonly #inbound: Inbound
  readonly #origin: Origin
  readonly #bodyMs: number
  readonly #gone = new AbortController()
  readonly message: RequestMessage
  #fault: { code: DenialCode; detail: string } | undefined
  #reading: Promise<Uint8Array | undefined> | undefined
  #bytes: Uint8Array | undefined
  /** The beginning of the body was read, and put back: the rest waits. */
  #stopped = false
  #counted = 0

  constructor(engine: () => Engine, inbound: Inbound, bodyMs: number) {
    const { timeline } = engine().around
    const startedAt = timeline.now()
    this.#engine = engine
    this.#inbound = inbound
    this.#bodyMs = bodyMs
    this.#origin = { id: exchangeId(startedAt), startedAt, startMicros: timeline.micros() }
    this.message = requestOfHead(inbound.head)
  }

  get id() {
    return this.#origin.id
  }

  get startedAt() {
    return this.#origin.startedAt
  }

  get workspace() {
    return this.#engine().workspace
  }

  get peer() {
    return this.#inbound.peer
  }

  get listener() {
    return this.#inbound.listener
  }

  get httpVersion() {
    return this.#inbound.head.httpVersion
  }

  get upgrade() {
    return undefined
  }

  get asSent() {
    return asSentIn(this.#engine(), this.#inbound)
  }

  get gone() {
    return this.#gone.signal
  }

  draw(purpose: string): number {
    return drawFor(this.#engine(), this.id, purpose)
  }

  readBody(): Promise<Uint8Array | undefined> {
    this.#reading ??= this.#read()
    return this.#reading
  }

  pass(): void {
    new Passage(this.#engine(), this.#inbound, this.#origin).start()
  }

  wait(decision: Promise<RequestDecision>): void {
    const { res } = this.#inbound
    const left = () => this.#gone.abort(new Error('the client left'))
    res.once('close', left)
    this.#inbound.faults = this
    decision
      .then((decided) => {
        res.removeListener('close', left)
        this.#decided(decided)
      })
      .catch((error: unknown) => {
        const detail = error instanceof Error ? (error.stack ?? error.message) : String(error)
        this.#passage(this.#origin).breakOff(detail, 'error')
      })
      .finally(() => {
        this.#engine().around.budget.held -= this.#counted
      })
  }

  onFault(code: DenialCode, detail: string): void {
    this.#fault = { code, detail }
    this.#gone.abort(new Error('the client broke its message'))
  }

  #decided(decision: RequestDecision): void {
    const { interception } = decision
    const origin = { ...this.#origin, interception }
    if (this.#fault) {
      const { code, detail } = this.#fault
      const inbound = this.#onwards(undefined)
      new Passage(this.#engine(), inbound, origin).onFault(code, detail)
    } else if (this.#gone.signal.aborted) {
      this.#passage(origin).breakOff('the client left while the request was held', 'aborted')
    } else if (decision.go === 'drop') this.#passage(origin).breakOff(decision.why, 'refused')
    else if (decision.go === 'answer') this.#passage(origin).answerAs(decision.answer)
    else this.#goOn(decision, origin)
  }

  #goOn({ edit, instead }: Extract<RequestDecision, { go: 'on' }>, origin: Origin): void {
    const inbound = this.#onwards(edit)
    if ('refused' in inbound) {
      const { code, detail } = inbound.refused
      const { status, headers, body } = denialResponse(code, origin.id, [], detail)
      const passage = this.#passage(origin)
      passage.refusedWith = code
      passage.answerAs({ status, reason: '', headers: headers.flat(), body: Buffer.from(body as string) }, 'refused')
    } else {
      const exact = edit?.exact ? (edit.body ?? this.#bytes ?? new Uint8Array()) : undefined
      new Passage(this.#engine(), inbound, { ...origin, instead, exact }).start()
    }
  }

  #passage(origin: Origin): Passage {
    return new Passage(this.#engine(), this.#onwards(undefined), origin)
  }

  /** The inbound that the passage goes on with: the edited head, and the body that was read already. */
  #onwards(edit: undefined): Inbound
  #onwards(edit: RequestEdit | undefined): Inbound | { refused: { code: DenialCode; detail: string } }
  #onwards(edit: RequestEdit | undefined): Inbound | { refused: { code: DenialCode; detail: string } } {
    const original = this.#inbound
    const bytes = edit?.body ?? this.#bytes
    let head = original.head
    if (edit) {
      const judged = editedHead(head, edit, bytes?.length, this.workspace.limits, this.asSent)
      if (isRefusal(judged)) return { refused: judged }
      head = judged
    } else if (bytes) head = { ...head, expectContinue: false }
    const req = bytes ? replay(bytes, original.req) : this.#stopped ? flowing(original.req) : original.req
    if (edit?.body) original.req.resume()
    const inbound: Inbound = { ...original, head, req, faults: undefined }
    original.faults = { onFault: (code, detail) => inbound.faults?.onFault(code, detail) }
    return inbound
  }

  async #read(): Promise<Uint8Array | undefined> {
    const { req, head } = this.#inbound
    if (!head.hasBody) return undefined
    if ((head.contentLength ?? 0) > heldBodyBytes) {
      // Its first bytes wait here, as HTTP/1 has them by itself: the client is not the one who is silent.
      req.read(0)
      return undefined
    }
    if (head.expectContinue) this.#inbound.res.writeContinue()
    const { around, workspace } = this.#engine()
    const chunks: Buffer[] = []
    const whole = await new Promise<boolean>((resolve) => {
      const finish = (whole: boolean) => {
        clearTimeout(timer)
        req.removeListener('data', take)
        resolve(whole)
      }
      const stop = () => {
        req.pause()
        this.#stopped = true
        finish(false)
      }
      const timer = setTimeout(stop, this.#bodyMs)
      const take = (chunk: Buffer) => {
        this.#counted += chunk.length
        around.budget.held += chunk.length
        chunks.push(chunk)
        if (this.#counted > heldBodyBytes || around.budget.held > workspace.limits.bufferBytes) stop()
      }
      req.on('data', take)
      req.once('end', () => finish(true))
      req.once('error', () => finish(false))
      this.gone.addEventListener('abort', () => finish(false), { once: true })
    })
    const bytes = chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)
    if (whole) this.#bytes = bytes
    // What was read of a longer one is put back in front of the rest.
    else if (!req.destroyed && bytes.length > 0) req.unshift(bytes)
    return whole ? bytes : undefined
  }
}

/** A body that was stopped, for whoever reads it now: a stream that was paused does not flow again by being listened to. */
function flowing(req: Inbound['req']): Inbound['req'] {
  const body = new PassThrough() as PassThrough & Partial<http.IncomingMessage>
  req.on('error', (error) => body.destroy(error))
  req.once('end', () => (body.rawTrailers = (req as http.IncomingMessage).rawTrailers))
  req.pipe(body)
  return body as unknown as http.IncomingMessage
}

/** A body that is there already, in the place of the stream that it came by. */
function replay(bytes: Uint8Array, from: Inbound['req']): Inbound['req'] {
  const body = Readable.from(bytes.length === 0 ? [] : [bytes]) as Readable & Partial<http.IncomingMessage>
  body.rawTrailers = (from as http.IncomingMessage).rawTrailers
  return body as http.IncomingMessage
}

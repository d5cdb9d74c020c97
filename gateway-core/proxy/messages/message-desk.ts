import { HeldBody } from '../../body.ts'
import type { MessageRecord, Touch } from '../../capture/record.ts'
import type { StreamMessage } from '../../exchange.ts'
import type { Maybe } from '../../pipeline/facts.ts'
import type { TraceEntry } from '../../pipeline/outcome.ts'
import type { Decision } from '../../pipeline/runner.ts'
import type { CarriedExchange } from '../carried-exchange.ts'
import { MessageStand } from './judged-message.ts'
import type { Fate } from './websocket-channel.ts'

/** Message content that goes on, and what held or changed it besides policies. */
export type Release = ({ kind: 'send'; bytes: Uint8Array } | { kind: 'drop' }) & { readonly touch: Touch }

/** A message that a person made, as if that side had sent it. `name`: of an event (its `event` line). */
export type Injected = Incoming & { name?: string | undefined }

/** Holds messages on their way, for a person. What it releases is judged like any other message. */
export interface MessageHolds {
  /** A WebSocket or an event stream opened; `inject` puts a message into it. The returned function says that it is gone. */
  opened?(
    carried: CarriedExchange,
    kind: 'websocket' | 'events',
    inject: (message: Injected) => Promise<void>,
  ): () => void
  /** Undefined: the message is not held. */
  ask(carried: CarriedExchange, message: Incoming): Promise<Release> | undefined
}

export interface Incoming {
  side: StreamMessage['side']
  kind: StreamMessage['kind']
  bytes: Uint8Array
}

/** Who made a message, or what a breakpoint did to it. */
type By = Pick<MessageRecord, 'from' | 'touch'>

/** Judges and records the messages of one exchange, one at a time. */
export class MessageDesk {
  readonly #carried: CarriedExchange
  readonly #captured: number
  #number = 0
  /** Policies share one run, so messages of both sides are judged one after the other. */
  #judging: Promise<unknown> | undefined
  #stand: MessageStand | undefined

  constructor(carried: CarriedExchange) {
    this.#carried = carried
    this.#captured = carried.engine.workspace.capture.bodyBytes
  }

  /** What becomes of a message that came in. */
  receive(message: Incoming): Maybe<Fate> {
    const held = this.#carried.engine.around.messageHolds?.ask(this.#carried, message)
    if (!held) return this.#judge(message, message.bytes)
    return held.then((release) => {
      const { touch } = release
      if (release.kind === 'send') return this.#judge({ ...message, bytes: release.bytes }, message.bytes, { touch })
      this.#record(message, message.bytes, { fate: 'dropped', touch })
      return { kind: 'drop' }
    })
  }

  /** A message that a person made: judged and recorded like any other. */
  inject(message: Incoming): Maybe<Fate> {
    return this.#judge(message, message.bytes, { from: 'injected' })
  }

  closed(side: StreamMessage['side'], code: number, reason: string): void {
    const bytes = Buffer.from(reason === '' ? String(code) : `${code} ${reason}`)
    this.#record({ side, kind: 'close' }, bytes, { fate: 'sent' })
  }

  #judge(message: Incoming, original: Uint8Array, by?: By): Maybe<Fate> {
    const { run, plan } = this.#carried
    const edited = message.bytes !== original
    if (!run || plan.phases.message.length === 0) {
      this.#record(message, original, { fate: 'sent', sent: message.bytes, ...by, edited })
      return { kind: 'send', bytes: message.bytes }
    }
    if (this.#judging) return this.#judging.then(() => this.#judge(message, original, by))
    // A message ended the exchange; what was under way behind it is nobody's any more.
    if (run.decision) return { kind: 'drop' }
    const { side, kind, bytes } = message
    const stand = (this.#stand ??= new MessageStand(run))
    stand.begin({ side, kind, body: new HeldBody(bytes) })
    const finish = (): Fate => {
      const { trace, sealed, body, decision } = stand.end()
      this.#judging = undefined
      if (!decision) {
        this.#record(message, original, { fate: 'sent', sent: body.bytes, trace, sealed, ...by, edited })
        return { kind: 'send', bytes: body.bytes }
      }
      this.#record(message, original, { fate: 'denied', ...(edited && { sent: bytes }), trace, sealed, ...by, edited })
      return { kind: 'close', code: 1008, reason: reasonOf(decision) }
    }
    const judged = run.run('message')
    if (!(judged instanceof Promise)) return finish()
    const done = judged.then(finish)
    this.#judging = done
    return done
  }

  #record(
    message: Pick<MessageRecord, 'side' | 'kind'>,
    original: Uint8Array,
    more: {
      fate: MessageRecord['fate']
      sent?: Uint8Array
      trace?: readonly TraceEntry[]
      sealed?: MessageRecord['sealed']
      edited?: boolean
    } & By,
  ): void {
    const { engine, exchange, startMicros, plan } = this.#carried
    const { recorder, timeline } = engine.around
    if (!recorder?.message) return
    const { fate, sent, trace = [], sealed = [], from, touch, edited } = more
    const record: MessageRecord = {
      exchange: exchange.id,
      number: ++this.#number,
      at: Math.round(timeline.micros() - startMicros),
      side: message.side,
      kind: message.kind,
      bytes: original.subarray(0, this.#captured),
      length: original.byteLength,
      truncated: original.byteLength > this.#captured,
      fate,
      trace,
      sealed: sealed.length === 0 ? plan.sealed : [...plan.sealed, ...sealed],
    }
    if (sent && sent !== original) {
      record.sent = sent.subarray(0, this.#captured)
      if (sent.byteLength > this.#captured) record.sentLength = sent.byteLength
    }
    if (edited) record.edited = true
    if (from) record.from = from
    if (touch) record.touch = touch
    recorder.message(record)
  }
}

function reasonOf(decision: Decision): string {
  return 'code' in decision ? decision.code : decision.verdict
}

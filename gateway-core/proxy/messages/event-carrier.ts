import type { Transform } from 'node:stream'
import type { Maybe } from '../../pipeline/facts.ts'
import { DecodedPieces, streamDecoder } from './coded-events.ts'
import {
  EventStreamReader,
  EventTooLong,
  eventOf,
  fieldsOfWhole,
  type ServerSentEvent,
  withData,
} from './event-stream.ts'
import type { CarriedExchange } from '../carried-exchange.ts'
import { type Injected, MessageDesk } from './message-desk.ts'
import type { Fate } from './websocket-channel.ts'

/** What the carrier does to the connection. */
export interface EventHooks {
  /** Sends bytes to the client. False: it is full, `resume` will be called from elsewhere. */
  write(bytes: Uint8Array): boolean
  /** The upstream may go on: what waited has been judged. */
  resume(): void
  /** A policy ended the stream, or an event was too long to be judged. */
  cut(error?: string): void
}

/** Longest event where the workspace sets no limit for bodies, in bytes. */
const eventBytes = 16 * 1024 * 1024

/**
 * A carrier where somebody wants the events of this response: a policy, the capture, a person. They go on without the
 * content coding that they came with; undefined too where that is not known.
 */
export function eventCarrierFor(carried: CarriedExchange, hooks: EventHooks): EventCarrier | undefined {
  const { engine, exchange, plan } = carried
  const { recorder, messageHolds } = engine.around
  const wanted = plan.phases.message.length > 0 || messageHolds !== undefined || recorder?.message !== undefined
  const response = exchange.response!
  if (!wanted) return undefined
  const coding = response.headers.list('content-encoding')
  const decoder = coding === undefined ? undefined : streamDecoder(coding)
  if (coding !== undefined && !decoder) return undefined
  for (const name of fieldsOfWhole) {
    const { headers } = exchange.response!
    if (headers.has(name)) exchange.response = { ...exchange.response!, headers: headers.without(name) }
  }
  const maxBytes = engine.workspace.limits.bodyBytes ?? eventBytes
  const carrier = new EventCarrier(new MessageDesk(carried), maxBytes, hooks, decoder)
  carried.onOver = messageHolds?.opened?.(carried, 'events', (event) => carrier.inject(event))
  return carrier
}

/** Carries a stream of server-sent events one by one: each is judged before it goes on. What is not changed goes on byte for byte. */
export class EventCarrier {
  readonly #desk: MessageDesk
  readonly #hooks: EventHooks
  readonly #reader: EventStreamReader
  readonly #queue: ServerSentEvent[] = []
  #waiting = false
  #over = false
  #whenDone: (() => void) | undefined
  readonly #pieces: DecodedPieces | undefined

  /** `maxBytes`: longest event. `decoder`: takes off the content coding that the events come with. */
  constructor(desk: MessageDesk, maxBytes: number, hooks: EventHooks, decoder?: Transform) {
    this.#desk = desk
    this.#hooks = hooks
    this.#reader = new EventStreamReader(maxBytes)
    this.#pieces =
      decoder &&
      new DecodedPieces(decoder, {
        take: (chunk) => this.#take(chunk),
        resume: () => !this.#over && hooks.resume(),
        cut: (error) => !this.#over && this.#end(error),
      })
  }

  /** Takes a chunk of the upstream; false while something waits. */
  add(chunk: Uint8Array): boolean {
    if (this.#over || !this.#pieces) return this.#take(chunk)
    this.#pieces.add(chunk)
    return false
  }

  #take(chunk: Uint8Array): boolean {
    if (this.#over) return true
    try {
      this.#queue.push(...this.#reader.push(chunk))
    } catch (error) {
      if (!(error instanceof EventTooLong)) throw error
      this.#end(error.message)
      return true
    }
    return this.#waiting ? false : this.#drain()
  }

  /** The upstream is through; `done` is called when everything went on. An event that never ended is discarded, as receivers do. */
  end(done: () => void): void {
    if (this.#over) return
    if (this.#pieces) this.#pieces.end(() => this.#finish(done))
    else this.#finish(done)
  }

  #finish(done: () => void): void {
    if (this.#over) return
    if (this.#waiting) this.#whenDone = done
    else done()
  }

  /** Sends an event that a person made, before those that wait. It is judged like any other. */
  async inject({ side, kind, bytes, name }: Injected): Promise<void> {
    const fate = await this.#desk.inject({ side, kind, bytes })
    if (this.#over) return
    if (fate.kind === 'close') this.#end()
    else if (fate.kind === 'send') this.#hooks.write(eventOf(Buffer.from(fate.bytes).toString('utf8'), name))
  }

  #drain(): boolean {
    let ready = true
    for (let event = this.#queue.shift(); event; event = this.#queue.shift()) {
      const current = event
      if (event.data === undefined) {
        ready = this.#hooks.write(event.bytes)
        continue
      }
      const bytes = Buffer.from(event.data)
      const fate: Maybe<Fate> = this.#desk.receive({ side: 'response', kind: 'event', bytes })
      if (fate instanceof Promise) {
        this.#waiting = true
        fate.then(
          (late) => this.#late(current, bytes, late),
          (error: unknown) => this.#end(error instanceof Error ? error.message : String(error)),
        )
        return false
      }
      ready = this.#apply(current, bytes, fate)
      if (this.#over) return true
    }
    return ready
  }

  #late(event: ServerSentEvent, bytes: Uint8Array, fate: Fate): void {
    this.#waiting = false
    const ready = this.#apply(event, bytes, fate)
    if (this.#over) return
    const drained = this.#drain()
    if (this.#waiting || this.#over) return
    if (this.#whenDone) this.#whenDone()
    else if (ready && drained) this.#hooks.resume()
  }

  #apply(event: ServerSentEvent, bytes: Uint8Array, fate: Fate): boolean {
    if (fate.kind === 'close') this.#end()
    else if (fate.kind === 'send') {
      const same = fate.bytes === bytes
      return this.#hooks.write(same ? event.bytes : withData(event, Buffer.from(fate.bytes).toString('utf8')))
    }
    return true
  }

  #end(error?: string): void {
    this.#over = true
    this.#queue.length = 0
    this.#pieces?.destroy()
    this.#hooks.cut(error)
  }
}

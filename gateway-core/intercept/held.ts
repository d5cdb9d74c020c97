import type { Touch } from '../capture/record.ts'
import type { MessageSide, RawHeaders } from '../exchange.ts'
import type { AnsweredResponse, ArrivedRequest, WrittenResponse } from '../proxy/holds.ts'
import type { Breakpoint } from './breakpoint.ts'
import type { RequestDraft, ResponseDraft, Start } from './draft.ts'
import type { MessageSource } from './message-stops.ts'

/** What a person wrote in the place of a held message. */
export interface WrittenMessage {
  start: Start
  headers: RawHeaders
  /** A new body: its content, or with `coded` the bytes of the wire. */
  body?: { bytes: Uint8Array; coded: boolean }
}

/** How a hold ended. */
export type Release =
  | { kind: 'resumed' }
  | { kind: 'edited'; message: WrittenMessage }
  | { kind: 'answered'; answer: WrittenResponse }
  | { kind: 'dropped' }
  /** Nobody did anything within the time limit: it goes on as it is. */
  | { kind: 'timed-out' }
  /** The gateway stops: it goes on as it is. */
  | { kind: 'released'; why: string }
  | { kind: 'left'; why: string }

export type HeldSide =
  | { kind: 'http'; side: 'request'; from: ArrivedRequest; draft: RequestDraft }
  | { kind: 'http'; side: 'response'; from: AnsweredResponse; draft: ResponseDraft }
  /** One message of a WebSocket or an event stream; its draft has a body only. */
  | { kind: 'message'; side: MessageSide; from: MessageSource; draft: ResponseDraft }

/** One message that waits for a person, until its time is over. */
export class Held {
  readonly id: number
  readonly message: HeldSide
  readonly breakpoint: Breakpoint
  readonly since: number
  readonly done: Promise<Release>
  /** Request line and host, for both sides. */
  readonly about: { method: string; host: string; url: string }
  until: number
  #timer: NodeJS.Timeout
  #resolve: (release: Release) => void = () => undefined
  #over = false

  constructor(id: number, message: HeldSide, about: Held['about'], breakpoint: Breakpoint) {
    this.id = id
    this.message = message
    this.about = about
    this.breakpoint = breakpoint
    this.since = Date.now()
    this.until = this.since + breakpoint.settings.limitMs
    this.done = new Promise((resolve) => (this.#resolve = resolve))
    this.#timer = this.#wait()
    const { gone } = message.from
    const left = () =>
      this.end({ kind: 'left', why: gone.reason instanceof Error ? gone.reason.message : 'the client left' })
    if (gone.aborted) left()
    else gone.addEventListener('abort', left, { once: true })
  }

  get side(): MessageSide {
    return this.message.side
  }

  /** Gives it its whole time limit once more. */
  extend(): void {
    if (this.#over) return
    clearTimeout(this.#timer)
    this.until = Date.now() + this.breakpoint.settings.limitMs
    this.#timer = this.#wait()
  }

  /** False: it was over already. */
  end(release: Release): boolean {
    if (this.#over) return false
    this.#over = true
    clearTimeout(this.#timer)
    this.#resolve(release)
    return true
  }

  touch(release: Release): Touch {
    const { query } = this.breakpoint.settings
    const touch: Touch = {
      by: 'breakpoint',
      name: query === '' ? 'everything' : query,
      side: this.side,
      did: release.kind,
      heldMs: Date.now() - this.since,
    }
    if ('why' in release) touch.says = release.why
    return touch
  }

  #wait(): NodeJS.Timeout {
    return setTimeout(() => this.end({ kind: 'timed-out' }), this.breakpoint.settings.limitMs)
  }
}

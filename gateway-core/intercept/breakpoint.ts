import type { MessageSide } from '../exchange.ts'
import { parseFilter } from '../filter/grammar.ts'
import type { Filter } from '../filter/syntax.ts'
import { asksForBody, unknownOn } from '../filter/known.ts'

/** What a person sets: hold what matches this query. */
export interface BreakpointSettings {
  /** Empty: everything. */
  query: string
  /** `messages`: single messages of WebSockets and event streams, of either side. */
  on: MessageSide | 'both' | 'messages'
  enabled: boolean
  /** Turns itself off once it has held a message. */
  once: boolean
  /** How long a message is held at most; then it goes on as it is. */
  limitMs: number
}

/** A query that holds what matches. Compiled once. */
export class Breakpoint {
  readonly id: number
  settings: BreakpointSettings
  filter: Filter
  /** How many messages it has held. */
  hits = 0
  /** How many it would have held while nobody could see them. */
  unseen = 0

  /** Throws a FilterError where the query cannot be read. */
  constructor(id: number, settings: BreakpointSettings) {
    this.id = id
    this.settings = settings
    this.filter = parseFilter(settings.query)
  }

  change(settings: BreakpointSettings): void {
    this.filter = parseFilter(settings.query)
    this.settings = settings
  }

  isOn(side: MessageSide): boolean {
    const { enabled, on } = this.settings
    return enabled && (on === side || on === 'both')
  }

  get isOnMessages(): boolean {
    return this.settings.enabled && this.settings.on === 'messages'
  }

  /** It stands for the answer to one request, and has no use after it. */
  get isForOneExchange(): boolean {
    return this.settings.once && /^id:\w+$/.test(this.settings.query)
  }

  asksForBody(side: MessageSide): boolean {
    return asksForBody(this.filter, side)
  }

  /** Fields that are never known where it stands, by side: tests of them do not match. */
  get unknown(): Partial<Record<MessageSide, string[]>> {
    const { on } = this.settings
    const unknown: Partial<Record<MessageSide, string[]>> = {}
    for (const side of ['request', 'response'] as const) {
      if (on !== side && on !== 'both') continue
      const names = unknownOn(this.filter, side)
      if (names.length > 0) unknown[side] = names
    }
    return unknown
  }
}

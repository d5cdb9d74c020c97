import type { ExchangeRecord, Interception } from '../capture/record.ts'
import type { Workspace } from '../config/workspace.ts'
import type { Peer, RawHeaders, RequestMessage } from '../exchange.ts'
import type { AsSent } from './edited-head.ts'
import type { MessageHolds } from './messages/message-desk.ts'

/** Largest body that is read for whoever holds a message; a longer one streams on behind its head. */
export const heldBodyBytes = 10 * 1024 * 1024

/** Where whoever holds messages is plugged in; empty while there is neither a breakpoint nor a rule. */
export interface HoldSlot {
  current: Holds | undefined
  /** Who may hold single messages of WebSockets and event streams. */
  messages?: MessageHolds
}

/**
 * Somebody who may stop a message and change it: breakpoints and rules. Both are asked at once and answer undefined where
 * the message just passes, so that this costs one look.
 */
export interface Holds {
  /** How long a body is waited for, in ms; one that has not ended by then streams on behind its head. */
  readonly bodyMs: number
  /** Before a request is routed and judged. */
  request(arrived: ArrivedRequest): Promise<RequestDecision> | undefined
  /** After the upstream answered, before the response phases. */
  response(answered: AnsweredResponse): Promise<ResponseDecision> | undefined
}

/** What both sides of an exchange offer to whoever holds them. */
interface Arrived {
  readonly id: string
  readonly workspace: Workspace
  /** Aborted when the client leaves, or breaks its message. */
  readonly gone: AbortSignal
  /**
   * The whole body as it stands on the wire. Undefined where there is none, and where it is longer than the limit, does not
   * end in time, or is an event stream, which never does: then it streams on behind the head. Asked several times, it is
   * read once.
   */
  readBody(): Promise<Uint8Array | undefined>
  /** A number in `[0, 1)` that belongs to the exchange and the purpose: the same one whenever it is asked for. */
  draw(purpose: string): number
}

export interface ArrivedRequest extends Arrived {
  /** Only for one's own traffic: whose paths go on as they were written, because no route names that host. */
  readonly asSent: AsSent | undefined
  readonly startedAt: number
  readonly peer: Peer
  readonly listener: ExchangeRecord['listener']
  readonly httpVersion: string
  readonly upgrade: 'websocket' | undefined
  readonly message: RequestMessage
}

export interface AnsweredResponse extends Arrived {
  readonly status: number
  readonly reason: string
  /** As the upstream sent them. */
  readonly headers: RawHeaders
  readonly hasBody: boolean
  /** What was done to the request of this exchange. */
  readonly interception: Interception | undefined
  /** The exchange as far as it has come, with this response and without its body. */
  record(): ExchangeRecord
}

/** `answer`: the client gets this and nothing is routed. `drop`: the connection ends without an answer. */
export type RequestDecision =
  | { go: 'on'; edit?: RequestEdit; instead?: Instead; interception?: Interception }
  | { go: 'answer'; answer: WrittenResponse; interception: Interception }
  | { go: 'drop'; why: string; interception: Interception }

/** A request as it goes on. Without `body` the one that came. */
export interface RequestEdit {
  readonly method: string
  readonly target: string
  readonly headers: RawHeaders
  readonly body?: Uint8Array
  /** Its lengths are wrong on purpose: it is sent as written, on a connection of its own. */
  readonly exact: boolean
}

export type ResponseDecision =
  | { go: 'on'; edit?: ResponseEdit; pace?: Pace; interception?: Interception }
  | { go: 'drop'; why: string; interception: Interception }

/** A response as it goes on. Without `body` the one that came. */
export interface ResponseEdit {
  readonly status: number
  readonly reason: string
  readonly headers: RawHeaders
  readonly body?: Uint8Array
  /** Its length is wrong on purpose: the connection ends behind it, and nothing is taken for another answer. */
  readonly exact?: boolean
}

export type WrittenResponse = ResponseEdit & { readonly body: Uint8Array }

/** How an answer goes out: later, slower, not whole. */
export interface Pace {
  readonly delayMs?: number
  readonly bytesPerSecond?: number
  /** The connection ends after so many bytes of the body. */
  readonly cutAfter?: number
}

/** What happens in the place of the call to the upstream. */
export type Instead =
  | { kind: 'answer'; answer: WrittenResponse }
  /** The client's connection is reset, after `afterMs` of nothing. */
  | { kind: 'reset'; afterMs: number; why: string }

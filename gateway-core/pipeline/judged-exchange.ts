import type {
  Claims,
  Consumer,
  Exchange,
  MatchedRoute,
  Peer,
  Place,
  RequestMessage,
  ResponseMessage,
  StreamMessage,
} from '../exchange.ts'
import type { Learned } from './outcome.ts'

/** The exchange as the runner carries it along: policies see it read-only, the runner applies what they returned. */
export class JudgedExchange implements Exchange {
  readonly id: string
  readonly startedAt: number
  readonly peer: Peer
  readonly upgrade: 'websocket' | undefined
  clientAddress: string
  request: RequestMessage
  route: MatchedRoute | undefined
  consumer: Consumer | undefined
  claims: Claims | undefined
  response: ResponseMessage | undefined
  message: StreamMessage | undefined
  /** Places that steps found something to mask in; the record takes them besides those of the plan. */
  sealed: readonly Place[] = []

  constructor(id: string, startedAt: number, peer: Peer, request: RequestMessage, upgrade?: 'websocket') {
    this.id = id
    this.startedAt = startedAt
    this.peer = peer
    this.clientAddress = peer.address
    this.request = request
    this.upgrade = upgrade
  }

  learn(learned: Learned): void {
    if (learned.consumer) this.consumer = learned.consumer
    if (learned.claims) this.claims = learned.claims
    if (learned.clientAddress !== undefined) this.clientAddress = learned.clientAddress
    if (learned.sealed) this.sealed = [...this.sealed, ...learned.sealed]
  }

  /** What was learned so far, to go back to when a branch of an `any-of` fails. */
  memory(): Memory {
    return { consumer: this.consumer, claims: this.claims, clientAddress: this.clientAddress }
  }

  forget(memory: Memory): void {
    this.consumer = memory.consumer
    this.claims = memory.claims
    this.clientAddress = memory.clientAddress
  }
}

/** What was learned at one moment. */
export interface Memory {
  consumer: Consumer | undefined
  claims: Claims | undefined
  clientAddress: string
}

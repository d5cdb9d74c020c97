import type { DenialCode } from '../errors.ts'
import type { Claims, MessageSide, Place, RawHeaders } from '../exchange.ts'
import type { RecordedFact } from '../pipeline/facts.ts'
import type { TraceEntry } from '../pipeline/outcome.ts'

/**
 * One exchange as the gateway hands it to the recorder. It still holds secrets in clear: the recorder seals them before
 * anything is written. Times are in µs from `startedAt` unless they say ms.
 */
export interface ExchangeRecord {
  id: string
  /** Milliseconds since the epoch. */
  startedAt: number
  durationMicros: number
  /** `open` while a long-lived response (stream, WebSocket) goes on; the final record has the same id. */
  state: 'open' | 'done'
  revision: string
  environment?: string
  /** `proxy`: by the forward proxy; without a route it was only observed. `none`: it came from a file. */
  listener: 'http' | 'https' | 'proxy' | 'none'
  peer: { address: string; port: number; certificates?: readonly Uint8Array[] }
  clientAddress: string
  request: RecordedRequest
  /** What was sent to the upstream, where policies changed it. */
  forwarded?: RecordedRequest
  response?: RecordedResponse
  /** What the upstream answered, where policies changed it or the gateway answered instead. */
  upstreamResponse?: RecordedResponse
  route?: {
    id: string
    api: string
    template: string
    parameters: Readonly<Record<string, string>>
    upstreamPath: string
  }
  upstream?: { name: string; url: string }
  consumer?: { name: string; groups: readonly string[] }
  claims?: Claims
  upgrade?: 'websocket'
  /** Only for a CONNECT whose bytes nobody read: why, and how many there were. */
  tunnel?: { reason: 'passed-through' | 'not-http' | 'h2c'; bytesIn: number; bytesOut: number }
  verdict: ExchangeVerdict
  /** Status the client got; 0 when it got none. */
  status: number
  /** Instance id of the policy that denied or answered. */
  decidedBy?: string
  code?: DenialCode
  trace: readonly TraceEntry[]
  facts: readonly RecordedFact[]
  timings: { policyMicros: number; upstreamMicros?: number; firstByteMicros?: number }
  /** What went wrong outside policies, for people: `connect ECONNREFUSED 127.0.0.1:9001`. Never contains captured bytes. */
  error?: string
  /** Places sealed in this exchange besides the protocol's own credentials: those of its policies' configuration and masks. */
  sealed: readonly Place[]
  /** What breakpoints and rules did; `request` and `response` are the messages after it, as they were judged. */
  intercepted?: Interception
}

/** Who stopped or changed an exchange on its way, and what it was before. */
export interface Interception {
  touches: readonly Touch[]
  /** As the client sent it, where it was changed. */
  request?: OriginalMessage
  /** As the upstream answered, where that was changed. */
  response?: OriginalMessage
}

/** One thing that a breakpoint or a rule did. */
export interface Touch {
  by: 'breakpoint' | 'rule'
  /** Query of the breakpoint, name of the rule. */
  name: string
  side: MessageSide
  did:
    | 'resumed'
    | 'edited'
    | 'answered'
    | 'dropped'
    | 'timed-out'
    | 'released'
    | 'left'
    | 'rewrote'
    | 'mocked'
    | 'delayed'
    | 'broke'
  /** In plain words, where there is more to say. */
  says?: string
  /** How long it was held. */
  heldMs?: number
}

/** A message before it was changed. */
export interface OriginalMessage {
  /** `POST /books?page=2`, or `200 OK`. */
  start: string
  headers: RawHeaders
  /** Content without its coding: text, or base64 where it is none. Absent where the body was not changed. */
  body?: { text?: string; base64?: string; length: number; truncated?: true }
}

/** `refused`: never judged (malformed, too large). `aborted`: the client left. `failed`: upstream or gateway failed. */
export type ExchangeVerdict = 'pass' | 'deny' | 'respond' | 'refused' | 'failed' | 'aborted' | 'error'

export interface RecordedRequest {
  method: string
  scheme: 'http' | 'https'
  authority: string
  target: string
  path: string
  query: string
  httpVersion: string
  headers: RawHeaders
  trailers?: RawHeaders
  body?: RecordedBody
}

export interface RecordedResponse {
  status: number
  reason: string
  from: 'upstream' | 'gateway'
  headers: RawHeaders
  trailers?: RawHeaders
  body?: RecordedBody
}

/** Bytes as on the wire (content coding kept). `bytes` is a prefix when `truncated`; `length` counts all. */
export interface RecordedBody {
  bytes: Uint8Array
  length: number
  truncated: boolean
  /** Hex SHA-256 of the whole body; only where it was truncated. */
  sha256?: string
  /** Only in stored exchanges: the wire bytes held secrets that are gone, and `bytes` are the decoded content with markers for them. */
  decoded?: true
}

/** One message of a long-lived exchange: of a WebSocket, or a server-sent event. A row of its own. */
export interface MessageRecord {
  /** Id of its exchange. */
  exchange: string
  /** Place among the messages of its exchange, from 1. */
  number: number
  /** µs since its exchange began. */
  at: number
  /** `request`: from the client. `response`: from the upstream. */
  side: MessageSide
  kind: 'text' | 'binary' | 'event' | 'close'
  /** As it came; a prefix when `truncated`, `length` counts all. */
  bytes: Uint8Array
  length: number
  truncated: boolean
  /** What went on instead: changed by a policy or a person. */
  sent?: Uint8Array
  fate: 'sent' | 'dropped' | 'denied'
  /** Length of that, where only its beginning is kept. */
  sentLength?: number
  /** Who made it, where it did not come from its side: a person injected it. */
  from?: 'injected'
  /** A person changed it before it was judged. */
  edited?: true
  /** What a breakpoint did to it. */
  touch?: Touch
  /** The message phase of each policy that ran. */
  trace: readonly TraceEntry[]
  /** Places in it to seal. */
  sealed: readonly Place[]
}

/** A message as read back from the capture: its secrets are markers, unless they were asked for and still exist. */
export interface StoredMessage extends Omit<MessageRecord, 'sealed'> {
  secrets: StoredExchange['secrets']
}

/** An exchange as read back from the capture. */
export interface StoredExchange extends ExchangeRecord {
  /** Place in the order recorded. */
  order: number
  /** `open`: every secret is in clear; `sealed`: some are markers, because they were purged, the key is another, or nobody asked for them; `none`: there were none. */
  secrets: 'open' | 'sealed' | 'none'
}

/** Takes records off the hot path. `record` never throws and never waits. */
export interface Recorder {
  record(record: ExchangeRecord): void
  /** A message of an exchange that was recorded as `open`. */
  message?(message: MessageRecord): void
  /** Resolves when everything recorded so far is durable. */
  flush(): Promise<void>
  close(): Promise<void>
}

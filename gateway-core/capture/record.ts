import type { DenialCode } from '../errors.ts'
import type { Claims, Place, RawHeaders } from '../exchange.ts'
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
  listener: 'http' | 'https' | 'none'
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
  /** Resolves when everything recorded so far is durable. */
  flush(): Promise<void>
  close(): Promise<void>
}

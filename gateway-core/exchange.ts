import type { HeaderList } from './headers.ts'

/** Ordered flat header list as on the wire, `[name, value, name, value, …]`: case, order and duplicates kept. */
export type RawHeaders = readonly string[]

/**
 * Where a value stands in an exchange. Written in evidence, in facts and in the list of sealed places.
 * `pointer` is an RFC 6901 JSON pointer into the message body, `span` a `[start, end)` range of characters of the value.
 */
export type Place =
  | { in: 'header'; name: string; of?: MessageSide; span?: Span }
  | { in: 'query'; name: string; span?: Span }
  | { in: 'cookie'; name: string; span?: Span }
  | { in: 'path'; name?: string; span?: Span }
  | { in: 'claim'; name: string }
  | { in: 'body'; pointer?: string; of?: MessageSide; span?: Span }
  | { in: 'method' | 'host' | 'peer' | 'client' | 'certificate' | 'consumer' | 'status' | 'state' | 'time' }

export type MessageSide = 'request' | 'response'
export type Span = readonly [start: number, end: number]

/** What a policy saw. `expected` says in words or values what it wanted; a `secret` value carries no `observed` in clear. */
export interface Evidence {
  at: Place
  observed?: string | number | boolean | null | readonly string[]
  expected?: string
  secret?: true
  /** A few more named values that explain the step, for example `{ remaining: 3, window: '1m' }`. */
  detail?: Readonly<Record<string, string | number | boolean | readonly string[]>>
}

/** Who calls, as an identity policy found it. `plan` and `credential` are set where the workspace names them. */
export interface Consumer {
  readonly name: string
  readonly groups: readonly string[]
}

/** JSON claims of a verified token. */
export type Claims = Readonly<Record<string, unknown>>

/**
 * A body that was read whole, within the limit of the policy that asked for it. `bytes` are the content after
 * Content-Encoding was undone, `text` its UTF-8 reading and `json` the parsed value; each is computed once.
 */
export interface Body {
  readonly bytes: Uint8Array
  readonly text: string
  readonly json: JsonReading
}

/** A JSON reading: the value, or what is wrong at which character offset. */
export type JsonReading = { ok: true; value: unknown } | { ok: false; message: string; offset: number }

export interface RequestMessage {
  readonly method: string
  readonly scheme: 'http' | 'https'
  /** Host and port as the client named them, lower case; from Host, `:authority` or the absolute-form target. */
  readonly authority: string
  /** Request target as received. */
  readonly target: string
  /** Length of the target in characters, where the target itself cannot be read any more. */
  readonly targetLength?: number
  /** Normalized path (RFC 3986 §6.2.2: dot segments removed, unreserved characters decoded): what is routed, judged and forwarded. */
  readonly path: string
  /** Query without `?`, as received; empty when there is none. */
  readonly query: string
  readonly headers: HeaderList
  /** Only in the body phase, and only where a policy of the route asked for it. */
  readonly body?: Body
  /** Declared length in bytes, or undefined when chunked or without a body. */
  readonly contentLength?: number
  /** True when the message announces a body. */
  readonly hasBody: boolean
  /** Names (lower case) of forwarding fields that a policy set: those that a client sent are not forwarded. */
  readonly assigned?: ReadonlySet<string>
}

export interface ResponseMessage {
  readonly status: number
  readonly reason: string
  readonly headers: HeaderList
  readonly body?: Body
  /** Who made it: the upstream, or the gateway itself (a denial, a policy's answer, 502, 504). */
  readonly from: 'upstream' | 'gateway'
}

/** One message of a WebSocket, or one server-sent event, while it is judged. */
export interface StreamMessage {
  /** `request`: from the client. `response`: from the upstream. */
  readonly side: MessageSide
  readonly kind: 'text' | 'binary' | 'event'
  readonly body: Body
}

/** The far end of the client's connection. `certificates` is the client's DER chain, leaf first. */
export interface Peer {
  readonly address: string
  readonly port: number
  readonly certificates?: readonly Uint8Array[]
  readonly tls?: { readonly protocol: string; readonly cipher: string; readonly serverName?: string }
}

/** The route that matched: ids as in the workspace, with decoded path parameters. */
export interface MatchedRoute {
  readonly id: string
  readonly api: string
  /** Path template or prefix as written, for example `/books/{id}`. */
  readonly template: string
  readonly parameters: Readonly<Record<string, string>>
  /** Path as the API's document sees it: after `stripPrefix` and `rewrite`. */
  readonly upstreamPath: string
  readonly upstream?: string
}

/**
 * One request with everything known about it so far. Policies read it and never change it: what they want changed
 * they return as changes, what they found out (caller, client address) as `learned`; the runner applies both.
 */
export interface Exchange {
  /** Time-sortable id, shown in problem details and in the capture. */
  readonly id: string
  /** Milliseconds since the epoch. */
  readonly startedAt: number
  readonly peer: Peer
  /** Address of the client: the peer, unless `real-ip` learned better from a trusted proxy. */
  readonly clientAddress: string
  readonly request: RequestMessage
  readonly route?: MatchedRoute
  readonly consumer?: Consumer
  readonly claims?: Claims
  /** Upgrade token of a WebSocket handshake. */
  readonly upgrade?: 'websocket'
  /** From the response phases on. */
  readonly response?: ResponseMessage
  /** Only in the message phase. */
  readonly message?: StreamMessage
}

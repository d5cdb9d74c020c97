import type { ExchangeSummary } from '../capture/summary.ts'
import type { StoredExchange, StoredMessage } from '../capture/record.ts'
import type { Problem as ConfigProblem } from '../config/diagnostics.ts'

/** What the screens know of the core. Everything here is plain JSON; secrets are markers. */
export interface WorkbenchState {
  version: string
  /** Whether this is a window of its own or a page in a browser. */
  mode: 'electron' | 'browser'
  workspace: OpenWorkspace | null
}

export interface OpenWorkspace {
  folder: string
  name: string
  /** Revision in force, and its environment. */
  revision: string
  environment: string | null
  environments: string[]
  gateway: { state: 'running' | 'stopped' | 'failed'; http: string | null; https: string | null; reason?: string }
  problems: Problem[]
  /** The files on disk do not load: an earlier revision is in force. */
  lastGood: boolean
  captures: { exchanges: number; bytes: number }
  /** Over the last ten seconds. */
  requestsPerSecond: number
  deniedLastMinute: number
}

export type Problem = ConfigProblem

export interface Recent {
  folder: string
  name: string
  /** Milliseconds since the epoch. */
  openedAt: number
  exists: boolean
}

/** A search and how far it is. A query that cannot be read finds nothing and says where it is wrong. */
export interface SearchState {
  search: number
  total: number
  done: boolean
  problem?: { message: string; offset: number; suggestion?: string }
}

export type TrafficRow = ExchangeSummary & { policies?: string[] }

/** An exchange with what its screens need besides: the line of each policy now, and whether it changed since. */
export interface ExchangeDetail {
  exchange: Omit<StoredExchange, 'request' | 'forwarded' | 'response' | 'upstreamResponse' | 'peer'> & {
    /** Certificates as base64 of their DER form. */
    peer: { address: string; port: number; certificates?: string[] }
    request: MessageHead<StoredExchange['request']>
    forwarded?: MessageHead<NonNullable<StoredExchange['forwarded']>>
    response?: MessageHead<NonNullable<StoredExchange['response']>>
    upstreamResponse?: MessageHead<NonNullable<StoredExchange['upstreamResponse']>>
  }
  /**
   * By instance id: its lines (one, or several where its configuration goes on below) as they were when the exchange was
   * judged, and as they are now. `then` is empty where the revision is not known any more.
   */
  lines: Record<string, { then: string; now: { file: string; line: number; text: string } | null; changed: boolean }>
  upstreamCalled: boolean
}

/** A message without its bytes: those are asked for in parts. */
export type MessageHead<M> = Omit<M, 'body'> & {
  body?: { length: number; kept: number; truncated: boolean; contentType: string | null; encoding: string | null }
}

export interface BodyPart {
  /** Base64 of the bytes from `from` on. */
  bytes: string
  from: number
  /** Bytes that are there in all. */
  available: number
  decoded: boolean
  problem?: string
}

/** Content of a message: text where it is, else base64 of its bytes. */
export interface MessageContent {
  text?: string
  base64?: string
  /** Only the beginning of what was recorded. */
  cut?: true
}

/** One message of a WebSocket or an event stream. */
export interface MessageRow extends Omit<StoredMessage, 'exchange' | 'bytes' | 'sent' | 'secrets'> {
  content: MessageContent
  /** What went on instead. */
  sent?: MessageContent
}

export interface MessageList {
  /** Of the whole exchange. */
  total: number
  messages: MessageRow[]
}

export interface Completion {
  text: string
  /** Characters of the query that it replaces. */
  from: number
  to: number
  kind: 'field' | 'value' | 'operator'
  help?: string
}

export interface JudgedUnder {
  environment: string
  verdict: string
  status: number
  decidedBy?: string
  code?: string
  trace: StoredExchange['trace']
  /** The first step in which the two differ. */
  firstDifference: { policy: string; field: string; recorded: string; judged: string; fact?: string } | null
  /** What to know about the comparison, for people: judged again in its own environment it came out differently, and why. */
  note?: string
}

export interface SavedQuery {
  name: string
  query: string
}

export interface FileNode {
  path: string
  kind: 'workspace' | 'environment' | 'policies' | 'rules' | 'openapi' | 'test' | 'other'
  children?: FileNode[]
}

export interface FileText {
  path: string
  text: string
  /** Content hash. */
  version: string
  readOnly: boolean
  /** An unsaved draft that a crash left behind. */
  draft?: { text: string; base: string }
}

export type Written =
  | { state: 'saved'; version: string }
  | { state: 'conflict'; version: string; text: string; merged: string | null }

export interface Definition {
  path: string
  line: number
  column: number
}

export interface PolicyType {
  type: string
  summary: string
  owasp: string[]
}

export interface Snippet {
  type: string
  /** YAML list item, documented by comments. */
  text: string
}

/** An edit of a text: replaces `length` characters at `offset`. */
export interface Insertion {
  offset: number
  length: number
  text: string
  /** Where the cursor goes. */
  cursor: { line: number; column: number }
}

/** What live traffic did at each policy line since the revision came into force. */
export interface Counters {
  revision: string
  policies: {
    policy: string
    file: string
    line: number
    hits: number
    denials: number
    wouldDeny: number
    medianMicros: number
  }[]
}

/** Something that went wrong in the core, for people. */
export interface Refusal {
  what: string
  where?: string
  todo?: string
  severity: 'error' | 'warning' | 'info'
}

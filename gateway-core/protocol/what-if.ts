import type { ExchangeVerdict } from '../capture/record.ts'
import type { Density } from '../capture/store.ts'
import type { MessageSide } from '../exchange.ts'
import type { Position, TraceEntry } from '../pipeline/outcome.ts'
import { call, callWith, event } from './declare.ts'
import { integer, text } from './parameters.ts'
import type { TrafficRow } from './types.ts'

/** What an edit can do to an exchange, besides nothing. */
export const whatIfKinds = ['newlyDenied', 'newlyAllowed', 'otherPolicy', 'transformed', 'undecidable'] as const
export type WhatIfKind = (typeof whatIfKinds)[number]
/** What exchanges can be listed by: `same` are those that the edit leaves as they are. */
export const whatIfLists = ['same', ...whatIfKinds] as const
export type WhatIfList = (typeof whatIfLists)[number]

const kind = { enum: whatIfLists } as const
const parts = { type: 'integer', minimum: 1, maximum: 2000 } as const
const time = { type: 'number', minimum: 0 } as const
const texts = {
  type: 'array',
  items: { type: 'object', required: ['path', 'text'], properties: { path: text, text }, additionalProperties: false },
} as const
const groups = { type: 'array', items: text } as const
/** A value changed by hand before a step (0-based) runs. `null` removes a header, or the caller. */
const change = {
  type: 'object',
  additionalProperties: false,
  required: ['step', 'of', 'kind', 'value'],
  properties: {
    step: integer,
    of: { enum: ['request', 'response', 'message'] },
    kind: { enum: ['header', 'path', 'query', 'body', 'status', 'now', 'consumer'] },
    name: text,
    value: { anyOf: [{ type: 'string' }, { type: 'number' }, { type: 'null' }] },
    groups,
  },
} as const

/**
 * The past judged again. `run` is a number that the screen gives each question; what belongs to an older one is not
 * answered any more. A screen has one question at a time: the next one ends it.
 */
export const whatIfCalls = {
  /** Somebody is about to edit: reads the capture, so that the first answer comes as fast as the others. */
  'whatIf.prepare': call<null>(),
  /** Judges recorded exchanges by the files with unsaved texts over them; `query` narrows what is counted. */
  'whatIf.judge': callWith({ run: integer, texts, query: text }).returns<WhatIfCounts>(),
  /** What changes in one way, by what decides: the largest group first. `same` is one group. */
  'whatIf.groups': callWith({ run: integer, kind }).returns<WhatIfGroup[]>(),
  /** Rows of the groups one after the other, the newest exchanges of each first. */
  'whatIf.rows': callWith({ run: integer, kind, from: integer, count: integer }).returns<WhatIfRow[]>(),
  /** When they came, in that many equal parts of the recorded time. */
  'whatIf.when': callWith({ run: integer, kind, parts }).returns<Density>(),
  'whatIf.explain': callWith({ run: integer, id: text }).returns<WhatIfExplanation>(),
  'whatIf.shrink': callWith({ run: integer, id: text }).returns<ShrunkRequest>(),
  /** A policy test of the shrunk request: it holds by the files on disk, and fails by the edit. */
  'whatIf.test': callWith({ run: integer, id: text }).returns<{ text: string; note?: string }>(),
  /** How often recorded exchanges that match exercised each policy in force. */
  'whatIf.coverage': callWith({ query: text }).returns<Coverage>(),
  /** How many exchanges that match began when, in that many equal parts of the recorded time. */
  'past.density': callWith({ query: text, parts }).returns<Density>(),
  /** What every limiter, quota and session held at a moment, in ms since the epoch. */
  'past.stateAt': callWith({ time }).returns<PastState>(),
  /** One exchange step by step, with values changed by hand. */
  'past.steps': callWith({ id: text, changes: { type: 'array', items: change }, texts }).returns<SteppedThrough>(),
} as const

/** What the core tells about it by itself. */
export const whatIfEvents = {
  /** How far a question is. */
  'whatIf.progress': event<{ run: number; counts: WhatIfCounts }>('latest'),
} as const

/** The six classes add up to `judged`, and to `exchanges` when it is done. */
export interface WhatIfTotals {
  exchanges: number
  judged: number
  same: number
  newlyDenied: number
  newlyAllowed: number
  otherPolicy: number
  transformed: number
  undecidable: number
  /** Undecidable exchanges by the name of the fact that lacks. */
  missing: Readonly<Record<string, number>>
  /** Exchanges that the edit cannot touch, taken from the record without judging them. */
  reused: number
  /** Exchanges whose verdict rests on a counter in its first window. */
  warming: number
  /** Time of judging in ms, of both versions; reading files and new exchanges comes before it. */
  milliseconds: number
  done: boolean
}

export interface WhatIfCounts extends WhatIfTotals {
  /** How many changes each line causes: those whose policy stands there. */
  lines: readonly WhatIfLine[]
}

/** Changes of one kind that the policy at a line makes: a line of the edited text, or (`saved`) of the text on disk. */
export interface WhatIfLine {
  file: string
  line: number
  of: 'edited' | 'saved'
  kind: WhatIfKind
  exchanges: number
}

/** How an exchange ends under one version of the files. */
export interface WhatIfOutcome {
  /** `pass`: forwarded; `refused`: by the gateway itself; `failed`, `aborted`: as recorded, the policies let it pass. */
  verdict: ExchangeVerdict | 'undecidable'
  /** What the client gets; absent where the upstream's answer is not known. */
  status?: number
  /** Instance id of the policy that denied, answered, failed, or could not decide. */
  decidedBy?: string
  code?: string
  /** Where that policy is written. */
  position?: Position
}

/** A message of a WebSocket or an event stream that an edit judges otherwise. */
export interface ChangedMessage {
  /** Place among the messages of its exchange, from 1. */
  number: number
  /** `request`: from the client. `response`: from the upstream. */
  side: MessageSide
  kind: 'text' | 'binary' | 'event'
}

/** Such a message under both versions. Secrets are not in it. */
export interface ExplainedMessage extends ChangedMessage {
  /** When it came, in ms since the epoch. */
  at: number
  /** Its text as it came; absent where it is not text, or long, or not known. */
  text?: string
  length: number
  before: MessageUnder
  after: MessageUnder
}

/** What one version makes of a message. */
export interface MessageUnder {
  end: 'sent' | 'changed' | 'denied' | 'undecidable'
  /** What goes on in its place. */
  text?: string
}

/** Changes that have one reason. */
export interface WhatIfGroup {
  /** Policy that decides now, or that decided before where the request passes now. */
  policy?: string
  code?: string
  /** What is missing, for what is undecidable; what differs, for what is transformed. */
  what?: string
  exchanges: number
  warming: number
}

export interface WhatIfRow {
  id: string
  /** Place of its group in `whatIf.groups`. */
  group: number
  before: WhatIfOutcome
  after: WhatIfOutcome
  message?: ChangedMessage
  warming: boolean
  /** Null where it left the capture meanwhile. */
  exchange: TrafficRow | null
}

/** A part of an edit, as lines of the edited file (1-based). A pure deletion has `endLine` = `line` - 1. */
export interface Hunk {
  file: string
  line: number
  endLine: number
  /** The new lines, or the removed ones with `-` in front where nothing replaces them. */
  text: string
}

/** One exchange under both versions. Secrets are not in it. */
export interface WhatIfExplanation {
  exchange: TrafficRow | null
  kind: WhatIfList
  before: WhatIfOutcome & { trace: readonly TraceEntry[] }
  after: WhatIfOutcome & { trace: readonly TraceEntry[] }
  firstDifference: {
    step: string
    field: string
    before: string
    after: string
    fact?: { key: string; before: string; after: string }
  } | null
  /** The message that makes the difference, where it is one of a WebSocket or an event stream; its steps end both traces. */
  message?: ExplainedMessage
  /** The smallest part of the edit that makes this difference; empty where none was found. */
  blame: readonly Hunk[]
}

/** The smallest request that still shows the difference. */
export interface SmallestRequest {
  method: string
  target: string
  headers: readonly (readonly [name: string, value: string])[]
  /** Text of the body, where one is left. */
  body?: string
  /** What is said over it, where a message makes the difference. */
  messages?: readonly SmallestMessage[]
  /** What was dropped or shortened, in words: `header accept`, `query page`, `body /items/0`. */
  dropped: readonly string[]
  before: WhatIfOutcome
  after: WhatIfOutcome
}

export interface SmallestMessage extends ChangedMessage {
  /** Its content; as hex digits where it is binary. */
  text: string
}

export interface ShrunkRequest extends SmallestRequest {
  curl: string
}

/** How often recorded traffic exercised the policies of a workspace. */
export interface Coverage {
  /** Exchanges that were looked at, and how many of them any policy stood before. */
  exchanges: number
  judged: number
  /** Every policy of the workspace. */
  policies: PolicyCoverage[]
  /** Policies that this traffic met and that the workspace has no more. */
  gone: { policy: string; reached: number; query: string }[]
}

export interface PolicyCoverage {
  /** Instance id. */
  policy: string
  type: string
  mode: 'enforce' | 'shadow'
  file: string
  line: number
  /** Exchanges in which it ran, and in which an earlier policy had decided before its turn. */
  reached: number
  notReached: number
  /** Finds those in which it ran. */
  query: string
  /** What it can answer, in order: seen or not. */
  branches: BranchCoverage[]
}

export interface BranchCoverage {
  /** `pass`, `modify`, `respond`, `deny:CODE`, `would-deny:CODE`, `skipped`, `undecidable`, `error`. */
  outcome: string
  exchanges: number
  /** Finds exactly these. */
  query: string
}

/** What limiters, quotas and sessions held at a moment. */
export interface PastState {
  time: number
  entries: readonly PastEntry[]
  /** Instance ids whose beginning was not recorded: they count from the first exchange on. */
  warming: readonly string[]
}

export interface PastEntry {
  policy: string
  type: string
  /** What it counts by, as the policy names it; tags stand for secrets. */
  key: string
  /** Used and allowed in the window, where there are numbers. */
  used?: number
  limit?: number
  /** What else it holds, in words. */
  holds: string
  expiresAt: number
  file?: string
  line?: number
}

/** A message as it stands at one place of its way. */
export interface MessageThere {
  head: string
  headers: readonly (readonly [name: string, value: string])[]
  body?: string
}

export interface ExchangeThere {
  request: MessageThere
  response?: MessageThere
  /** The message of a WebSocket or an event stream that is judged. */
  message?: ChangedMessage & { body?: string }
  clientAddress: string
  consumer?: { name: string; groups: readonly string[] }
  claims?: Readonly<Record<string, unknown>>
  now: number
}

/** An exchange step by step: `before[n]` is how it stands before `trace[n]`, the last one how it ended. */
export interface SteppedThrough {
  trace: readonly TraceEntry[]
  before: readonly ExchangeThere[]
  outcome: WhatIfOutcome
}

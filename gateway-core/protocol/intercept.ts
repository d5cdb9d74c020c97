import type { MessageSide } from '../exchange.ts'
import { call, callWith, event } from './declare.ts'
import { integer, text } from './parameters.ts'
import type { Problem } from './types.ts'

const flag = { type: 'boolean' } as const
const place = { enum: ['request', 'response', 'both', 'messages'] } as const
const side = { enum: ['request', 'response'] } as const
const seconds = { type: 'integer', minimum: 1, maximum: 3600 } as const
const ids = { type: 'array', items: integer, maxItems: 100_000 } as const
/** Flat: name, value, name, value. */
const headers = { type: 'array', items: text, maxItems: 10_000 } as const
const body = {
  type: 'object',
  additionalProperties: false,
  required: ['base64', 'coded'],
  properties: {
    base64: text,
    /** These are the bytes of the wire; else the content, which gets the coding that the headers name. */
    coded: flag,
  },
} as const
const requestEdit = {
  type: 'object',
  additionalProperties: false,
  required: ['method', 'target', 'headers'],
  properties: { method: text, target: text, headers, body },
} as const
const responseEdit = {
  type: 'object',
  additionalProperties: false,
  required: ['status', 'reason', 'headers'],
  properties: { status: { type: 'integer', minimum: 100, maximum: 999 }, reason: text, headers, body },
} as const

/** Longest content of a body that screens show and edit, in bytes. */
export const editableBytes = 2 * 1024 * 1024
/** Longest body that may be put in the place of one, in bytes. */
export const replacedBytes = 10 * 1024 * 1024

/** Held messages, what holds them, and rules. */
export const interceptCalls = {
  'intercept.state': call<InterceptState>(),
  /** Held messages in the order in which they came. */
  'intercept.rows': callWith({
    from: integer,
    count: { type: 'integer', minimum: 1, maximum: 1000 },
  }).returns<HeldRow[]>(),
  /** Whether a message is still held. */
  'intercept.isHeld': callWith({ id: integer }).returns<boolean>(),
  /** Secrets are markers, which stand for their values when they come back, unless `secrets` asks for them in clear. */
  'intercept.message': callWith({ id: integer, secrets: flag }, ['secrets']).returns<HeldMessage>(),
  /** Lets messages go on; one of them may be edited. Tells how many were still there. */
  'intercept.resume': callWith({ ids, request: requestEdit, response: responseEdit, message: body }, [
    'request',
    'response',
    'message',
  ]).returns<{ ended: number }>(),
  /** WebSockets and event streams that are open now. */
  'intercept.connections': call<Connection[]>(),
  /**
   * Sends a message into an open WebSocket as if that side had sent it, or an event (of this name) into an event stream.
   */
  'intercept.inject': callWith(
    { exchange: text, side, kind: { enum: ['text', 'binary', 'event'] }, base64: text, name: text },
    ['name'],
  ).returns<null>(),
  /** Answers a held request, or replaces a held response. */
  'intercept.respond': callWith({ id: integer, response: responseEdit }).returns<{ ended: number }>(),
  'intercept.drop': callWith({ ids }).returns<{ ended: number }>(),
  'intercept.resumeAll': call<{ ended: number }>(),
  'intercept.dropAll': call<{ ended: number }>(),
  /** Makes a replay of a held request, as it stands in the editor; it stays held. */
  'intercept.toReplay': callWith({ id: integer, request: requestEdit }).returns<{ id: string }>(),
  /** Gives a message its time limit once more. */
  'intercept.extend': callWith({ id: integer }).returns<null>(),
  'intercept.addBreakpoint': callWith({ query: text, on: place, once: flag, seconds }).returns<InterceptState>(),
  'intercept.changeBreakpoint': callWith({ id: integer, query: text, on: place, once: flag, enabled: flag, seconds }, [
    'query',
    'on',
    'once',
    'enabled',
    'seconds',
  ]).returns<InterceptState>(),
  'intercept.removeBreakpoint': callWith({ id: integer }).returns<InterceptState>(),
  /** The YAML of one rule as it stands in its file. */
  'intercept.ruleText': callWith({ name: text }).returns<RuleText>(),
  /** A new rule of a kind, as YAML to begin with. */
  'intercept.ruleTemplate': callWith({ kind: { enum: ['rewrite', 'mock', 'delay', 'fault'] } }).returns<{
    text: string
  }>(),
  /** What a rule would do, or what is wrong with it; lines count within the text. */
  'intercept.ruleCheck': callWith({ text, name: text }, ['name']).returns<RuleCheck>(),
  /** The YAML of a rule with other values, as a form has them; what stays the same keeps its comments. */
  'intercept.ruleFill': callWith({ text, value: { type: 'object' } }).returns<{ text: string }>(),
  /** Writes a rule in the place of the one of that name, or after the others. Only its own lines change. */
  'intercept.ruleSave': callWith({ text, name: text }, ['name']).returns<null>(),
  'intercept.ruleEnable': callWith({ name: text, enabled: flag }).returns<null>(),
  /** Lets a rule run one place earlier or later; past the end of its file it moves to the next one that has rules. */
  'intercept.ruleMove': callWith({ name: text, step: { enum: [-1, 1] } }).returns<null>(),
  /** Moves a rule behind those of another file of rules, which is made where it is missing. */
  'intercept.ruleMoveTo': callWith({ name: text, file: text }).returns<null>(),
  /** Puts a copy behind a rule; gives its name. */
  'intercept.ruleDuplicate': callWith({ name: text }).returns<{ name: string }>(),
  'intercept.ruleRemove': callWith({ name: text }).returns<null>(),
} as const

/** What the core tells about it by itself. */
export const interceptEvents = {
  'intercept.changed': event<InterceptState>('latest'),
} as const

export interface InterceptState {
  breakpoints: BreakpointRow[]
  rules: RuleRow[]
  held: number
  /** WebSockets and event streams that are open. */
  connections: number
  /** Messages that were looked at and passed, since breakpoints or rules last changed. */
  passed: number
  /** When this core opened the workspace: another number is another core, which holds nothing of the one before. */
  since: number
  /** The core's clock, in ms since the epoch: what the times of rows count by. */
  now: number
}

export interface BreakpointRow {
  id: number
  /** Empty: everything. */
  query: string
  on: MessageSide | 'both' | 'messages'
  enabled: boolean
  once: boolean
  seconds: number
  hits: number
  /** What it let pass because no screen was open. */
  unseen: number
  /** Fields that it asks for and that are not known yet on that side: they do not match. */
  unknown: Partial<Record<MessageSide, string[]>>
}

export interface RuleRow {
  name: string
  /** In plain words. */
  explain: string
  match: string
  enabled: boolean
  hits: number
  file: string
  line: number
}

export interface HeldRow {
  id: number
  /** Id of its exchange. */
  exchange: string
  side: MessageSide
  /** Milliseconds since the epoch. */
  since: number
  until: number
  method: string
  host: string
  url: string
  status?: number
  /** Query of the breakpoint that holds it. */
  why: string
  /** One message of a WebSocket, or a server-sent event: it has a body only. */
  message?: 'text' | 'binary' | 'event'
}

/** An open WebSocket, or an event stream: into that only events of the upstream's side go. */
export interface Connection {
  kind: 'websocket' | 'events'
  /** Id of its exchange. */
  exchange: string
  url: string
  /** Milliseconds since the epoch. */
  openedAt: number
}

export interface HeldMessage extends HeldRow {
  start: { method: string; target: string } | { status: number; reason: string }
  headers: string[]
  httpVersion: string
  body:
    | { state: 'none' }
    /** Longer than is read: it goes on behind the head. */
    | { state: 'streams' }
    /** Longer than an editor takes: it goes on as it came, or another in its place. Length of its content. */
    | { state: 'long'; bytes: number; coded: boolean; coding: string | null; contentType: string | null }
    /** Binary with secrets in it that cannot be told apart: seen and edited only with `secrets`. */
    | { state: 'hidden'; bytes: number }
    | {
        state: 'whole'
        base64: string
        /** It could not be decoded: these are the bytes of the wire. */
        coded: boolean
        coding: string | null
        contentType: string | null
        /** Secrets in it are markers. */
        masked: boolean
        /** Length on the wire. */
        bytes: number
      }
  /** Some of what is shown are markers. */
  masked: boolean
}

export interface RuleText {
  text: string
  file: string
  line: number
}

export interface RuleCheck {
  /** Absent where there are errors. */
  explain?: string
  /** What the text says, for a form; absent where it cannot be read. */
  value?: Record<string, unknown>
  problems: Problem[]
}

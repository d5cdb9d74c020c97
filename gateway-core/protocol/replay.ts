import type { ConfigOf } from '../config/config-of.ts'
import { callWith, call, event } from './declare.ts'
import { integer, text } from './parameters.ts'
import type { BodyPart } from './types.ts'

const flag = { type: 'boolean' } as const
const texts = { type: 'array', items: text, maxItems: 1000 } as const

const body = {
  oneOf: [
    { type: 'null' },
    {
      type: 'object',
      additionalProperties: false,
      required: ['kind', 'text'],
      properties: { kind: { const: 'text' }, text, coding: { enum: ['gzip', 'br', 'deflate'] } },
    },
    {
      type: 'object',
      additionalProperties: false,
      required: ['kind', 'base64'],
      properties: { kind: { const: 'bytes' }, base64: text },
    },
    {
      type: 'object',
      additionalProperties: false,
      required: ['kind', 'path'],
      properties: { kind: { const: 'file' }, path: text },
    },
    {
      type: 'object',
      additionalProperties: false,
      required: ['kind', 'exchange', 'length'],
      properties: { kind: { const: 'recorded' }, exchange: text, length: integer, contentType: text },
    },
  ],
} as const

/** A request as it is edited and sent. Everything goes out as it stands here: order, case and duplicates of the fields too. */
export const requestSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['method', 'url', 'version', 'headers', 'body', 'settings'],
  properties: {
    method: text,
    /** A path, for the gateway or the route's upstream; or a whole URL, whose path and Host are sent there. */
    url: text,
    version: { enum: ['1.0', '1.1', '2'] },
    headers: {
      type: 'array',
      maxItems: 5000,
      items: {
        type: 'object',
        additionalProperties: false,
        required: ['name', 'value'],
        properties: { name: text, value: text, off: flag },
      },
    },
    body,
    settings: {
      type: 'object',
      additionalProperties: false,
      required: ['length', 'redirects', 'timeoutMs'],
      properties: {
        /** `follow`: Content-Length is that of the body, added where it is missing. `asWritten`: nothing is added or mended. */
        length: { enum: ['follow', 'asWritten'] },
        /** Most redirects that are followed; 0 follows none. */
        redirects: { type: 'integer', minimum: 0, maximum: 20 },
        timeoutMs: { type: 'integer', minimum: 1, maximum: 3_600_000 },
        /** A certificate that cannot be verified is shown and not refused. */
        insecure: flag,
        /** Nothing in it is a variable or a reference: it came from traffic. */
        literal: flag,
        /** Pointers and header names that a comparison leaves out. */
        ignore: texts,
        ignoreHeaders: texts,
      },
    },
  },
} as const

const targetSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['via'],
  properties: {
    /** `url`: to the host that the URL names, past the gateway and its routes. */
    via: { enum: ['gateway', 'upstream', 'url'] },
    /** Another environment than the active one. */
    environment: text,
  },
} as const

export type ReplayRequest = ConfigOf<typeof requestSchema>
export type ReplayField = ReplayRequest['headers'][number]
export type ReplayBody = ReplayRequest['body']
export type ReplayTarget = ConfigOf<typeof targetSchema>

/** Requests that are edited, sent, compared, put in sequence and raced. `id` names one, see {@link ReplayItem}. */
export const replayCalls = {
  'replay.list': call<ReplayList>(),
  /** Takes a recorded request, or a given one, as a new entry of the history. */
  'replay.create': callWith({ exchange: text, request: requestSchema, name: text }, [
    'exchange',
    'request',
    'name',
  ]).returns<ReplayEntry>(),
  'replay.get': callWith({ id: text }).returns<ReplayEntry>(),
  'replay.save': callWith({ id: text, request: requestSchema, name: text }, ['name']).returns<ReplayEntry>(),
  'replay.remove': callWith({ id: text }).returns<ReplayList>(),
  /** Puts a request into a `.http` file of the workspace; only its own section of the file changes. */
  'replay.keep': callWith({ id: text, file: text, name: text }).returns<ReplayEntry>(),
  /** Sends to each of the targets at once. Cancelling the call ends what is under way. */
  'replay.send': callWith({
    id: text,
    request: requestSchema,
    targets: { type: 'array', minItems: 1, maxItems: 4, items: targetSchema },
  }).returns<ReplayRun>(),
  'replay.run': callWith({ id: text, run: text }).returns<ReplayRun>(),
  'replay.body': callWith({
    id: text,
    run: text,
    answer: integer,
    from: integer,
    length: { type: 'integer', minimum: 1, maximum: 1_048_576 },
  }).returns<BodyPart>(),
  'replay.compare': callWith({
    id: text,
    left: { type: 'array', minItems: 2, maxItems: 2, items: text },
    right: { type: 'array', minItems: 2, maxItems: 2, items: text },
    ignore: texts,
    ignoreHeaders: texts,
  }).returns<Comparison>(),
  /** Sends copies so that they arrive as close together as the protocol allows. */
  'replay.race': callWith(
    {
      ids: { type: 'array', minItems: 1, maxItems: 50, items: text },
      copies: { type: 'integer', minimum: 1, maximum: 200 },
      version: { enum: ['1.1', '2'] },
      target: targetSchema,
      /** Hold back requests as a whole, not only their last bytes. */
      whole: flag,
    },
    ['version', 'whole'],
  ).returns<RaceReport>(),
  /** Reads requests from a text: what it is, is found out. Nothing is kept unless `into` says where. */
  'replay.import': callWith({ text, name: text, into: text }, ['into']).returns<Imported>(),
  'replay.copyAs': callWith({
    request: requestSchema,
    as: { enum: ['curl', 'httpie', 'fetch', 'http'] },
  }).returns<{ text: string }>(),
  'replay.operations': call<{ api: string; operation: string; method: string; path: string }[]>(),
  'replay.operation': callWith({ api: text, method: text, path: text }).returns<ReplayEntry>(),
  'replay.sequence': callWith({ file: text }).returns<SequenceOutline>(),
  'replay.runSequence': callWith({ file: text, job: text, environment: text }, [
    'environment',
  ]).returns<SequenceReport>(),
  /** Sends recorded exchanges again and compares the decisions. */
  'replay.runCapture': callWith(
    {
      query: text,
      job: text,
      pace: text,
      target: targetSchema,
      concurrency: { type: 'integer', minimum: 1, maximum: 256 },
      unsafe: flag,
    },
    ['unsafe'],
  ).returns<CaptureReport>(),
} as const

export const replayEvents = {
  /** Another entry, or another state of one: lists are asked for again. */
  'replay.changed': event<{ id?: string }>('latest'),
  'replay.progress': event<ReplayProgress>('every'),
} as const

/** How far a job is, and what it found since it last told. */
export interface ReplayProgress {
  job: string
  done: number
  total: number
  step?: StepReport
  changes?: DecisionChange[]
}

/** A request in the list: `id` is that of an entry of the history, or `requests/books.http#name` for one in a file. */
export interface ReplayItem {
  id: string
  name: string
  method: string
  url: string
  /** Milliseconds since the epoch; absent for those in files. */
  changedAt?: number
  /** Status of the last answer. */
  status?: number
}

export interface ReplayList {
  history: ReplayItem[]
  files: { path: string; items: ReplayItem[]; problem?: ImportProblem }[]
  sequences: { path: string; name: string; steps: number; problem?: ImportProblem }[]
  /** Environments of the workspace, for targets. */
  environments: string[]
}

export interface ReplayEntry extends ReplayItem {
  request: ReplayRequest
  /** Newest first. */
  runs: RunSummary[]
  /** The exchange that it was taken from. */
  from?: string
}

export interface RunSummary {
  id: string
  /** Milliseconds since the epoch. */
  at: number
  answers: { label: string; status: number; micros: number; problem?: string; code?: string }[]
}

export interface ReplayRun {
  id: string
  at: number
  /** As it was sent, secrets as markers or references. */
  request: ReplayRequest
  answers: ReplayAnswer[]
  comparison?: Comparison
}

/** What one target answered. */
export interface ReplayAnswer {
  target: ReplayTarget
  /** `gateway`, `upstream · staging`. */
  label: string
  /** Where the connection went. */
  address: string
  /** The recorded exchange, where it went through a gateway that records. */
  exchange?: string
  decided?: { verdict: string; policy?: string; code?: string }
  response?: {
    status: number
    reason: string
    version: string
    headers: [name: string, value: string][]
    trailers?: [name: string, value: string][]
    body: { length: number; kept: number; contentType: string | null; coding: string | null; problem?: string }
  }
  /** Microseconds from the start; what did not happen is absent. */
  timings: { connected?: number; secured?: number; sent?: number; firstByte?: number; total: number }
  tls?: { protocol: string; cipher: string; subject: string; issuer: string; validTo: string; problem?: string }
  redirects?: { status: number; location: string }[]
  /** Why there is no (whole) response. */
  problem?: { what: string; todo?: string }
}

/** How two answers differ. */
export interface Comparison {
  same: boolean
  status?: [number, number]
  headers: { name: string; left: string | null; right: string | null }[]
  body: BodyComparison
  decided?: [string, string]
  /** Total time of both in microseconds. */
  micros: [number, number]
  ignored: number
}

export type BodyComparison =
  | { kind: 'same' }
  | { kind: 'json'; changes: JsonChange[]; more: number }
  | { kind: 'text'; changes: { line: [number, number]; left: string[]; right: string[] }[]; more: number }
  | { kind: 'bytes'; at: number; lengths: [number, number] }

export interface JsonChange {
  /** RFC 6901 pointer in the left document, or in the right one where it was added. */
  pointer: string
  kind: 'added' | 'removed' | 'changed' | 'moved'
  left?: string
  right?: string
}

/** What came of sending copies at once. Times are in microseconds. */
export interface RaceReport {
  technique: 'single-packet' | 'last-byte'
  address: string
  copies: number
  /** Between the first and the last of the final writes. */
  sentSpread: number
  /** Between the first and the last response head. */
  answeredSpread: number
  /** Between the first and the last exchange as the gateway recorded them; absent where it did not. */
  recordedSpread?: number
  groups: RaceGroup[]
  problems: { copy: number; what: string }[]
}

/** Copies that were answered alike. */
export interface RaceGroup {
  status: number
  copies: number[]
  length: number
  /** The beginning of the body, as text. */
  sample: string
  decided?: string
  exchange?: string
}

export interface ImportProblem {
  what: string
  line?: number
  todo?: string
}

export interface Imported {
  kind: 'curl' | 'http' | 'har' | 'postman' | 'openapi'
  items: ReplayItem[]
  problems: ImportProblem[]
  /** The file that was written. */
  file?: string
}

/** A sequence before it runs. */
export interface SequenceOutline {
  path: string
  name: string
  steps: { name: string; method: string; url: string; line: number; assertions: number; captures: string[] }[]
  rows: number
  problems: ImportProblem[]
}

export interface StepReport {
  /** Row of the table from 0, and step in the sequence from 0. */
  row: number
  step: number
  name: string
  line: number
  state: 'passed' | 'failed' | 'skipped' | 'error'
  method: string
  url: string
  status: number
  micros: number
  exchange?: string
  decided?: { verdict: string; policy?: string; code?: string }
  assertions: { line: number; says: string; passed: boolean; found?: string }[]
  /** Values that it captured; credentials are shown as `…`. */
  captured: { name: string; value: string }[]
  problem?: string
}

export interface SequenceReport {
  name: string
  path: string
  rows: number
  passed: number
  failed: number
  skipped: number
  milliseconds: number
  steps: StepReport[]
}

export type DecisionRelation = 'same' | 'newlyDenied' | 'newlyAllowed' | 'otherPolicy' | 'otherStatus' | 'failed'

export interface DecisionChange {
  /** The recorded exchange, and the new one. */
  id: string
  now?: string
  method: string
  url: string
  relation: DecisionRelation
  before: { verdict: string; status: number; policy?: string; code?: string }
  after: { verdict: string; status: number; policy?: string; code?: string; problem?: string }
}

export interface CaptureReport {
  exchanges: number
  sent: number
  same: number
  newlyDenied: number
  newlyAllowed: number
  otherPolicy: number
  otherStatus: number
  failed: number
  /** Why exchanges were left out: unsafe methods, secrets or bodies that are not kept, WebSockets. */
  leftOut: { reason: string; exchanges: number }[]
  milliseconds: number
  changes: DecisionChange[]
  /** Changes beyond those listed. */
  more: number
}

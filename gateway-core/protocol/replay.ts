import { callWith, call, event } from './declare.ts'
import { integer, text } from './parameters.ts'
import type {
  CaptureReport,
  DecisionChange,
  ImportProblem,
  RaceReport,
  SequenceOutline,
  SequenceReport,
  StepReport,
} from './replay-reports.ts'
import { flag, type ReplayRequest, type ReplayTarget, requestSchema, targetSchema, texts } from './replay-request.ts'
import type { BodyPart } from './types.ts'

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
  /** Adds a request that stands in a file to a sequence (`first` or `sequences/first.yaml`), as its last step. */
  'replay.addStep': callWith({ id: text, file: text }).returns<{ file: string; steps: number }>(),
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

export interface Imported {
  kind: 'curl' | 'http' | 'har' | 'postman' | 'openapi'
  items: ReplayItem[]
  problems: ImportProblem[]
  /** The file that was written. */
  file?: string
}

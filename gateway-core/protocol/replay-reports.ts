/** Something of a file that was not taken as it stands, and where. */
export interface ImportProblem {
  what: string
  line?: number
  todo?: string
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
  /** Where copies of it were sent at once. */
  race?: RaceReport
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

/** What a compared decision is called, on screens and in reports. */
export const relationWords: Readonly<Record<DecisionRelation, string>> = {
  same: 'same',
  newlyDenied: 'newly denied',
  newlyAllowed: 'newly allowed',
  otherPolicy: 'other policy',
  otherStatus: 'other status',
  failed: 'not sent',
}

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

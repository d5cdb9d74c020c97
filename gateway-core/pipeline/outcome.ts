import type { DenialCode } from '../errors.ts'
import type { Claims, Consumer, Evidence, Place } from '../exchange.ts'
import type { Phase } from './phases.ts'

/** What one step of one policy answered. A denial is a value; a throw is a bug. */
export type Outcome =
  | { verdict: 'pass'; evidence?: readonly Evidence[]; learned?: Learned; changes?: undefined }
  | { verdict: 'modify'; changes: readonly Change[]; evidence?: readonly Evidence[]; learned?: Learned }
  | {
      verdict: 'deny'
      code: DenialCode
      evidence: readonly Evidence[]
      headers?: readonly HeaderField[]
      detail?: string
    }
  | { verdict: 'respond'; response: GatewayResponse; evidence?: readonly Evidence[] }

/** What a step found out for the steps after it. */
export interface Learned {
  consumer?: Consumer
  claims?: Claims
  clientAddress?: string
  /**
   * Handed to the later phases of the same instance in this exchange, as `judge.carried`: what a limiter answered, for its
   * response headers. It stands in the trace, so that judging again takes it from there like anything learned.
   */
  carried?: Carried
  /** Places that hold something to mask, as this step found them: the recorder seals them before anything is written. */
  sealed?: readonly Place[]
}

/** Named plain values, so that they can be recorded. */
export type Carried = Readonly<Record<string, string | number | boolean>>

export type HeaderField = readonly [name: string, value: string]

/** A response that the gateway makes itself. */
export interface GatewayResponse {
  status: number
  headers: readonly HeaderField[]
  body?: string | Uint8Array
}

/** One change to the message of the phase: the request in request phases, the response in response phases. */
export type Change =
  | { kind: 'set-header'; name: string; value: string }
  | { kind: 'add-header'; name: string; value: string }
  | { kind: 'remove-header'; name: string }
  | { kind: 'set-path'; path: string }
  | { kind: 'set-query'; query: string }
  | { kind: 'set-body'; bytes: Uint8Array; contentType?: string }
  | { kind: 'set-status'; status: number }

export const pass: Outcome = Object.freeze({ verdict: 'pass' })

/** A denial with its code (see `denials` in `errors.ts`) and the evidence that a person needs to understand it. */
export function deny(code: DenialCode, evidence: readonly Evidence[], headers?: readonly HeaderField[]): Outcome {
  return headers ? { verdict: 'deny', code, evidence, headers } : { verdict: 'deny', code, evidence }
}

/** Changes to the message of this phase. */
export function modify(changes: readonly Change[], evidence?: readonly Evidence[]): Outcome {
  return evidence ? { verdict: 'modify', changes, evidence } : { verdict: 'modify', changes }
}

/** Verdicts as the trace shows them: those of steps, and those that the runner gives. */
export type TraceVerdict = 'pass' | 'modify' | 'deny' | 'would-deny' | 'respond' | 'skipped' | 'undecidable' | 'error'

/** 1-based position in a workspace file; `file` is relative to the workspace folder. */
export interface Position {
  file: string
  line: number
  column: number
}

/** One line of the decision trace. `micros` is the time spent, `at` when it began, both in µs, `at` from the exchange's start. */
export interface TraceEntry {
  /** Instance id: scope path and name, for example `api:books/route:/books/{id}/rbac`. */
  policy: string
  type: string
  phase: Phase
  verdict: TraceVerdict
  mode: 'enforce' | 'shadow'
  code?: DenialCode
  evidence?: readonly Evidence[]
  changes?: readonly Change[]
  learned?: Learned
  /** Why it was skipped, what was thrown, or the name of the missing fact. */
  reason?: string
  /** Which branch of an `any-of` this step belonged to, for example `any-of[0]`. */
  branch?: string
  at: number
  micros: number
  /** Milliseconds since the epoch that the step was given, and its place in the global order of steps. */
  now: number
  sequence: number
  position: Position
}

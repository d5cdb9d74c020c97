import type { HeaderField, TraceEntry } from '../pipeline/outcome.ts'
import type { WhatIfOutcome } from './what-if.ts'

/** A value changed by hand before a step runs. */
export interface ChangedValue {
  /** Place of the step in `steps`, 0-based, before which the value is changed. */
  step: number
  of: 'request' | 'response'
  /** `value` null removes a header. */
  change:
    | { kind: 'header'; name: string; value: string | null }
    | { kind: 'path' | 'query' | 'body'; value: string }
    | { kind: 'status'; value: number }
    | { kind: 'now'; value: number }
    | { kind: 'consumer'; name: string | null; groups: readonly string[] }
}

/** A message as it stands before or after a step. */
export interface MessageThere {
  head: string
  headers: readonly HeaderField[]
  body?: string
}

/** Everything about an exchange at one place of its way. */
export interface ExchangeThere {
  request: MessageThere
  response?: MessageThere
  clientAddress: string
  consumer?: { name: string; groups: readonly string[] }
  claims?: Readonly<Record<string, unknown>>
  now: number
}

/** An exchange step by step; `before[n]` is how it stands before `trace[n]`, the last one how it ended. */
export interface SteppedThrough {
  trace: readonly TraceEntry[]
  before: readonly ExchangeThere[]
  outcome: WhatIfOutcome
}

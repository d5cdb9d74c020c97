import { call, callWith, event } from './declare.ts'
import { text } from './parameters.ts'
import type { ExchangeDetail, Problem } from './types.ts'
import type { Coverage } from './what-if.ts'

/** What a test came to; `unknown` before it ran. */
export type TestState = 'unknown' | 'passed' | 'failed' | 'undecidable'

export interface TestPlace {
  file: string
  line: number
  column: number
}

/** One policy test with what came of it. */
export interface TestRow {
  id: string
  name: string
  line: number
  state: TestState
  milliseconds: number
  failures: { name: string; place: TestPlace; expected: string; got: string }[]
  /** The fact that an undecidable test lacks, and what to write. */
  missing?: { fact: string; policy: string; todo: string }
  /** The request that failed, else the last. */
  outcome?: {
    request: string
    which?: string
    verdict: string
    status: number
    code?: string
    decidedBy?: string
    /** Line of the policy that decided. */
    decidedAt?: TestPlace
  }
}

export interface TestFileState {
  path: string
  /** With errors it has no tests. */
  problems: Problem[]
  tests: TestRow[]
}

/** All policy tests of the workspace. */
export interface TestsState {
  files: TestFileState[]
  /** How far a run is; null when none is running. */
  running: { done: number; total: number } | null
  /** Why nothing can be run: the workspace does not load. */
  broken?: Problem
}

/** A policy test that was made of a recorded exchange, in its file. */
export interface MadeTest {
  path: string
  line: number
  name: string
  /** Why it does not pass as it is. */
  note?: string
}

/** Policy tests: what there is, run, made of recorded exchanges. */
export const testsCalls = {
  'tests.state': call<TestsState>(),
  /** Runs the tests of these ids or files, or all. Resolves when they have run; `tests.changed` tells how far it is. */
  'tests.run': callWith({ only: { type: 'array', items: text } }, ['only']).returns<TestsState>(),
  'tests.cancel': call<null>(),
  /** What the shown request of a test met, as an exchange; null before it ran. */
  'tests.trace': callWith({ id: text }).returns<ExchangeDetail | null>(),
  /** What the tests that have run exercised; null where the workspace does not load. */
  'tests.coverage': call<Coverage | null>(),
  /** Writes a test of a recorded exchange into the file of its API. */
  'tests.make': callWith({ exchange: text }).returns<MadeTest>(),
  /** A test of a recorded exchange as YAML. */
  'tests.text': callWith({ exchange: text }).returns<{ text: string; note?: string }>(),
} as const

/** What the core tells about them by itself. */
export const testsEvents = {
  'tests.changed': event<TestsState>('latest'),
} as const

import { callWith } from './declare.ts'
import { text } from './parameters.ts'

/** The past judged again, and what it exercised. */
export const whatIfCalls = {
  /** How often recorded exchanges that match exercised each policy in force. */
  'whatIf.coverage': callWith({ query: text }).returns<Coverage>(),
} as const

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

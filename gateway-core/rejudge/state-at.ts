/** One key of one instance at a moment. */
export interface StateEntryAt {
  /** Instance id and state id of the policy that keeps it. */
  policy: string
  stateId: string
  type: string
  key: string
  /** What it holds: a limiter's level, a counter, a remembered text. */
  holds:
    | { kind: 'limiter'; algorithm: string; used: number; before: number; since: number }
    | { kind: 'count'; count: number }
    | { kind: 'value'; value: string }
    | { kind: 'seen' }
  /** Milliseconds since the epoch. */
  expiresAt: number
}

/** What every limiter, quota and session held at a moment of the recorded time. */
export interface StateAt {
  /** Milliseconds since the epoch. */
  time: number
  entries: readonly StateEntryAt[]
  /** State ids whose beginning is not recorded: they count from the first exchange on. */
  warming: readonly string[]
}

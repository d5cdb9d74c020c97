import type { Position, TraceVerdict } from '../pipeline/outcome.ts'
import type { FactAnswer } from '../pipeline/facts.ts'
import type { Jwk } from '../config/public-keys.ts'

/** A file of policy tests as read: sound, its positions kept. */
export interface TestFile {
  /** Relative to the workspace folder. */
  readonly path: string
  readonly environment: { readonly name: string; readonly position: Position } | undefined
  readonly tests: readonly PolicyTest[]
}

export interface PolicyTest {
  /** `tests/catalogue.yaml › a reader may read`: unique in the workspace. */
  readonly id: string
  readonly name: string
  readonly position: Position
  readonly given: Given
  readonly steps: readonly TestStep[]
}

/** What the world is like in a test. */
export interface Given {
  /** Milliseconds since the epoch. */
  readonly time: number
  readonly peer: string
  readonly tokens: ReadonlyMap<string, TokenSpec>
  /** By issuer or address. */
  readonly keySets: ReadonlyMap<string, { unavailable: string } | { keys: readonly (string | Jwk)[] }>
  /** By fact key. */
  readonly facts: ReadonlyMap<string, FactAnswer<unknown>>
}

/** A token that the test makes. Times are ms from the beginning of the test, or seconds since 1970 as in the claim. */
export interface TokenSpec {
  readonly alg: string
  readonly signature: 'valid' | 'invalid' | 'none'
  readonly header: Readonly<Record<string, unknown>>
  readonly claims: Readonly<Record<string, unknown>>
}

/** One request of a test, sent `repeat` times. Times in milliseconds. */
export interface TestStep {
  readonly after: number
  readonly repeat: number
  readonly every: number
  readonly request: TestRequest
  readonly response: TestResponse | undefined
  readonly expectations: readonly Expectation[]
  readonly position: Position
}

/** Texts may still hold `${token:…}`, `${secret:…}` and `${consumer:…}`. */
export interface TestRequest {
  readonly method: string
  readonly url: string
  readonly headers: readonly (readonly [name: string, value: string])[]
  /** Name of a given token, or one of its own. */
  readonly token: string | TokenSpec | undefined
  readonly body: string | undefined
}

export interface TestResponse {
  readonly status: number
  readonly headers: readonly (readonly [name: string, value: string])[]
  readonly body: string | undefined
}

/** How a text has to be. */
export type TextRule =
  | { rule: 'equals'; text: string }
  | { rule: 'contains'; text: string }
  | { rule: 'excludes'; text: string }
  | { rule: 'matches'; text: string }
  | { rule: 'there' }
  | { rule: 'absent' }
  | { rule: 'json'; pointer: string; value: unknown }

/** One thing that a test expects; `name` says which, as people write it: `status`, `header Server`. */
export type Expectation = { readonly name: string; readonly position: Position } & (
  | { kind: 'verdict' | 'decidedBy' | 'code' | 'route'; wanted: string }
  | { kind: 'status'; wanted: number }
  | { kind: 'consumer'; wanted: string | null }
  | { kind: 'forwarded'; part: 'method' | 'path' | 'query'; wanted: string }
  | { kind: 'header'; of: 'response' | 'forwarded'; header: string; wanted: TextRule }
  | { kind: 'body'; of: 'response' | 'forwarded'; wanted: TextRule }
  | { kind: 'trace'; policy: string; verdict: TraceVerdict | undefined; code: string | undefined }
)

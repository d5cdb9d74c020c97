import type { ConfigOf, Schema } from '../config/config-of.ts'
import type { DiagnosticCode } from '../errors.ts'
import type { Claims, Consumer, Exchange, Place } from '../exchange.ts'
import type { Facts, Maybe } from './facts.ts'
import type { Carried, Outcome } from './outcome.ts'
import type { Phase } from './phases.ts'
import type { State } from './state.ts'

/** Everything impure that a step may touch, and nothing else. */
export interface Judge {
  /** Milliseconds since the epoch, one value for the whole step. */
  readonly now: number
  readonly facts: Facts
  readonly state: State
  readonly consumer: Consumer | undefined
  readonly claims: Claims | undefined
  /** What an earlier phase of this instance handed on (`learned.carried`) in this exchange. */
  readonly carried: Carried | undefined
}

/** One phase of a policy. It answers at once, or with a promise where it waits for a fact. */
export type Step<P> = (prepared: P, exchange: Exchange, judge: Judge) => Maybe<Outcome>

/** A consumer as the workspace names it, its keys already turned into tags. */
export interface ConsumerEntry extends Consumer {
  readonly keyTags: readonly string[]
  /** Names a token may carry for this consumer: `sub`, `client_id` or `azp` values. */
  readonly subjects: readonly string[]
}

/** What `prepare` may use besides its own configuration. Pure: the loader read everything before. */
export interface Setup {
  readonly consumers: readonly ConsumerEntry[]
  /** OpenAPI 3.1 document of the scope's api, upgraded from what was written; references stay, see `openapi/document.ts`. */
  readonly openapi: Readonly<Record<string, unknown>> | undefined
  /** HMAC tag of a secret under the workspace key, as `facts.tag` gives it for a presented one. */
  tag(secret: string): string
  /** A problem in this configuration. `pointer` is an RFC 6901 pointer from the policy's configuration (`''` is the policy itself). */
  problem(pointer: string, code: DiagnosticCode, message: string, suggestion?: string): void
}

/** How many bytes (decoded) of which body the policy wants held before its body phases run. */
export interface BodyNeeds {
  request?: number
  response?: number
}

/** A consumer or a group that is named by a configuration. */
export interface Mention {
  readonly kind: 'consumer' | 'group'
  readonly name: string
  readonly pointer: string
  /** Whether it is named by a key or by a value. */
  readonly part: 'key' | 'value'
}

export interface PolicyDocs {
  /** One sentence: what the policy decides. */
  summary: string
  /** OWASP API Security Top 10 rows, for example `API2:2023`. */
  owasp: readonly string[]
  /** A YAML list item as it stands under `policies:`; a test runs it. */
  example: string
}

/** What every policy has besides its schema and steps. See CONTRIBUTING.md, "Add a policy". */
interface PolicyParts<C, P> {
  readonly type: string
  readonly docs: PolicyDocs
  /** Runs once per configuration: compile, index, parse. Reports problems through `setup.problem` and must not throw. */
  prepare(config: C, setup: Setup): P
  readonly phases: Partial<Readonly<Record<Phase, Step<P>>>>
  /** Phases in which it applies state operations; in every other `judge.state` throws. Judging again counts by it. */
  readonly countsIn?: readonly Phase[]
  /** Body bytes to hold; absent when the policy has no body phase. */
  body?(prepared: P): BodyNeeds
  /** Places whose values are credentials under this configuration: sealed in captures. */
  sealed?(config: C): readonly Place[]
  /**
   * Request headers by which this policy tells the upstream something: what a client sends under these names is removed
   * before anything is judged, also where another branch passes or a condition keeps the policy from running.
   */
  ownHeaders?(prepared: P): readonly string[]
  /**
   * What an identity policy says of callers under this configuration: whose names and groups it gives them. `workspace`: those
   * of `consumers:` alone; `anybody`: whatever a credential carries.
   */
  identifies?(prepared: P): { readonly consumers: 'workspace' | 'anybody'; readonly groups: 'workspace' | 'anybody' }
  /** What it judges by that other policies may have to find out first: the client's address, or who calls. */
  judgesBy?(prepared: P): readonly ('address' | 'caller')[]
  /** Consumers and groups that this configuration names, with the pointer to each from the configuration. */
  mentions?(config: C): readonly Mention[]
  /** Counters of this policy survive a restart. */
  readonly durable?: boolean
}

/** A policy of any configuration: what registries, loader and runner handle. */
// oxlint-disable-next-line typescript/no-explicit-any -- the pair (configuration, prepared) is private to each policy
export interface AnyPolicy extends PolicyParts<any, any> {
  /** JSON Schema of the configuration. Types, defaults, validation, completion, hover and reference come from it. */
  readonly config: Schema
}

/** Declares a policy type; the schema gives the type of `config`, `prepare` gives the type that the steps receive. */
export function definePolicy<const S extends Schema, P>(
  definition: { readonly config: S } & PolicyParts<ConfigOf<S>, P>,
): AnyPolicy {
  return definition as unknown as AnyPolicy
}

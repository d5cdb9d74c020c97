import type { Place } from '../exchange.ts'
import type { Condition } from './condition.ts'
import type { Position } from './outcome.ts'
import type { Phase } from './phases.ts'
import type { AnyPolicy } from './policy.ts'

/** One policy as it stands in the workspace, prepared. */
export interface PolicyInstance {
  /** Scope path and name, for example `workspace/cors`, `api:books/jwt-auth`, `api:books/route:/books/{id}/rbac`. */
  readonly id: string
  /** Instance id and hash of the canonical configuration without `mode` and documentation keys: what state belongs to. */
  readonly stateId: string
  readonly name: string
  readonly policy: AnyPolicy
  readonly mode: 'enforce' | 'shadow'
  readonly when: Condition | undefined
  readonly prepared: unknown
  readonly position: Position
  /** Documentation keys: owner, rationale, reviewBy, compliance. */
  readonly notes: Readonly<Record<string, string>>
}

/** An entry of `policies:` after loading. `any-of` passes when one branch passes; a branch is a list that must pass whole. */
export type PlanNode =
  | { readonly kind: 'policy'; readonly instance: PolicyInstance }
  | { readonly kind: 'any-of'; readonly branches: readonly (readonly PolicyInstance[])[]; readonly position: Position }

/** The policies of one scope chain, laid out by phase: what the runner walks. */
export interface Plan {
  readonly phases: Readonly<Record<Phase, readonly PlanNode[]>>
  /** Largest body in bytes that a policy asked to hold; 0: stream. */
  readonly requestBodyBytes: number
  readonly responseBodyBytes: number
  /** Credential places of all its policies. */
  readonly sealed: readonly Place[]
  readonly instances: readonly PolicyInstance[]
  /** Names (lower case) of request headers that only policies of this plan may set. */
  readonly ownHeaders: readonly string[]
}

const requestPhases = ['requestHeaders', 'requestBody'] as const
const responsePhases = ['responseHeaders', 'responseBody', 'message', 'log'] as const

/**
 * Lays out policies by phase. `scopes` go from the outermost (workspace) to the innermost (route), each in the order
 * written; request phases keep that order, response phases reverse it, so that the outermost sees the final response.
 */
export function layOut(
  scopes: readonly (readonly PlanNode[])[],
  sealedOf: (instance: PolicyInstance) => readonly Place[],
): Plan {
  const nodes = scopes.flat()
  const instances = nodes.flatMap((node) => (node.kind === 'policy' ? [node.instance] : node.branches.flat()))
  const phases = {} as Record<Phase, readonly PlanNode[]>
  for (const phase of requestPhases) phases[phase] = nodes.filter((node) => runsIn(node, phase))
  const reversed = [...nodes].reverse()
  for (const phase of responsePhases) phases[phase] = reversed.filter((node) => runsIn(node, phase))
  let requestBodyBytes = 0
  let responseBodyBytes = 0
  for (const { policy, prepared } of instances) {
    const needs = policy.body?.(prepared)
    requestBodyBytes = Math.max(requestBodyBytes, needs?.request ?? 0)
    responseBodyBytes = Math.max(responseBodyBytes, needs?.response ?? 0)
  }
  const enforced = instances.filter(({ mode }) => mode === 'enforce')
  const ownHeaders = enforced.flatMap(({ policy, prepared }) => policy.ownHeaders?.(prepared) ?? [])
  return {
    ownHeaders: [...new Set(ownHeaders.map((name) => name.toLowerCase()))],
    phases,
    requestBodyBytes,
    responseBodyBytes,
    sealed: instances.flatMap(sealedOf),
    instances,
  }
}

function runsIn(node: PlanNode, phase: Phase): boolean {
  if (node.kind === 'policy') return node.instance.policy.phases[phase] !== undefined
  return node.branches.some((branch) => branch.some((instance) => instance.policy.phases[phase] !== undefined))
}

/** Whether a step of the instance keeps state in this phase: nowhere else it may touch any. */
export function counts({ policy }: PolicyInstance, phase: Phase): boolean {
  return policy.countsIn?.includes(phase) === true
}

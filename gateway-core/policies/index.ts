import type { AnyPolicy } from '../pipeline/policy.ts'
import { ipRestriction } from './ip-restriction.ts'

/** Every policy type, by name. One line registers a policy. */
export const policies: readonly AnyPolicy[] = [ipRestriction]

/** Looks up a policy type by its name. */
export const policyByType: ReadonlyMap<string, AnyPolicy> = new Map(policies.map((policy) => [policy.type, policy]))

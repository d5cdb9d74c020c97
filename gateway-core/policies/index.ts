import type { AnyPolicy } from '../pipeline/policy.ts'
import { ipRestriction } from './ip-restriction.ts'
import { jwtAuth } from './jwt-auth/jwt-auth.ts'
import { quota } from './quota.ts'
import { rateLimiting } from './rate-limiting.ts'
import { requestValidation } from './request-validation/request-validation.ts'

/** Every policy type, by name. One line registers a policy. */
export const policies: readonly AnyPolicy[] = [ipRestriction, jwtAuth, quota, rateLimiting, requestValidation]

/** Looks up a policy type by its name. */
export const policyByType: ReadonlyMap<string, AnyPolicy> = new Map(policies.map((policy) => [policy.type, policy]))

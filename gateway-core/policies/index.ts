import type { AnyPolicy } from '../pipeline/policy.ts'
import { cors } from './cors/cors.ts'
import { ipRestriction } from './ip-restriction.ts'
import { jwtAuth } from './jwt-auth/jwt-auth.ts'
import { quota } from './quota.ts'
import { rateLimiting } from './rate-limiting.ts'
import { requestSizeLimiting } from './request-size-limiting.ts'
import { requestValidation } from './request-validation/request-validation.ts'
import { securityHeaders } from './security-headers.ts'

/** Every policy type, by name. One line registers a policy. */
export const policies: readonly AnyPolicy[] = [
  cors,
  ipRestriction,
  jwtAuth,
  quota,
  rateLimiting,
  requestSizeLimiting,
  requestValidation,
  securityHeaders,
]

/** Looks up a policy type by its name. */
export const policyByType: ReadonlyMap<string, AnyPolicy> = new Map(policies.map((policy) => [policy.type, policy]))

import type { AnyPolicy } from '../pipeline/policy.ts'
import { acl } from './acl.ts'
import { cors } from './cors/cors.ts'
import { dataMask } from './data-mask/data-mask.ts'
import { injectionProtection } from './injection-protection/injection-protection.ts'
import { ipRestriction } from './ip-restriction.ts'
import { jwtAuth } from './jwt-auth/jwt-auth.ts'
import { keyAuth } from './key-auth.ts'
import { quota } from './quota.ts'
import { rateLimiting } from './rate-limiting.ts'
import { rbac } from './rbac.ts'
import { realIp } from './real-ip.ts'
import { requestSizeLimiting } from './request-size-limiting.ts'
import { requestTransformer } from './request-transformer.ts'
import { requestValidation } from './request-validation/request-validation.ts'
import { responseTransformer } from './response-transformer.ts'
import { securityHeaders } from './security-headers.ts'

/** Every policy type, by name. One line registers a policy. */
export const policies: readonly AnyPolicy[] = [
  acl,
  cors,
  dataMask,
  injectionProtection,
  ipRestriction,
  jwtAuth,
  keyAuth,
  quota,
  rateLimiting,
  rbac,
  realIp,
  requestSizeLimiting,
  requestTransformer,
  requestValidation,
  responseTransformer,
  securityHeaders,
]

/** Looks up a policy type by its name. */
export const policyByType: ReadonlyMap<string, AnyPolicy> = new Map(policies.map((policy) => [policy.type, policy]))

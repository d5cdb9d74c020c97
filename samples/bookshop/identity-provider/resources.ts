import { errors, type Client, type ResourceServerInfo } from 'oidc-provider'
import { apiScopes } from './users.ts'

/** The resource (RFC 8707) that a token is for unless the client names another; its tokens carry `aud: books`. */
export const defaultResource = 'urn:bookshop:books'

/** A second audience, so that "a genuine token, but meant for someone else" can be tried. */
const audiences: Record<string, string> = { [defaultResource]: 'books', 'urn:bookshop:billing': 'billing' }

const machineScopes = ['books:read', 'orders:read']

/** How long an access token lives, in seconds. */
export const accessTokenLifetime = 3600

/** Describes the resource server behind a resource identifier: JWT access tokens (RFC 9068), RS256, signed by key `kid`. */
export function describeResource(resource: string, client: Client, kid: string): ResourceServerInfo {
  const audience = Object.hasOwn(audiences, resource) ? audiences[resource] : undefined
  if (!audience) {
    throw new errors.InvalidTarget(`unknown resource; write one of ${Object.keys(audiences).join(', ')}`)
  }
  return {
    audience,
    scope: (client.clientId === 'nightly-report' ? machineScopes : apiScopes).join(' '),
    accessTokenFormat: 'jwt',
    accessTokenTTL: accessTokenLifetime,
    jwt: { sign: { alg: 'RS256', kid } },
  }
}

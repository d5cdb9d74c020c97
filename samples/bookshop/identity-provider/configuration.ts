import type { Client, Grant, Token, TokenContext } from 'oidc-provider'
import type { KeyRing } from './key-file.ts'
import { accessTokenLifetime, defaultResource, describeResource } from './resources.ts'
import { apiScopes, findUser } from './users.ts'

/** The clients: a phone app for people (code flow with PKCE), a public one for curl, a machine with its own secret. */
const clients = [
  {
    client_id: 'mobile-app',
    application_type: 'native',
    redirect_uris: ['http://127.0.0.1/callback', 'example.bookshop.mobile:/callback'],
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
    token_endpoint_auth_method: 'none',
  },
  {
    client_id: 'bookshop-cli',
    redirect_uris: [],
    grant_types: ['password'],
    response_types: [],
    token_endpoint_auth_method: 'none',
  },
  {
    client_id: 'nightly-report',
    client_secret: 'development-only',
    redirect_uris: [],
    grant_types: ['client_credentials'],
    response_types: [],
    token_endpoint_auth_method: 'client_secret_post',
  },
]

/**
 * The configuration of `oidc-provider`. Every option whose default prints a notice for production is set here:
 * what it would warn about is this sample's purpose.
 */
export function configureProvider(ring: KeyRing, adapter: (model: string) => unknown): Record<string, unknown> {
  const kid = ring.signing[0].kid
  return {
    adapter,
    clients,
    jwks: { keys: ring.signing },
    cookies: { keys: ring.cookies },
    scopes: ['openid', 'offline_access'],
    claims: { openid: ['sub', 'name', 'email', 'roles', 'groups'] },
    clientBasedCORS: (_context: unknown, origin: string) => isLoopback(origin),
    conformIdTokenClaims: false,
    extraTokenClaims: (_context: unknown, token: Token) => claimsOf(token),
    features: {
      devInteractions: { enabled: false },
      rpInitiatedLogout: { enabled: false },
      userinfo: { enabled: false },
      clientCredentials: { enabled: true },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => defaultResource,
        useGrantedResource: () => true,
        getResourceServerInfo: (_context: unknown, resource: string, client: Client) =>
          describeResource(resource, client, kid),
      },
    },
    findAccount: (_context: unknown, name: string) => accountOf(name),
    loadExistingGrant: grantWithoutAsking,
    renderError: (context: TokenContext, problem: unknown) => {
      context.body = problem
    },
    ttl: {
      AccessToken: accessTokenLifetime,
      AuthorizationCode: 60,
      ClientCredentials: accessTokenLifetime,
      Grant: 86_400,
      IdToken: accessTokenLifetime,
      Interaction: 600,
      RefreshToken: 86_400,
      Session: 86_400,
    },
  }
}

function claimsOf(token: Token): Record<string, unknown> {
  const user = findUser(token.accountId)
  if (!user) return { roles: ['service'], groups: ['services'] }
  return { name: user.fullName, roles: user.roles, groups: user.groups }
}

function accountOf(name: string) {
  const user = findUser(name)
  if (!user) return undefined
  const { fullName, email, roles, groups } = user
  return { accountId: user.name, claims: () => ({ sub: user.name, name: fullName, email, roles, groups }) }
}

/** The person who signed in gets what their role may have, without a page that asks for consent. */
async function grantWithoutAsking(context: TokenContext): Promise<Grant | undefined> {
  const { client, session, provider, requestParamScopes } = context.oidc
  const user = findUser(session?.accountId)
  if (!user) return undefined
  const grant = new provider.Grant({ accountId: user.name, clientId: client.clientId })
  grant.addOIDCScope('openid offline_access')
  const given = apiScopes.filter((scope) => user.scopes.includes(scope))
  const refused = [...requestParamScopes].filter((scope) => apiScopes.includes(scope) && !given.includes(scope))
  grant.addResourceScope(defaultResource, given.join(' '))
  if (refused.length > 0) grant.rejectResourceScope(defaultResource, refused.join(' '))
  await grant.save()
  return grant
}

function isLoopback(origin: string): boolean {
  const host = URL.parse(origin)?.hostname
  return host === 'localhost' || host === '127.0.0.1' || host === '[::1]'
}

import { errors, type Provider, type TokenContext } from 'oidc-provider'
import { accessTokenLifetime, defaultResource, describeResource } from './resources.ts'
import { findUser } from './users.ts'

/**
 * Lets one curl line fetch a token for a person: `grant_type=password` (RFC 6749, 4.3; dropped by OAuth 2.1, so for
 * development only). `scope` narrows, `resource` picks the audience, `lifetime` is in seconds, to try expired tokens.
 */
export function registerPasswordGrant(provider: Provider, kid: string): void {
  const grantToken = async (context: TokenContext) => {
    const { client, params } = context.oidc
    const user = findUser(params['username'])
    if (!user || params['password'] !== user.name) throw new errors.InvalidGrant('wrong username or password')
    const wanted = params['scope']?.split(' ')
    const scope = user.scopes.filter((name) => !wanted || wanted.includes(name)).join(' ')
    const resource = params['resource'] ?? defaultResource
    const token = new provider.AccessToken({
      accountId: user.name,
      client,
      gty: 'password',
      scope,
      expiresIn: readLifetime(params['lifetime']),
    })
    token.resourceServer = new provider.ResourceServer(resource, describeResource(resource, client, kid))
    const value = await token.save()
    context.body = { access_token: value, expires_in: token.expiration, token_type: token.tokenType, scope }
  }
  provider.registerGrantType('password', grantToken, ['username', 'password', 'scope', 'resource', 'lifetime'])
}

function readLifetime(text: string | undefined): number {
  if (text === undefined) return accessTokenLifetime
  const seconds = Number(text)
  if (Number.isInteger(seconds) && seconds >= 1 && seconds <= 86_400) return seconds
  throw new errors.InvalidRequest('lifetime must be a whole number of seconds from 1 to 86400')
}

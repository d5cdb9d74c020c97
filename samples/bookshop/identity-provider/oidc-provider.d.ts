/** The part of `oidc-provider` that this sample uses; the package brings no types of its own. */
declare module 'oidc-provider' {
  import type { IncomingMessage, ServerResponse } from 'node:http'

  export interface ResourceServerInfo {
    scope: string
    audience: string
    accessTokenFormat: 'jwt'
    accessTokenTTL: number
    jwt: { sign: { alg: 'RS256'; kid: string } }
  }

  export interface Client {
    clientId: string
  }

  export interface Token {
    kind: string
    accountId?: string
    scope?: string | undefined
    readonly expiration: number
    readonly tokenType: string
    resourceServer: unknown
    save(): Promise<string>
  }

  export interface Grant {
    addOIDCScope(scope: string): void
    addResourceScope(resource: string, scope: string): void
    rejectResourceScope(resource: string, scope: string): void
    save(): Promise<string>
  }

  export interface TokenContext {
    body: unknown
    oidc: {
      client: Client
      params: Record<string, string | undefined>
      requestParamScopes: Set<string>
      session?: { accountId: string; grantIdFor(clientId: string): string | undefined }
      provider: Provider
    }
  }

  export interface Interaction {
    prompt: { name: string }
    params: { client_id: string }
  }

  export class Provider {
    constructor(issuer: string, configuration: Record<string, unknown>)
    readonly AccessToken: new (fields: {
      accountId: string
      client: Client
      gty: string
      scope?: string
      expiresIn?: number
    }) => Token
    readonly Grant: (new (fields: {
      accountId: string
      clientId: string
    }) => Grant) & {
      find(id: string): Promise<Grant | undefined>
    }
    readonly ResourceServer: new (
      identifier: string,
      info: ResourceServerInfo,
    ) => unknown
    registerGrantType(name: string, handler: (context: TokenContext) => Promise<void>, parameters: string[]): void
    interactionDetails(request: IncomingMessage, response: ServerResponse): Promise<Interaction>
    interactionFinished(
      request: IncomingMessage,
      response: ServerResponse,
      result: { login: { accountId: string }; consent: object },
    ): Promise<void>
    callback(): (request: IncomingMessage, response: ServerResponse) => Promise<void>
  }

  export const errors: Record<'InvalidGrant' | 'InvalidRequest' | 'InvalidTarget', new (description: string) => Error>
}

declare module 'oidc-provider/lib/adapters/memory_adapter.js' {
  /** Makes an adapter of its own bounded in-memory store. */
  export function createMemoryAdapter(clockToleranceSeconds?: number): (model: string) => unknown
}

import { createServer, type ServerResponse } from 'node:http'
import { fileURLToPath } from 'node:url'
import { Provider } from 'oidc-provider'
import { createMemoryAdapter } from 'oidc-provider/lib/adapters/memory_adapter.js'
import { readAddress } from '../command-line.ts'
import { closeOnSignal, listen, stop } from '../listening.ts'
import { configureProvider } from './configuration.ts'
import { type KeyRing, openKeyRing, rotateKeyRing, saveKeyRing } from './key-file.ts'
import { registerPasswordGrant } from './password-grant.ts'
import { serveSignIn } from './sign-in-page.ts'
import { findUser, type UserName, users } from './users.ts'

const defaultKeyFile = fileURLToPath(new URL('../.gatehouse/identity-provider-keys.json', import.meta.url))

/** A running identity provider. */
export interface IdentityProvider {
  url: string
  /** The `iss` of every token, and the base of `/.well-known/openid-configuration`. */
  issuer: string
  /** A fresh access token for a user; `scope`, `resource` and `lifetime` (seconds) as the password grant takes them. */
  token(user: UserName, wishes?: { scope?: string; resource?: string; lifetime?: number }): Promise<string>
  /** Signs with a new key from now on and returns its `kid`; with `retireOld`, older tokens stop verifying at once. */
  rotate(options?: { retireOld?: boolean }): Promise<string>
  close(): Promise<void>
}

/**
 * Starts the bookshop's OpenID provider. It is for development only: passwords are user names, everything but the
 * keys lives in memory. The key file is made at the first start (mode 0600). Rejects when the port is taken.
 */
export async function startIdentityProvider(
  options: { port?: number; host?: string; keyFile?: string } = {},
): Promise<IdentityProvider> {
  const keyFile = options.keyFile ?? defaultKeyFile
  const adapter = createMemoryAdapter()
  const build = (ring: KeyRing) => {
    const provider = new Provider(url, configureProvider(ring, adapter))
    registerPasswordGrant(provider, ring.signing[0].kid)
    return { provider, callback: provider.callback() }
  }

  let ring = await openKeyRing(keyFile)
  let current: ReturnType<typeof build>
  const server = createServer((request, response) => {
    const path = (request.url ?? '/').split('?')[0] as string
    if (path.startsWith('/interaction/')) return void serveSignIn(current.provider, request, response)
    if (path.startsWith('/dev/token/')) return void serveToken(path.slice('/dev/token/'.length), response)
    void current.callback(request, response)
  })
  const url = await listen(server, options.host ?? '127.0.0.1', options.port ?? 9100)
  current = build(ring)

  const token: IdentityProvider['token'] = async (user, wishes = {}) => {
    const form = new URLSearchParams({
      grant_type: 'password',
      client_id: 'bookshop-cli',
      username: user,
      password: user,
    })
    for (const [name, value] of Object.entries(wishes)) form.set(name, String(value))
    const response = await fetch(`${url}/token`, { method: 'POST', body: form })
    const answer = (await response.json()) as { access_token?: string; error_description?: string }
    if (!answer.access_token) throw new Error(`no token for ${user}: ${answer.error_description ?? response.status}`)
    return answer.access_token
  }

  /** The bare token as text, so that a shell can keep it in a variable without a JSON tool. */
  const serveToken = async (name: string, response: ServerResponse) => {
    const user = findUser(name)
    const [status, text] = user
      ? await token(user.name).then(
          (value) => [200, value] as const,
          (error: Error) => [500, `${error.message}\n`] as const,
        )
      : [404, `no such user; write one of ${Object.keys(users).join(', ')}\n`]
    response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store' }).end(text)
  }

  return {
    url,
    issuer: url,
    token,
    async rotate({ retireOld = false } = {}) {
      ring = await rotateKeyRing(ring, retireOld)
      saveKeyRing(keyFile, ring)
      current = build(ring)
      return ring.signing[0].kid
    },
    close: () => stop(server),
  }
}

if (import.meta.main) {
  const identity = await startIdentityProvider(readAddress({ port: 9100, host: '127.0.0.1' })).catch((error: Error) => {
    console.error(error.message)
    process.exit(1)
  })
  closeOnSignal(() => identity.close())
  console.log(`Identity provider ${identity.issuer} (development only). A token for anna, ben or carla:`)
  console.log(`  TOKEN=$(curl -s ${identity.url}/dev/token/anna)`)
}

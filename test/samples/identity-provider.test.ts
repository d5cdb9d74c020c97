import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createRemoteJWKSet, decodeJwt, decodeProtectedHeader, jwtVerify } from 'jose'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type IdentityProvider, startIdentityProvider } from '../../samples/bookshop/identity-provider/server.ts'
import { readCurl } from './curl.ts'

const folder = mkdtempSync(join(tmpdir(), 'bookshop-identity-'))
const keyFile = join(folder, 'kept', 'keys.json')
let provider: IdentityProvider

beforeAll(async () => {
  provider = await startIdentityProvider({ port: 0, keyFile })
})
afterAll(async () => {
  await provider.close()
  rmSync(folder, { recursive: true })
})

/** Verifies as a careful resource server does: with the key set that discovery names, never an older one. */
async function verify(token: string, audience = 'books') {
  const discovery = await fetch(`${provider.issuer}/.well-known/openid-configuration`)
  const { jwks_uri: keys } = (await discovery.json()) as { jwks_uri: string }
  const options = { issuer: provider.issuer, audience, algorithms: ['RS256'], typ: 'at+jwt' }
  return jwtVerify(token, createRemoteJWKSet(new URL(keys)), options)
}

async function curl(line: string) {
  const { url, ...init } = readCurl(line.replaceAll('http://127.0.0.1:9100', provider.url), {})
  const response = await fetch(url, init)
  return { status: response.status, text: await response.text() }
}

const json = (text: string) => JSON.parse(text) as Record<string, string | number>

describe('tokens', () => {
  test.each([
    ['ben', ['reader'], ['readers'], 'books:read orders:read orders:write'],
    ['anna', ['editor'], ['readers', 'editors'], 'books:read books:write orders:read orders:write'],
    ['carla', ['admin'], ['readers', 'editors', 'admins'], 'books:read books:write orders:read orders:write admin'],
  ] as const)('%s carries %s and verifies against the published keys', async (user, roles, groups, scope) => {
    const { payload } = await verify(await provider.token(user))
    expect(payload).toMatchObject({ sub: user, roles, groups, scope, aud: 'books', client_id: 'bookshop-cli' })
    expect((payload.exp as number) - (payload.iat as number)).toBe(3600)
  })

  test('the README’s two lines give a token each', async () => {
    const readme = readFileSync(new URL('../../samples/bookshop/README.md', import.meta.url), 'utf8')
    const bare = await curl((/TOKEN=\$\((.+)\)/.exec(readme) as RegExpExecArray)[1] as string)
    expect(decodeJwt(bare.text)).toMatchObject({ sub: 'ben' })
    const full = await curl((/^ {4}(curl .+grant_type=password.+)$/m.exec(readme) as RegExpExecArray)[1] as string)
    expect(json(full.text)).toMatchObject({ token_type: 'Bearer', expires_in: 3600 })
    await verify(json(full.text)['access_token'] as string)
  })

  test('wishes narrow the scope, pick the audience and shorten the life', async () => {
    const wishes = { scope: 'books:read admin', resource: 'urn:bookshop:billing', lifetime: 1 }
    const { payload } = await verify(await provider.token('ben', wishes), 'billing')
    expect(payload).toMatchObject({ scope: 'books:read', aud: 'billing' })
    expect((payload.exp as number) - (payload.iat as number)).toBe(1)
  })

  test.each([
    ['username=ben -d password=anna', 400, 'invalid_grant'],
    ['username=mallory -d password=mallory', 400, 'invalid_grant'],
    ['username=constructor -d password=constructor', 400, 'invalid_grant'],
    ['username=__proto__ -d password=', 400, 'invalid_grant'],
    ['username=ben -d password=ben -d lifetime=0', 400, 'invalid_request'],
    ['username=ben -d password=ben -d lifetime=forever', 400, 'invalid_request'],
    ['username=ben -d password=ben -d resource=urn:elsewhere', 400, 'invalid_target'],
  ])('%s is refused with %i %s', async (form, status, error) => {
    const line = `curl http://127.0.0.1:9100/token -d grant_type=password -d client_id=bookshop-cli -d ${form}`
    const answer = await curl(line)
    expect([answer.status, json(answer.text)['error']]).toEqual([status, error])
  })

  test('an unknown user’s bare token says which users there are', async () => {
    expect(await curl('curl http://127.0.0.1:9100/dev/token/toString')).toEqual({
      status: 404,
      text: 'no such user; write one of anna, ben, carla\n',
    })
  })

  test('a machine gets a token for itself, with its own few scopes', async () => {
    const secret = '-d client_id=nightly-report -d client_secret=development-only'
    const scope = `--data-urlencode "scope=books:read admin"`
    const { text } = await curl(`curl http://127.0.0.1:9100/token -d grant_type=client_credentials ${secret} ${scope}`)
    const { payload } = await verify(json(text)['access_token'] as string)
    expect(payload).toMatchObject({ sub: 'nightly-report', roles: ['service'], scope: 'books:read' })
  })
})

describe('the phone app', () => {
  const verifier = 'a-code-verifier-of-at-least-forty-three-characters'

  test('signs a person in by the code flow with PKCE, and refreshes', async () => {
    const query = new URLSearchParams({
      client_id: 'mobile-app',
      response_type: 'code',
      redirect_uri: 'http://127.0.0.1:7777/callback',
      scope: 'openid offline_access books:read books:write orders:read',
      prompt: 'consent',
      state: 'opaque',
      code_challenge: createHash('sha256').update(verifier).digest('base64url'),
      code_challenge_method: 'S256',
    })
    const browser = new Browser()
    const start = await browser.get(`${provider.url}/auth?${query.toString()}`)
    const page = await browser.get(start)
    expect(page).toContain('Ben Reader')
    const back = await browser.get(`${start}?as=ben`, 'POST')
    const callback = new URL(await browser.get(back))
    expect(callback.origin + callback.pathname).toBe('http://127.0.0.1:7777/callback')

    const exchange = async (form: Record<string, string>) => {
      const body = new URLSearchParams({ client_id: 'mobile-app', ...form })
      const response = await fetch(`${provider.url}/token`, { method: 'POST', body })
      return (await response.json()) as Record<string, string>
    }
    const first = await exchange({
      grant_type: 'authorization_code',
      code: callback.searchParams.get('code') as string,
      redirect_uri: 'http://127.0.0.1:7777/callback',
      code_verifier: verifier,
    })
    const { payload } = await verify(first['access_token'] as string)
    expect(payload).toMatchObject({ sub: 'ben', roles: ['reader'], scope: 'books:read orders:read' })
    expect(decodeJwt(first['id_token'] as string)).toMatchObject({ sub: 'ben', aud: 'mobile-app', name: 'Ben Reader' })
    const again = await exchange({ grant_type: 'refresh_token', refresh_token: first['refresh_token'] as string })
    await verify(again['access_token'] as string)
  })

  test('an interaction that nobody started is refused', async () => {
    expect((await curl('curl http://127.0.0.1:9100/interaction/nothing')).status).toBe(400)
  })
})

/** Follows nothing by itself and keeps cookies; `get` answers the Location of a redirect, else the body. */
class Browser {
  cookies = new Map<string, string>()

  async get(url: string, method = 'GET'): Promise<string> {
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const target = new URL(url, provider.url)
    const response = await fetch(target, { method, redirect: 'manual', headers: { cookie, accept: 'text/html' } })
    for (const line of response.headers.getSetCookie()) {
      const [name, value] = (line.split(';')[0] as string).split(/=(.*)/s) as [string, string]
      this.cookies.set(name, value)
    }
    const location = response.headers.get('location')
    return location ? new URL(location, target).href : response.text()
  }
}

describe('keys', () => {
  const own = join(folder, 'rotating.json')
  let rotating: IdentityProvider
  beforeEach(async () => {
    rotating = await startIdentityProvider({ port: 0, keyFile: own })
  })
  afterEach(async () => {
    await rotating.close()
    rmSync(own, { force: true })
  })
  const kids = async () => {
    const { keys } = (await (await fetch(`${rotating.url}/jwks`)).json()) as { keys: Record<string, string>[] }
    expect(keys.flatMap((key) => ['d', 'p', 'q', 'dp', 'dq', 'qi'].filter((secret) => secret in key))).toEqual([])
    return keys.map((key) => key['kid'])
  }

  test('are kept in a file that only its owner reads, and survive a restart', async () => {
    expect(statSync(own).mode & 0o777).toBe(0o600)
    const before = await kids()
    await rotating.close()
    rotating = await startIdentityProvider({ port: 0, keyFile: own })
    expect(await kids()).toEqual(before)
  })

  test('rotate: the new key signs, the last one stays published, older ones go', async () => {
    const [first] = await kids()
    const second = await rotating.rotate()
    expect(await kids()).toEqual([second, first])
    expect(decodeProtectedHeader(await rotating.token('ben'))).toMatchObject({ kid: second, alg: 'RS256' })
    const third = await rotating.rotate()
    expect(await kids()).toEqual([third, second])
  })

  test('rotate with retireOld: what an older key signed no longer verifies', async () => {
    const old = await rotating.token('ben')
    const fresh = await rotating.rotate({ retireOld: true })
    expect(await kids()).toEqual([fresh])
    const keySet = createRemoteJWKSet(new URL(`${rotating.url}/jwks`))
    await expect(jwtVerify(old, keySet)).rejects.toThrow('no applicable key found')
    await expect(jwtVerify(await rotating.token('ben'), keySet)).resolves.toBeDefined()
  })

  test('a broken key file is named, with what to do', async () => {
    const broken = join(folder, 'broken.json')
    writeFileSync(broken, '{')
    await expect(startIdentityProvider({ port: 0, keyFile: broken })).rejects.toThrow(
      /broken\.json cannot be read as a key ring .+ Delete it: a new one is made\./,
    )
  })
})

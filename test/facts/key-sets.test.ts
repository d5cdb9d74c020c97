import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { KeySets, type KeySetAnswer } from '../../gateway-core/facts/key-sets.ts'
import { KeySet } from '../../gateway-core/facts/key-set.ts'
import type { KeySource } from '../../gateway-core/pipeline/facts.ts'
import { type IssuerServer, startIssuer } from './issuer-server.ts'
import { makeKey } from './token-maker.ts'

const first = makeKey('k1')
const second = makeKey('k2')

let issuer: IssuerServer
let now: number
let keySets: KeySets

beforeEach(async () => {
  issuer = await startIssuer([first])
  now = 1_000_000
  keySets = new KeySets({ now: () => now, timeoutMs: 300, maxBytes: 20_000 })
})
afterEach(() => issuer.stop())

const byIssuer = (): KeySource => ({ id: `issuer:${issuer.url}`, issuer: issuer.url })
const byUrl = (): KeySource => ({ id: `jwks:${issuer.jwksUrl}`, jwks: issuer.jwksUrl })
const kids = (answer: KeySetAnswer) =>
  'unavailable' in answer ? answer.unavailable : answer.keys.map((key) => key.kid)

/** Waits until what runs in the background has come so far. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((done) => setImmediate(done))
}

describe('loading', () => {
  it('discovers the key set of an issuer, then answers at once', async () => {
    expect(kids(await keySets.keys(byIssuer()))).toEqual(['k1'])
    expect(issuer.requests).toEqual(['/.well-known/openid-configuration', '/jwks'])
    expect(keySets.keys(byIssuer())).toBeInstanceOf(KeySet)
    expect(issuer.requests).toHaveLength(2)
  })

  it('falls back to the metadata of RFC 8414', async () => {
    issuer.intercept = (request, response) => {
      if (request.url !== '/.well-known/oauth-authorization-server') return false
      response.end(JSON.stringify({ issuer: issuer.url, jwks_uri: issuer.jwksUrl }))
      return true
    }
    issuer.requests.length = 0
    const oidc = '/.well-known/openid-configuration'
    const inner = issuer.intercept
    issuer.intercept = (request, response) => {
      if (request.url !== oidc) return inner(request, response)
      response.writeHead(404).end()
      return true
    }
    expect(kids(await keySets.keys(byIssuer()))).toEqual(['k1'])
    expect(issuer.requests).toEqual([oidc, '/.well-known/oauth-authorization-server', '/jwks'])
  })

  it('asks once for everybody who waits', async () => {
    const answers = await Promise.all(Array.from({ length: 50 }, async () => keySets.keys(byUrl())))
    expect(new Set(answers).size).toBe(1)
    expect(issuer.requests).toEqual(['/jwks'])
  })

  it('leaves out what cannot verify, and names it', async () => {
    const encryption = makeKey('enc')
    encryption.jwk['use'] = 'enc'
    const short = makeKey('short', 'RS256', 1024)
    const shared = { ...makeKey('shared'), jwk: { kty: 'oct', k: 'c2VjcmV0', kid: 'shared' } }
    issuer.keys = [first, encryption, short, shared]
    expect(kids(await keySets.keys(byUrl()))).toEqual(['k1'])
    expect(keySets.problems().map((one) => one.problem)).toEqual([
      'key "enc" is left out: its use is "enc", not "sig"',
      'key "short" is left out: it has 1024 bits; 2048 are the least (RFC 7518 §3.3)',
      'key "shared" is left out: it is a shared secret, and only public keys are taken from here',
    ])
  })
})

describe('lifetime', () => {
  it.each([
    ['as Cache-Control says', 'public, max-age=300', 300_000],
    ['at least a minute', 'max-age=1', 60_000],
    ['at least a minute, also with no-store', 'no-store, max-age=999', 60_000],
    ['at most a day', 'max-age=99999999', 86_400_000],
    ['ten minutes when nothing is said', undefined, 600_000],
    ['ten minutes when it is nonsense', 'max-age=soon', 600_000],
  ])('is %s', async (_name, cacheControl, lifetime) => {
    issuer.cacheControl = cacheControl
    const known = await keySets.keys(byUrl())
    now += lifetime - 1
    expect(keySets.keys(byUrl())).toBe(known)
    expect(issuer.requests).toHaveLength(1)
    now += 1
    // Stale ones are still answered at once, while new ones are fetched behind them.
    expect(keySets.keys(byUrl())).toBe(known)
    await until(() => issuer.requests.length === 2)
  })

  it('keeps the identity of keys that did not change, and not of those that did', async () => {
    const known = await keySets.keys(byUrl())
    now += 10_001
    expect(await keySets.newerKeys(byUrl(), known as KeySet)).toBe(known)
    issuer.keys = [first, second]
    now += 10_001
    expect(await keySets.newerKeys(byUrl(), known as KeySet)).not.toBe(known)
  })
})

describe('an unknown kid', () => {
  it('fetches once, and not again within the cooldown', async () => {
    const known = (await keySets.keys(byUrl())) as KeySet
    issuer.keys = [second]
    now += 10_000
    const newer = await Promise.all(Array.from({ length: 20 }, async () => keySets.newerKeys(byUrl(), known)))
    expect(newer.map((answer) => kids(answer))).toEqual(Array.from({ length: 20 }, () => ['k2']))
    expect(issuer.requests).toHaveLength(2)
    for (let times = 0; times < 20; times++) await keySets.newerKeys(byUrl(), newer[0] as KeySet)
    expect(issuer.requests).toHaveLength(2)
  })
})

describe('an issuer in trouble', () => {
  it.each<[string, (issuer: IssuerServer) => IssuerServer['intercept'], RegExp]>([
    ['an error', () => (_request, response) => !!response.writeHead(500).end('{"keys":[]}'), /answered 500/],
    ['something that is not JSON', () => (_request, response) => !!response.end('<html>'), /did not answer JSON/],
    [
      'JSON that is no key set',
      () => (_request, response) => !!response.end('{"keys":{}}'),
      /did not answer a JWK set/,
    ],
    ['null', () => (_request, response) => !!response.end('null'), /did not answer a JWK set/],
    ['an empty key set', () => (_request, response) => !!response.end('{"keys":[]}'), /has no key to verify with/],
    [
      'keys that are none',
      () => (_request, response) => !!response.end('{"keys":[1,null,{"kty":"EC"}]}'),
      /has no key/,
    ],
    [
      'a redirect',
      (at) => (request, response) =>
        request.url === '/jwks' && !!response.writeHead(302, { location: `${at.url}/elsewhere` }).end(),
      /answered 302, a redirect, which is not followed/,
    ],
    [
      'too much',
      () => (_request, response) => !!response.end(`{"keys":["${'x'.repeat(30_000)}"]}`),
      /more than 20000 bytes/,
    ],
    [
      'too much, length unknown',
      () => (_request, response) => {
        for (let chunk = 0; chunk < 30; chunk++) response.write('x'.repeat(1000))
        return !!response.end()
      },
      /more than 20000 bytes/,
    ],
    ['nothing', () => () => true, /did not answer within 300 ms/],
    [
      'half an answer',
      () => (_request, response) => response.write('{"keys":') || true,
      /did not answer within 300 ms/,
    ],
    ['a closed door', () => (request) => !!request.socket.destroy(), /could not be reached \(UND_ERR_SOCKET\)/],
  ])('that gives %s is unavailable, with the reason', async (_name, intercept, reason) => {
    issuer.intercept = intercept(issuer)
    const answer = await keySets.keys(byUrl())
    expect(kids(answer)).toMatch(reason)
    expect(keySets.problems()).toMatchObject([
      { source: byUrl().id, problem: expect.stringMatching(reason) as unknown },
    ])
    const asked = issuer.requests.length
    await keySets.keys(byUrl())
    expect(issuer.requests).toHaveLength(asked)
    issuer.intercept = undefined
    now += 10_000
    expect(kids(await keySets.keys(byUrl()))).toEqual(['k1'])
    expect(keySets.problems()).toEqual([])
  })

  it('is answered for by its last good keys, for a day', async () => {
    const known = await keySets.keys(byUrl())
    await issuer.stop()
    now += 3_600_000
    expect(keySets.keys(byUrl())).toBe(known)
    await until(() => keySets.problems().length > 0)
    expect(keySets.problems()[0]!.problem).toContain('ECONNREFUSED')
    expect(keySets.keys(byUrl())).toBe(known)
    now += 24 * 3_600_000
    expect(kids(await keySets.keys(byUrl()))).toContain('ECONNREFUSED')
  })
})

describe('addresses that are not asked', () => {
  it('http elsewhere than on this machine', async () => {
    const answer = await keySets.keys({ id: 'jwks:x', jwks: 'http://keys.example/jwks' })
    expect(kids(answer)).toContain('use https')
    expect(kids(await keySets.keys({ id: 'issuer:x', issuer: 'http://id.example' }))).toContain('use https')
    expect(kids(await keySets.keys({ id: 'jwks:y', jwks: 'file:///etc/passwd' }))).toContain('neither https nor http')
  })

  it('what metadata names for another issuer, or no key set', async () => {
    let metadata: object = { issuer: 'https://other.example', jwks_uri: issuer.jwksUrl }
    issuer.intercept = (request, response) => request.url !== '/jwks' && !!response.end(JSON.stringify(metadata))
    expect(kids(await keySets.keys(byIssuer()))).toContain('describes another issuer')
    metadata = { issuer: issuer.url, jwks_uri: 'http://169.254.169.254/keys' }
    now += 10_000
    expect(kids(await keySets.keys(byIssuer()))).toContain('use https')
    metadata = { issuer: issuer.url }
    now += 10_000
    expect(kids(await keySets.keys(byIssuer()))).toContain('names no jwks_uri')
    expect(issuer.requests).not.toContain('/jwks')
  })
})

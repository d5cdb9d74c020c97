import { once } from 'node:events'
import { createPublicKey, verify } from 'node:crypto'
import { readFileSync, statSync, writeFileSync } from 'node:fs'
import http from 'node:http'
import { join } from 'node:path'
import fc from 'fast-check'
import { jwtVerify, importJWK } from 'jose'
import { afterEach, describe, expect, test } from 'vitest'
import type { Workspace } from '../../gateway-core/config/workspace.ts'
import { createLiveFacts, type LiveFacts } from '../../gateway-core/facts/live.ts'
import { acceptances } from '../../gateway-core/tokens/accept.ts'
import { brokenTokens } from '../../gateway-core/tokens/broken.ts'
import { bareToken, decodeToken, relativeText } from '../../gateway-core/tokens/decode.ts'
import { dpopProof } from '../../gateway-core/tokens/dpop.ts'
import { labAlgorithms, LabKeys } from '../../gateway-core/tokens/lab-keys.ts'
import { signToken } from '../../gateway-core/tokens/sign.ts'
import { type Carrier, TokenTrial } from '../../gateway-core/tokens/try-tokens.ts'
import { WorkspaceKey } from '../../gateway-core/config/workspace-key.ts'
import { loaded, workspaceFolder } from '../gateway-fixture.ts'

const now = Date.UTC(2026, 10, 22, 12)
const closing: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

/** An issuer that answers discovery with an empty hand: only lent keys verify anything. */
async function setUp(): Promise<{
  workspace: Workspace
  facts: LiveFacts
  keys: LabKeys
  issuer: string
  folder: string
}> {
  const server = http.createServer((_, response) => response.writeHead(404).end()).listen(0, '127.0.0.1')
  await once(server, 'listening')
  closing.push(() => server.close())
  const issuer = `http://127.0.0.1:${(server.address() as { port: number }).port}`
  const place = workspaceFolder({
    'gatehouse.yaml': `
gatehouse: 1
upstreams: { up: http://127.0.0.1:1 }
apis:
  - name: books
    policies:
      - jwt-auth: { issuer: "${issuer}", audience: books, groupsClaim: roles }
    routes:
      - path: /books
        upstream: up
        policies: [{ rbac: { allow: { editor: [GET] } } }]
      - path: /cookies
        upstream: up
        policies:
          - without: [jwt-auth]
          - jwt-auth: { name: by-cookie, issuer: "${issuer}", in: { cookie: session } }
      - path: /open
        upstream: up
        policies: [{ without: [jwt-auth] }]
`,
  })
  closing.push(place.remove)
  const workspace = await loaded(place.folder)
  const keys = await LabKeys.of(place.folder)
  const facts = createLiveFacts({ key: new WorkspaceKey(new Uint8Array(32)), lifetimeMs: 1000, cooldownMs: 0 })
  return { workspace, facts, keys, issuer, folder: place.folder }
}

const seconds = () => Math.floor(Date.now() / 1000)
const claimsOf = (issuer: string) => ({
  iss: issuer,
  aud: 'books',
  sub: 'anna',
  roles: ['editor'],
  iat: seconds(),
  exp: seconds() + 600,
})

describe('a token taken apart', () => {
  test('says header, claims and times as people do', () => {
    const token = signToken(
      { header: {}, claims: { sub: 'anna', exp: now / 1000 + 720, iat: now / 1000 - 10_800, nbf: 'soon' } },
      'ES256',
      LabKeys.fresh(),
    )
    expect(decodeToken(`Authorization: Bearer ${token}\n`, now)).toEqual({
      form: 'jwt',
      header: { alg: 'ES256', kid: 'gatehouse-lab-ec', typ: 'JWT' },
      claims: expect.objectContaining({ sub: 'anna' }),
      times: [
        { name: 'iat', at: '2026-11-22T09:00:00.000Z', relative: '3 h ago' },
        { name: 'nbf', at: null, relative: 'no time' },
        { name: 'exp', at: '2026-11-22T12:12:00.000Z', relative: 'in 12 min' },
      ],
      length: token.length,
    })
  })

  test.each([
    ['nothing', '', 'opaque', 'it does not have three parts'],
    ['a session id', 'c2Vzc2lvbg', 'opaque', 'it does not have three parts'],
    ['an encrypted one', 'eyJhbGciOiJkaXIifQ..a.b.c', 'jwe', 'it has five parts: encrypted (JWE), not signed'],
    ['one with padding', `${signToken({ header: {}, claims: { a: 1 } }, 'ES256', LabKeys.fresh())}==`, 'jwt', /padded/],
    ['two parts', 'eyJhbGciOiJub25lIn0.eyJhIjoxfQ', 'jwt', 'it does not have three parts'],
  ])('tells of %s', (_, token, form, malformed) => {
    const decoded = decodeToken(token, now)
    expect(decoded.form).toBe(form)
    expect(decoded.malformed).toMatch(malformed)
  })

  test('never throws, whatever is pasted', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(fc.base64String(), { maxLength: 6 }).map((parts) => parts.join('.')),
        ),
        (text) => {
          expect(decodeToken(text, now).length).toBe(bareToken(text).length)
        },
      ),
    )
  })

  test.each([
    [0, 'now'],
    [-59_000, '59 s ago'],
    [3_600_000, 'in 60 min'],
    [-86_400_000 * 40, '40 days ago'],
    [86_400_000 * 3650, 'in 10 years'],
  ])('%d ms is %s', (distance, text) => expect(relativeText(distance)).toBe(text))
})

describe('the keys of the local issuer', () => {
  test('are kept for the workspace, readable by its owner alone, and sign what others verify', async () => {
    const { folder, keys } = await setUp()
    expect(statSync(join(folder, '.gatehouse', 'token-lab.json')).mode & 0o777).toBe(0o600)
    const again = await LabKeys.of(folder)
    expect(again.jwks()).toEqual(keys.jwks())
    expect(keys.jwks().some((jwk) => 'd' in jwk || 'p' in jwk)).toBe(false)
    for (const algorithm of labAlgorithms) {
      const token = signToken({ header: {}, claims: { sub: 'anna' } }, algorithm, keys)
      const jwk = keys.jwks().find(({ kid }) => kid === keys.kid(algorithm))!
      const { payload } = await jwtVerify(token, await importJWK(jwk, algorithm))
      expect(payload.sub).toBe('anna')
    }
  })
})

describe('who takes a token', () => {
  test('each policy by itself, with its first reason; nobody trusts the lab until its keys are lent', async () => {
    const { workspace, facts, keys, issuer } = await setUp()
    const token = signToken({ header: {}, claims: claimsOf(issuer) }, 'ES256', keys)
    expect((await acceptances(workspace, token, facts)).map(({ accepted, code }) => [accepted, code])).toEqual([
      [false, 'KEYS_UNAVAILABLE'],
      [false, 'KEYS_UNAVAILABLE'],
    ])
    await facts.keySets.lend(keys.jwks())
    expect(await acceptances(workspace, token, facts)).toMatchObject([
      { policy: 'api:books/jwt-auth', accepted: true, consumer: { name: 'anna', groups: ['editor'] } },
      { policy: expect.stringContaining('by-cookie'), accepted: true },
    ])
    const other = signToken({ header: {}, claims: { ...claimsOf(issuer), aud: 'films' } }, 'ES256', keys)
    expect(await acceptances(workspace, other, facts)).toMatchObject([
      { accepted: false, code: 'AUDIENCE_NOT_ALLOWED', evidence: [{ observed: 'films', expected: 'books' }] },
      { accepted: true },
    ])
    await facts.keySets.lend(undefined)
    expect((await acceptances(workspace, token, facts))[0]!.accepted).toBe(false)
  })
})

describe('the classic broken tokens', () => {
  test('are refused one and all where the right one passes, also in a cookie', async () => {
    const { workspace, facts, keys, issuer } = await setUp()
    await facts.keySets.lend(keys.jwks())
    const parts = { header: {}, claims: claimsOf(issuer) }
    const carrier = (target: string): Carrier => ({
      method: 'GET',
      target,
      scheme: 'http',
      headers: ['Host', 'x', 'Authorization', 'Bearer old', 'Cookie', 'session=old'],
      peer: { address: '127.0.0.1', port: 1 },
    })
    const trial = new TokenTrial(workspace, facts, carrier('/books'))
    for (const algorithm of ['RS256', 'ES256'] as const) {
      const right = signToken(parts, algorithm, keys)
      expect(await trial.judge(right)).toMatchObject({ passes: true })
      const broken = brokenTokens({ parts, algorithm, keys, issuerKeys: keys.jwks(), now: Date.now() })
      expect(new Set(broken.map(({ id }) => id)).size).toBe(broken.length)
      expect(broken.length).toBeGreaterThan(25)
      for (const { id, token } of broken) {
        const verdict = await trial.judge(token)
        expect([id, verdict.passes, verdict.decidedBy]).toEqual([id, false, 'api:books/jwt-auth'])
        expect(verdict.evidence.length).toBeGreaterThan(0)
        expect(verdict.position?.file).toBe('gatehouse.yaml')
      }
    }
    const byCookie = new TokenTrial(workspace, facts, carrier('/cookies'))
    expect(byCookie.request('abc').headers).toEqual([
      'Host',
      'x',
      'Authorization',
      'Bearer old',
      'Cookie',
      'session=abc',
    ])
    expect(await byCookie.judge(signToken(parts, 'ES256', keys))).toMatchObject({ passes: true })
  })

  test('say nothing about a route that reads no token: whatever comes passes, and so does nothing', async () => {
    const { workspace, facts, keys, issuer } = await setUp()
    await facts.keySets.lend(keys.jwks())
    const trialOn = (target: string) =>
      new TokenTrial(workspace, facts, {
        method: 'GET',
        target,
        scheme: 'http',
        headers: ['Host', 'x', 'Authorization', 'Bearer old'],
        peer: { address: '127.0.0.1', port: 1 },
      })
    const right = signToken({ header: {}, claims: claimsOf(issuer) }, 'ES256', keys)
    const open = trialOn('/open')
    expect(open.request(undefined).headers).toEqual(['Host', 'x'])
    expect(await open.isUnread([await open.judge(right), await open.judge('broken')])).toBe(true)
    const books = trialOn('/books')
    expect(await books.isUnread([await books.judge(right)])).toBe(false)
    expect(await books.isUnread([await books.judge(right), await books.judge('broken')])).toBe(false)
  })

  test('a role that is not enough is told as what it is', async () => {
    const { workspace, facts, keys, issuer } = await setUp()
    await facts.keySets.lend(keys.jwks())
    const carrier: Carrier = {
      method: 'GET',
      target: '/books',
      scheme: 'http',
      headers: ['Host', 'x'],
      peer: { address: '::1', port: 1 },
    }
    const token = signToken({ header: {}, claims: { ...claimsOf(issuer), roles: ['reader'] } }, 'ES256', keys)
    expect(await new TokenTrial(workspace, facts, carrier).judge(token)).toMatchObject({
      passes: false,
      decidedBy: 'api:books/route:/books/rbac',
      status: 403,
    })
  })
})

test('a DPoP proof names the request and the token, and is signed by the key that it shows', () => {
  const proof = LabKeys.fresh().proofKey()
  const text = dpopProof(
    proof,
    { method: 'POST', url: 'https://api.example/books?page=2#x', token: 'abc', nonce: 'n' },
    now,
  )
  const [head, claims, signed] = text.split('.')
  const header = JSON.parse(Buffer.from(head!, 'base64url').toString()) as { jwk: object }
  expect(header).toMatchObject({ typ: 'dpop+jwt', alg: 'ES256', jwk: proof.jwk })
  expect(JSON.parse(Buffer.from(claims!, 'base64url').toString())).toMatchObject({
    htm: 'POST',
    htu: 'https://api.example/books',
    iat: now / 1000,
    ath: 'ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0',
    nonce: 'n',
  })
  const key = createPublicKey({ key: header.jwk as never, format: 'jwk' })
  const bytes = Buffer.from(signed!, 'base64url')
  expect(verify('sha256', Buffer.from(`${head}.${claims}`), { key, dsaEncoding: 'ieee-p1363' }, bytes)).toBe(true)
})

test('keys that were kept before there was one for proofs stay those of the issuer', async () => {
  const { folder, remove } = workspaceFolder({})
  closing.push(remove)
  const first = await LabKeys.of(folder)
  const file = join(folder, '.gatehouse', 'token-lab.json')
  const { proof, ...others } = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>
  expect(proof).toBeDefined()
  writeFileSync(file, JSON.stringify(others))
  const second = await LabKeys.of(folder)
  expect(second.jwks()).toEqual(first.jwks())
  expect(second.proofKey().thumbprint).not.toBe(first.proofKey().thumbprint)
  expect((await LabKeys.of(folder)).proofKey().thumbprint).toBe(second.proofKey().thumbprint)
})

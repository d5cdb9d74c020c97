import { afterAll, beforeAll, expect, it } from 'vitest'
import { createLiveFacts } from '../../gateway-core/facts/live.ts'
import { HeaderList } from '../../gateway-core/headers.ts'
import type { FactQuery, KeySource } from '../../gateway-core/pipeline/facts.ts'
import { JudgedExchange } from '../../gateway-core/pipeline/judged-exchange.ts'
import { type IssuerServer, startIssuer } from './issuer-server.ts'
import { makeKey, makeToken } from './token-maker.ts'

const old = makeKey('old')
const fresh = makeKey('fresh')
let issuer: IssuerServer
let now = 1_000_000
const facts = createLiveFacts({ key: { tag: (value) => value, random: () => 0 }, now: () => now })

beforeAll(async () => void (issuer = await startIssuer([old])))
afterAll(() => issuer.stop())

function ask(token: string) {
  const headers = HeaderList.of({ authorization: `Bearer ${token}` })
  const request = {
    method: 'GET',
    scheme: 'http',
    authority: 'a',
    target: '/',
    path: '/',
    query: '',
    headers,
    hasBody: false,
  } as const
  const keys: KeySource = { id: `jwks:${issuer.jwksUrl}`, jwks: issuer.jwksUrl }
  const query: FactQuery = {
    kind: 'signature',
    place: { in: 'header', name: 'authorization' },
    scheme: 'Bearer',
    keys,
    algorithm: 'ES256',
  }
  return facts.ask(query, new JudgedExchange('x', 0, { address: '127.0.0.1', port: 1 }, request))
}

it('follows the rotation of keys: new ones count at once, withdrawn ones no longer, verified tokens included', async () => {
  const before = makeToken(old, { sub: 'ada' })
  expect(await ask(before)).toEqual({ value: { valid: true, kid: 'old' } })
  expect(ask(before)).toEqual({ value: { valid: true, kid: 'old' } })

  issuer.keys = [fresh]
  now += 10_000
  expect(await ask(makeToken(fresh, { sub: 'ada' }))).toEqual({ value: { valid: true, kid: 'fresh' } })
  expect(await ask(before)).toEqual({ value: { valid: false, reason: 'no key with kid "old"' } })
})

it('asks the issuer no more often for invented kids than the cooldown says', async () => {
  const asked = issuer.requests.length
  const stranger = makeKey('stranger')
  for (let times = 0; times < 30; times++) {
    await ask(makeToken(stranger, {}, { kid: `invented-${times}` }))
    now += 1000
  }
  expect(issuer.requests.length - asked).toBeLessThanOrEqual(3)
})

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createLiveFacts } from '../../gateway-core/facts/live.ts'
import { HeaderList } from '../../gateway-core/headers.ts'
import { ExchangeFacts } from '../../gateway-core/pipeline/exchange-facts.ts'
import { type FactSource, type KeySource, MissingFact, type RecordedFact } from '../../gateway-core/pipeline/facts.ts'
import { JudgedExchange } from '../../gateway-core/pipeline/judged-exchange.ts'
import { RecordedFacts } from '../../gateway-core/pipeline/recorded-facts.ts'
import { WorkspaceKey } from '../../gateway-core/config/workspace-key.ts'
import { type IssuerServer, startIssuer } from './issuer-server.ts'
import { makeKey, makeToken } from './token-maker.ts'

const key = makeKey('k1')
const token = makeToken(key, { sub: 'ada', nested: { list: [1, 'two', null] } })
const authorization = { in: 'header', name: 'Authorization' } as const
const apiKey = { in: 'query', name: 'key' } as const
let issuer: IssuerServer
beforeAll(async () => void (issuer = await startIssuer([key])))
afterAll(() => issuer.stop())

function exchange(id = 'exchange-1') {
  const headers = HeaderList.of({ authorization: `Bearer ${token}`, 'x-other': 'other secret' })
  const request = {
    method: 'GET',
    scheme: 'http',
    authority: 'a',
    target: '/',
    path: '/',
    query: 'key=api-secret',
    headers,
    hasBody: false,
  } as const
  return new JudgedExchange(id, 0, { address: '127.0.0.1', port: 1 }, request)
}

const byUrl = (): KeySource => ({ id: `jwks:${issuer.jwksUrl}`, jwks: issuer.jwksUrl })
const down: KeySource = { id: 'jwks:http://keys.example', jwks: 'http://keys.example' }
const live = createLiveFacts({ key: new WorkspaceKey(new Uint8Array(32).fill(7)), now: () => 0 })

/** Every question once, in one order: what a source has to answer. */
async function questions(facts: ExchangeFacts) {
  return {
    token: facts.token(authorization, 'Bearer'),
    noToken: facts.token({ in: 'header', name: 'X-None' }),
    notBearer: facts.token({ in: 'header', name: 'x-other' }, 'Bearer'),
    signature: await facts.signature(authorization, byUrl(), 'ES256', 'Bearer'),
    otherAlgorithm: await facts.signature(authorization, byUrl(), 'RS256', 'Bearer'),
    noKeys: await facts.signature(authorization, down, 'ES256', 'Bearer'),
    tag: facts.tag(apiKey),
    noTag: facts.tag({ in: 'cookie', name: 'key' }),
    random: facts.random('split'),
    otherRandom: facts.random('sample'),
  }
}

async function record(): Promise<readonly RecordedFact[]> {
  const facts = new ExchangeFacts(live, exchange())
  await questions(facts)
  // As it comes back from a file.
  return JSON.parse(JSON.stringify(facts.recorded)) as RecordedFact[]
}

const sources: [name: string, make: () => Promise<FactSource>][] = [
  ['live', () => Promise.resolve(live)],
  ['recorded', async () => new RecordedFacts(await record())],
]

describe.each(sources)('the %s source', (_name, make) => {
  it('answers every question, and the same each time', async () => {
    const facts = new ExchangeFacts(await make(), exchange())
    const answers = await questions(facts)
    expect(answers).toMatchObject({
      token: { value: { form: 'jws', header: { alg: 'ES256', kid: 'k1' }, claims: { sub: 'ada' } } },
      noToken: { value: { form: 'absent' } },
      notBearer: { value: { form: 'absent', instead: 'other' } },
      signature: { value: { valid: true, kid: 'k1' } },
      otherAlgorithm: { value: { valid: false, reason: 'the token names another algorithm' } },
      noKeys: { unavailable: expect.stringContaining('use https') as unknown },
      noTag: { value: null },
    })
    expect(answers.tag).toEqual({ value: expect.stringMatching(/^[\w-]{22}$/) as unknown })
    expect(answers.random).not.toEqual(answers.otherRandom)
    expect(await questions(facts)).toEqual(answers)
    expect(facts.recorded).toHaveLength(10)
    expect(await questions(new ExchangeFacts(await make(), exchange()))).toEqual(answers)
  })

  it('gives no secret to the record', async () => {
    const facts = new ExchangeFacts(await make(), exchange())
    await questions(facts)
    const text = JSON.stringify(facts.recorded)
    for (const secret of [...token.split('.'), 'api-secret', 'other secret']) expect(text).not.toContain(secret)
  })
})

it('what was recorded is what was answered live', async () => {
  const again = await questions(new ExchangeFacts(new RecordedFacts(await record()), exchange()))
  expect(again).toEqual(await questions(new ExchangeFacts(live, exchange())))
})

it('a record does not answer what was never asked', async () => {
  const facts = new ExchangeFacts(new RecordedFacts(await record()), exchange())
  expect(() => facts.random('something new')).toThrow(MissingFact)
  expect(() => facts.signature(authorization, byUrl(), 'EdDSA', 'Bearer')).toThrow(
    `missing fact signature|header:authorization|Bearer|${byUrl().id}|EdDSA`,
  )
})

const draw = (id: string) => new ExchangeFacts(live, exchange(id)).random('split')

it('randomness belongs to the exchange', () => {
  expect(draw('a')).toEqual(draw('a'))
  expect(draw('a')).not.toEqual(draw('b'))
})

it('places are read as the client sent them, whatever policies changed since', () => {
  const judged = exchange()
  const facts = new ExchangeFacts(live, judged)
  judged.request = { ...judged.request, headers: judged.request.headers.without('authorization'), query: '' }
  expect(facts.token(authorization, 'Bearer')).toMatchObject({ value: { form: 'jws' } })
  expect(facts.tag(apiKey)).not.toEqual({ value: null })
})

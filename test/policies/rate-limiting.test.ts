import { describe, expect, it } from 'vitest'
import { MemoryState } from '../../gateway-core/pipeline/memory-state.ts'
import { rateLimiting } from '../../gateway-core/policies/rate-limiting.ts'
import { type Given, judgeWith, loadPolicies } from './harness.ts'

const start = Date.UTC(2026, 0, 15, 12)

/** Sends requests one after the other, with one state, and says of each whether it was admitted. */
async function send(config: object, requests: readonly (Given & { at?: number })[]) {
  const state = new MemoryState()
  const results = []
  for (const { at = 0, ...given } of requests) {
    results.push(await judgeWith({ 'rate-limiting': config }, { ...given, state, now: start + at }))
  }
  return results
}

const verdicts = (results: readonly { verdict: string }[]) =>
  results.map(({ verdict }) => (verdict === 'pass' ? 'pass' : 'deny'))
const times = (count: number, given: Given & { at?: number } = {}) => Array.from({ length: count }, () => given)

describe('rate-limiting', () => {
  it('has an example that loads', () => {
    expect(loadPolicies(rateLimiting.docs.example).problems).toEqual([])
  })

  it('admits the limit, then denies with what was seen, what was wanted and when to come again', async () => {
    const results = await send({ limit: 2, window: '10s' }, times(3))
    expect(verdicts(results)).toEqual(['pass', 'pass', 'deny'])
    const denied = results[2]!
    expect(denied).toMatchObject({ status: 429, code: 'LIMIT_REACHED' })
    expect(denied.evidence).toEqual([
      {
        at: { in: 'state' },
        observed: 0,
        expected: 'at most 2 per 10s (sliding-window)',
        detail: { by: 'ip', limit: 2, remaining: 0, retryAfterMs: 10_000 },
      },
    ])
    expect(denied.response.headers.get('retry-after')).toBe('10')
    expect(denied.response.headers.get('ratelimit-policy')).toBe('"ip/10s";q=2;w=10')
    expect(denied.response.headers.get('ratelimit')).toBe('"ip/10s";r=0;t=10')
  })

  it('tells the standing on responses that pass, as it was when the request was judged', async () => {
    const [first, second] = await send({ limit: 5, window: '1m', algorithm: 'fixed-window' }, [{}, { at: 15_000 }])
    expect(first!.response.headers.get('ratelimit')).toBe('"ip/1m";r=4;t=60')
    expect(second!.response.headers.get('ratelimit')).toBe('"ip/1m";r=3;t=45')
    expect(second!.response.headers.get('ratelimit-policy')).toBe('"ip/1m";q=5;w=60')
  })

  it('adds its members to those that are there, and says nothing when told so', async () => {
    const upstream = { headers: { 'RateLimit-Policy': '"up";q=9;w=1', RateLimit: '"up";r=8;t=1' } }
    const both = await judgeWith(
      [
        { 'rate-limiting': { limit: 5, window: '1m' } },
        { 'rate-limiting': { name: 'all', limit: 50, window: '1h', by: 'global' } },
      ],
      { response: upstream },
    )
    expect(both.response.headers.all('ratelimit-policy')).toEqual([
      '"up";q=9;w=1, "global/1h";q=50;w=3600, "ip/1m";q=5;w=60',
    ])
    const silent = await send({ limit: 1, window: '1m', headers: false }, times(2))
    expect(silent[0]!.response.headers.has('ratelimit')).toBe(false)
    expect(silent[1]!.response.headers.raw).toEqual(['Retry-After', '60'])
  })

  it('gives limits that count alike names of their own', async () => {
    const limit = (name: string, most: number) => ({ 'rate-limiting': { name, limit: most, window: '1m', by: 'ip' } })
    const { response } = await judgeWith([limit('a', 9), limit('b', 5), limit('c', 3)])
    expect(response.headers.get('ratelimit-policy')).toBe('"ip/1m";q=3;w=60, "ip/1m 2";q=5;w=60, "ip/1m 3";q=9;w=60')
    expect(response.headers.get('ratelimit')).toMatch(
      /^"ip\/1m";r=2;t=\d+, "ip\/1m 2";r=4;t=\d+, "ip\/1m 3";r=8;t=\d+$/,
    )
  })

  it('tells the standing on denials of later policies too', async () => {
    const result = await judgeWith([
      { 'rate-limiting': { limit: 5, window: '1m' } },
      { 'ip-restriction': { allow: ['10.0.0.0/8'] } },
    ])
    expect(result).toMatchObject({ status: 403, code: 'IP_NOT_ALLOWED' })
    expect(result.response.headers.get('ratelimit')).toContain('r=4')
  })

  it('shadow mode counts and notes, and neither denies nor writes headers', async () => {
    const results = await send({ mode: 'shadow', limit: 1, window: '1m' }, times(2))
    expect(verdicts(results)).toEqual(['pass', 'pass'])
    expect(results[1]!.trace[0]).toMatchObject({ verdict: 'would-deny', code: 'LIMIT_REACHED' })
    expect(results[0]!.response.headers.raw).toEqual([])
  })

  const alice = { consumer: { name: 'alice', groups: [] } }
  const bob = { consumer: { name: 'bob', groups: [] } }
  const tags = { tag: ({ place }: { place: { name: string } }) => `tag-of-${place.name}` }
  const groups: [by: string | string[], same: Given[], apart: Given[]][] = [
    [
      'ip',
      [{ request: { peer: '10.0.0.1' } }, { request: { peer: '::ffff:10.0.0.1' } }],
      [{ request: { peer: '10.0.0.1' } }, { request: { peer: '10.0.0.2' } }],
    ],
    [
      'ip',
      [{ request: { peer: '2001:db8::1' } }, { request: { peer: '2001:db8::ffff:1' } }],
      [{ request: { peer: '2001:db8::1' } }, { request: { peer: '2001:db8:0:1::1' } }],
    ],
    ['consumer', [alice, { ...alice, request: { peer: '10.9.9.9' } }], [alice, bob]],
    [
      'client-id',
      [{ claims: { client_id: 'a' } }, { claims: { azp: 'a' } }],
      [{ claims: { client_id: 'a' } }, { claims: { client_id: 'b' } }],
    ],
    [
      'claim:org.id',
      [{ claims: { org: { id: 7 } } }, { claims: { 'org.id': 7 } }],
      [{ claims: { org: { id: 7 } } }, { claims: { org: { id: '7' } } }],
    ],
    ['header:X-Key', [{ facts: tags }, { facts: tags }], [{ facts: tags }, { facts: { tag: () => 'another' } }]],
    ['route', [{}, {}], [{}, { route: { template: '/', id: 'other' } as never }]],
    ['api', [{}, { request: { url: '/x' } }], [{}, { route: { template: '/', api: 'other' } }]],
    [
      ['consumer', 'ip'],
      [alice, alice],
      [alice, { ...alice, request: { peer: '10.9.9.9' } }],
    ],
    ['global', [alice, { ...bob, request: { peer: '10.9.9.9', url: '/y' } }], []],
  ]
  it.each(groups)('counts apart by %s', async (by, same, apart) => {
    const config = { limit: 1, window: '1m', by }
    expect(verdicts(await send(config, same))).toEqual(['pass', 'deny'])
    expect(verdicts(await send(config, apart))).toEqual(apart.map(() => 'pass'))
  })

  it('values cannot be composed so that two keys become one', async () => {
    const config = { limit: 1, window: '1m', by: ['claim:a', 'claim:b'] }
    const results = await send(config, [
      { claims: { a: 'x"\nclaim:b:"y', b: 'z' } },
      { claims: { a: 'x', b: 'y"\nclaim:b:"z' } },
    ])
    expect(verdicts(results)).toEqual(['pass', 'pass'])
  })

  it.each([
    ['ip', ['pass', 'deny']],
    ['pass', ['pass', 'pass']],
    ['deny', ['deny', 'deny']],
  ])('a request without the value to count by: %s', async (whenMissing, expected) => {
    for (const by of ['consumer', 'claim:sub', 'client-id', ['ip', 'consumer'], 'header:x-key']) {
      const facts = { tag: () => null }
      const results = await send(
        { limit: 1, window: '1m', by, whenMissing },
        times(2, { facts, claims: { sub: ['a'] } }),
      )
      expect(verdicts(results)).toEqual(expected)
      if (whenMissing === 'deny') expect(results[0]).toMatchObject({ status: 403, code: 'LIMIT_KEY_MISSING' })
    }
  })

  it('keeps no header value in its state', async () => {
    const state = new MemoryState()
    const request = { headers: { 'x-api-key': 'very-secret' } }
    await judgeWith(
      { 'rate-limiting': { limit: 1, window: '1m', by: 'header:x-api-key' } },
      { request, facts: tags, state },
    )
    expect(JSON.stringify(state.snapshot(start))).not.toContain('very-secret')
  })

  it('denied requests count when told so', async () => {
    const trickle = [0, 500, 1000, 1500, 2000].map((at) => ({ at }))
    const config = { limit: 1, window: '1s', algorithm: 'token-bucket' }
    expect(verdicts(await send(config, trickle))).toEqual(['pass', 'deny', 'pass', 'deny', 'pass'])
    expect(verdicts(await send({ ...config, countDenied: true }, trickle))).toEqual([
      'pass',
      'deny',
      'deny',
      'deny',
      'deny',
    ])
  })

  it('cost and burst', async () => {
    expect(verdicts(await send({ limit: 4, burst: 2, cost: 3, window: '1m' }, times(3)))).toEqual([
      'pass',
      'pass',
      'deny',
    ])
    expect(verdicts(await send({ limit: 60, burst: 1, window: '1m', algorithm: 'leaky-bucket' }, times(3)))).toEqual([
      'pass',
      'pass',
      'deny',
    ])
  })

  it('a clock set back opens nothing', async () => {
    const results = await send({ limit: 1, window: '1s' }, [{ at: 0 }, { at: -3_600_000 }, { at: -3_590_000 }])
    expect(verdicts(results)).toEqual(['pass', 'deny', 'deny'])
  })

  it.each([
    [{ limit: 1, window: '0' }, '/window'],
    [{ limit: 1, window: '9999d' }, '/window'],
    [{ limit: 1, window: '1s', cost: 2 }, '/cost'],
    [{ limit: 10, window: '1s', cost: 3, algorithm: 'leaky-bucket', burst: 1 }, '/cost'],
    [{ limit: 1, window: '1s', by: ['global', 'ip'] }, '/by'],
  ])('says what is wrong with %j', (config, pointer) => {
    expect(loadPolicies({ 'rate-limiting': config }).problems).toEqual([expect.objectContaining({ pointer })])
  })

  it.each([
    { limit: 0 },
    { limit: -1 },
    { limit: 1.5 },
    { limit: 1e300 },
    { limit: Number.NaN },
    { by: 'weather' },
    { by: [] },
    { by: 'header:a b' },
    { window: 'soon' },
  ])('its schema refuses %j', (config) => {
    expect(() => loadPolicies({ 'rate-limiting': { limit: 1, window: '1s', ...config } })).toThrow()
  })
})

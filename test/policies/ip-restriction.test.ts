import { describe, expect, it } from 'vitest'
import { judgeWith } from './harness.ts'

const config = { allow: ['10.0.0.0/8', '2001:db8::/32', '192.0.2.7'], deny: ['10.6.6.0/24'] }
const call = (peer: string, given: object = config) => judgeWith({ 'ip-restriction': given }, { request: { peer } })

describe('an address', () => {
  it.each<[string, object, string | undefined, object | undefined]>([
    ['10.1.2.3', config, undefined, { observed: '10.1.2.3', expected: 'an address in 10.0.0.0/8' }],
    ['::ffff:10.1.2.3', config, undefined, {}],
    ['2001:db8::9', config, undefined, {}],
    ['192.0.2.7', config, undefined, {}],
    ['192.0.2.8', config, 'IP_NOT_ALLOWED', { expected: 'an address in 10.0.0.0/8, 2001:db8::/32, 192.0.2.7' }],
    ['2001:db9::1', config, 'IP_NOT_ALLOWED', {}],
    ['10.6.6.6', config, 'IP_DENIED', { observed: '10.6.6.6', expected: 'an address outside 10.6.6.0/24' }],
    ['203.0.113.1', { deny: ['10.0.0.0/8'] }, undefined, undefined],
    ['not an address', config, 'IP_NOT_ALLOWED', { expected: 'a valid client address' }],
  ])('%s', async (peer, given, code, evidence) => {
    const result = await call(peer, given)
    expect(result).toMatchObject({ verdict: code ? 'deny' : 'pass', code, problems: [] })
    if (evidence) expect(result.trace[0]!.evidence![0]).toMatchObject({ at: { in: 'client' }, ...evidence })
  })
})

it('is denied by a network of IPv4 addresses that is written as IPv6', async () => {
  expect((await call('10.1.1.1', { deny: ['::ffff:10.0.0.0/104'] })).code).toBe('IP_DENIED')
})

it('never counts as a network that is written short: 192.168/16 is 192.0.0.168/16 to who parses addresses', async () => {
  const { problems } = await call('192.168.1.1', { deny: ['192.168/16', '10', '010.0.0.0/8'] })
  expect(problems.map(({ pointer, suggestion }) => [pointer, suggestion])).toEqual([
    ['/deny/0', 'did you mean 192.168.0.0/16?'],
    ['/deny/1', 'write it like 10.0.0.0/8 or ::1'],
    ['/deny/2', 'write it like 10.0.0.0/8 or ::1'],
  ])
})

it('is judged as real-ip learned it', async () => {
  const policies = [{ 'real-ip': { trusted: ['127.0.0.1'] } }, { 'ip-restriction': config }]
  const headers = { 'x-forwarded-for': '10.6.6.6' }
  const result = await judgeWith(policies, { request: { peer: '127.0.0.1', headers } })
  expect(result).toMatchObject({ code: 'IP_DENIED', decidedBy: 'api:test/ip-restriction' })
})

it('names each network that is none', async () => {
  const { problems } = await call('10.0.0.1', { allow: ['10.0.0.0/8', '10.0.0.0/99'], deny: ['localhost'] })
  expect(problems.map(({ pointer, code }) => [pointer, code])).toEqual([
    ['/allow/1', 'BAD_ADDRESS'],
    ['/deny/0', 'BAD_ADDRESS'],
  ])
})

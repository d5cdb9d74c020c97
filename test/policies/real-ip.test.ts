import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { judgeWith } from './harness.ts'

const trusted = ['10.0.0.0/8', '2001:db8:ffff::/48']

async function clientOf(header: string, values: string[], peer = '10.0.0.1') {
  const headers = values.map((value) => [header, value] as const)
  const result = await judgeWith({ 'real-ip': { trusted, header } }, { request: { peer, headers } })
  expect(result).toMatchObject({ verdict: 'pass', problems: [] })
  return { address: result.learned.clientAddress, evidence: result.trace[0]?.evidence?.[0] }
}

describe('X-Forwarded-For', () => {
  it.each<[string, string[], string]>([
    ['one hop', ['203.0.113.7'], '203.0.113.7'],
    ['several hops, the last ones trusted', ['203.0.113.7, 10.1.1.1, 10.2.2.2'], '203.0.113.7'],
    ['what the client itself put in front', ['1.2.3.4, 203.0.113.7'], '203.0.113.7'],
    ['several fields', ['1.2.3.4', '203.0.113.7', '10.3.3.3'], '203.0.113.7'],
    ['only trusted hops', ['10.9.9.9, 10.8.8.8'], '10.9.9.9'],
    ['IPv6', ['2001:db8::5'], '2001:db8::5'],
    ['a port', ['203.0.113.7:51234'], '203.0.113.7'],
    ['IPv6 with a port', ['[2001:db8::5]:443'], '2001:db8::5'],
    ['IPv4 in IPv6', ['::ffff:203.0.113.7'], '203.0.113.7'],
    ['a trusted IPv6 hop', ['203.0.113.7, 2001:db8:ffff::1'], '203.0.113.7'],
  ])('%s', async (_name, values, address) => {
    expect((await clientOf('X-Forwarded-For', values)).address).toBe(address)
  })

  it.each([
    'unknown',
    '',
    '203.0.113',
    '0x7f.1',
    '010.0.0.1',
    '203.0.113.7.8',
    'fe80::1%eth0',
    '<script>',
    '1.2.3.4 5',
  ])('stops at %j and says so', async (hop) => {
    const { address, evidence } = await clientOf('X-Forwarded-For', [`1.2.3.4, ${hop}, 10.1.1.1`])
    expect(address).toBe('10.1.1.1')
    expect(evidence).toMatchObject({
      observed: JSON.stringify(hop),
      expected: expect.stringContaining('entry 2') as unknown,
    })
  })

  it('is not believed from anybody else', async () => {
    const { address, evidence } = await clientOf('X-Forwarded-For', ['127.0.0.1'], '203.0.113.9')
    expect(address).toBe('203.0.113.9')
    expect(evidence).toMatchObject({ observed: 'sent by 203.0.113.9' })
  })

  it('never gives an address that stands left of an untrusted one', async () => {
    const hop = fc.oneof(fc.ipV4(), fc.ipV6(), fc.string(), fc.constantFrom('10.0.0.9', 'unknown', ',', '203.0.113.1'))
    await fc.assert(
      fc.asyncProperty(fc.array(hop, { maxLength: 8 }), async (hops) => {
        const { address } = await clientOf('X-Forwarded-For', [['6.6.6.6', ...hops, '203.0.113.7'].join(', ')])
        expect(address).toBe('203.0.113.7')
      }),
      { numRuns: 200 },
    )
  })
})

describe('Forwarded (RFC 7239)', () => {
  it.each<[string, string[], string]>([
    ['one hop', ['for=203.0.113.7;proto=https'], '203.0.113.7'],
    ['a port behind a name', ['for="203.0.113.7:_p7", for="10.2.2.2:_ab.c-1"'], '203.0.113.7'],
    ['quoted IPv6 with a port behind a name', ['for="[2001:db8::17]:_x"'], '2001:db8::17'],
    ['an escaped character in quotes', ['for="203.0.113\\.7"'], '203.0.113.7'],
    ['quoted IPv6 with a port', ['For="[2001:db8::17]:4711"'], '2001:db8::17'],
    ['several elements and fields', ['for=1.2.3.4, for=203.0.113.7', 'by=10.0.0.1; for=10.2.2.2'], '203.0.113.7'],
    ['a comma inside quotes', ['for=203.0.113.7;ext="a, for=6.6.6.6"'], '203.0.113.7'],
    ['a hidden hop', ['for=6.6.6.6, for=_hidden, for=10.2.2.2'], '10.2.2.2'],
    ['for twice', ['for=6.6.6.6;for=7.7.7.7'], '10.0.0.1'],
    ['a quote left open', ['for=6.6.6.6, for="10.2.2.2'], '10.0.0.1'],
    ['no for', ['for=6.6.6.6, proto=http'], '10.0.0.1'],
  ])('%s', async (_name, values, address) => {
    expect((await clientOf('Forwarded', values)).address).toBe(address)
  })
})

it('a proxy on the same link is known by its address, whatever interface it comes by', async () => {
  const request = { peer: 'fe80::1%eth0', headers: { 'x-forwarded-for': '203.0.113.7' } }
  const { learned } = await judgeWith({ 'real-ip': { trusted: ['fe80::/10'] } }, { request })
  expect(learned.clientAddress).toBe('203.0.113.7')
})

it('X-Real-IP holds one address', async () => {
  expect((await clientOf('X-Real-IP', ['203.0.113.7'])).address).toBe('203.0.113.7')
  expect((await clientOf('X-Real-IP', ['203.0.113.7, 10.0.0.9'])).address).toBe('10.0.0.1')
})

it('names a network that is none', async () => {
  const { problems } = await judgeWith({ 'real-ip': { trusted: ['10.0.0.0/33'] } })
  expect(problems).toMatchObject([{ pointer: '/trusted/0', code: 'BAD_ADDRESS' }])
})

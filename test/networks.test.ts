import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { judgeWith } from './policies/harness.ts'
import { isInNetwork, notANetwork, parseAddress, parseNetwork, wideNetwork } from '../gateway-core/networks.ts'

const holds = (network: string, address: string) => isInNetwork(parseAddress(address)!, parseNetwork(network)!)

describe('a network', () => {
  it.each([
    ['10.0.0.0/8', '10.255.255.255', '11.0.0.0'],
    ['10.0.0.0/8', '10.0.0.0', '9.255.255.255'],
    ['10.1.2.3/32', '10.1.2.3', '10.1.2.4'],
    ['0.0.0.0/0', '255.255.255.255', '::1'],
    ['203.0.113.0/25', '203.0.113.127', '203.0.113.128'],
    ['2001:db8::/33', '2001:db8:7fff::1', '2001:db8:8000::'],
    ['::1', '::1', '::2'],
    ['::1', '0:0:0:0:0:0:0:1', '127.0.0.1'],
    ['fe80::/10', 'fe80::1%eth0', 'fec0::1'],
    ['10.0.0.0/8', '::ffff:10.1.1.1', '::ffff:11.1.1.1'],
    ['10.0.0.0/8', '::ffff:0a01:0101', '::fffe:a01:101'],
    ['::ffff:10.0.0.0/104', '10.1.1.1', '11.1.1.1'],
    ['::ffff:10.0.0.0/104', '::ffff:10.1.1.1', '::ffff:11.1.1.1'],
    ['::ffff:10.1.1.1', '10.1.1.1', '10.1.1.2'],
    ['::ffff:0:0/96', '192.0.2.1', '2001:db8::1'],
    ['::/0', '2001:db8::1', '10.0.0.1'],
  ])('%s holds %s and not %s', (network, inside, outside) => {
    expect(holds(network, inside)).toBe(true)
    expect(holds(network, outside)).toBe(false)
  })

  it.each([
    '10',
    '10.1',
    '192.168/16',
    '192.168.0/16',
    '10.0.0.0/',
    '10.0.0.0/33',
    '10.0.0.0/-1',
    '10.0.0.0/08x',
    '10.0.0.0/8/8',
    '10.0.0.0/255.0.0.0',
    '010.0.0.0/8',
    '0x7f.0.0.1',
    '2130706433',
    '10.0.0.256',
    '10.0.0.0.0',
    ' 10.0.0.1',
    '10.0.0.1 ',
    '１０.0.0.1',
    '::1%lo',
    'fe80::%eth0/64',
    '::/129',
    ':::',
    '1::2::3',
    '[::1]',
    '*',
    '',
    '/8',
    'localhost',
  ])('is not %j: programs read it differently, or not at all', (text) => {
    expect(parseNetwork(text)).toBeUndefined()
  })

  it('that is written short is told with what was most likely meant', () => {
    expect(notANetwork('192.168/16')[1]).toBe('did you mean 192.168.0.0/16?')
    expect(notANetwork('10/8')[1]).toBe('did you mean 10.0.0.0/8?')
    expect(notANetwork('300.1/16')[1]).toBe('write it like 10.0.0.0/8 or ::1')
    expect(notANetwork('10.0.0.0/99')[1]).toBe('write it like 10.0.0.0/8 or ::1')
  })

  it('holds an address alike in each of its spellings', () => {
    fc.assert(
      fc.property(fc.ipV4(), fc.nat(32), fc.ipV4(), (network, bits, address) => {
        const plain = holds(`${network}/${bits}`, address)
        expect(holds(`${network}/${bits}`, `::ffff:${address}`)).toBe(plain)
        expect(holds(`::ffff:${network}/${bits + 96}`, address)).toBe(plain)
      }),
    )
  })
})

describe('a network that is written by an address inside of it', () => {
  it.each([
    ['10.1.2.3/8', '10.0.0.0/8'],
    ['203.0.113.7/0', '0.0.0.0/0'],
    ['203.0.113.7/31', '203.0.113.6/31'],
    ['2001:db8::1/32', '2001:db8::/32'],
    ['::ffff:10.1.1.1/104', '10.0.0.0/8'],
  ])('%s is told to be %s', (text, whole) => {
    expect(wideNetwork(text)?.[0]).toBe(`"${text}" is all of ${whole}`)
  })

  it.each(['10.0.0.0/8', '10.1.2.3/32', '10.1.2.3', '::/0', '::1/128', '2001:db8::/32', 'nothing', '10.0.0.1/99'])(
    '%s is none',
    (text) => expect(wideNetwork(text)).toBeUndefined(),
  )

  it('is warned of, and works', async () => {
    const { problems, code } = await judgeWith(
      { 'ip-restriction': { deny: ['10.1.2.3/8'] } },
      { request: { peer: '10.9.9.9' } },
    )
    expect([problems.map((problem) => problem.code), code]).toEqual([['UNSAFE'], 'IP_DENIED'])
  })
})

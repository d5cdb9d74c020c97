import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { spokenIn } from '../../gateway-core/proxy/forward-proxy-first-bytes.ts'
import { matchesHost, ProxyHosts } from '../../gateway-core/proxy/forward-proxy-hosts.ts'
import { isNearby, OwnAddresses, staysHere } from '../../gateway-core/proxy/forward-proxy-places.ts'
import { hostPattern } from '../../gateway-core/config/proxy-listen.ts'

describe('what a client speaks, by its first bytes', () => {
  test.each([
    ['', 'more'],
    ['\x16', 'more'],
    ['\x16\x03\x01', 'tls'],
    ['\x16\x02', 'other'],
    ['GET / HTTP/1.1\r\n', 'http'],
    ['OPTIONS * HTTP/1.1', 'http'],
    ['GET http://a/ HTTP/1.1', 'http'],
    ['M-SEARCH * HTTP/1.1', 'http'],
    ['GE', 'more'],
    ['GET ', 'more'],
    ['GET h', 'more'],
    ['GET x', 'other'],
    ['PRI * HTTP/2.0\r\n\r\nSM', 'h2c'],
    ['PRI * HT', 'more'],
    ['PRI /x HTTP/1.1', 'http'],
    ['SSH-2.0-OpenSSH', 'other'],
    ['*1\r\n$4\r\nPING', 'other'],
    ['EHLO mail.test\r\n', 'other'],
    ['get / HTTP/1.1', 'other'],
    ['\0\0\0\x08', 'other'],
    ['ABCDEFGHIJKLMNOPQRSTUVWXYZ / HTTP/1.1', 'other'],
  ])('%j is %s', (bytes, spoken) => expect(spokenIn(Buffer.from(bytes, 'latin1'))).toBe(spoken))

  test('is never something else once it was clear, however the bytes come in', () => {
    const protocols = fc.constantFrom(
      'GET /x HTTP/1.1\r\n',
      '\x16\x03\x01\x02',
      'PRI * HTTP/2.0\r\n\r\n',
      'SSH-2.0-x\r\n',
    )
    fc.assert(
      fc.property(fc.oneof(protocols, fc.string({ unit: 'binary-ascii', maxLength: 60 })), (text) => {
        const bytes = Buffer.from(text, 'latin1')
        const settled = new Set<string>()
        for (let end = 1; end <= bytes.length; end++) {
          const spoken = spokenIn(bytes.subarray(0, end))
          if (spoken !== 'more') settled.add(spoken)
          else expect(settled.size).toBe(0)
        }
        expect(settled.size).toBeLessThanOrEqual(1)
      }),
    )
  })
})

describe('hosts that are passed through', () => {
  test.each([
    ['bank.example', 'bank.example', 443, true],
    ['bank.example', 'api.bank.example', 443, false],
    ['*.bank.example', 'api.bank.example', 443, true],
    ['*.bank.example', 'bank.example', 443, false],
    ['*.bank.example', 'evilbank.example', 443, false],
    ['bank.example:8443', 'bank.example', 443, false],
    ['bank.example:8443', 'bank.example', 8443, true],
    ['[::1]', '::1', 443, true],
    ['[::1]:8443', '::1', 443, false],
  ])('%s means %s:%d: %s', (pattern, host, port, means) => expect(matchesHost(pattern, host, port)).toBe(means))

  test.each(['Bank.Example', '*.a.b', 'a:8443', '[::1]:443', '10.0.0.1'])('%s is a pattern', (text) =>
    expect(hostPattern(text)).toBe(text.toLowerCase()),
  )
  test.each(['', 'https://a', 'a/b', '*', 'a b', '*.*.a', 'a:b'])('%j is none', (text) =>
    expect(hostPattern(text)).toBeUndefined(),
  )

  test('are kept when asked for, and forgotten as refused', () => {
    const kept: (readonly string[])[] = []
    const hosts = new ProxyHosts(
      () => ['*.fixed.test'],
      ['known.test'],
      (patterns) => kept.push(patterns),
    )
    let told = 0
    const stop = hosts.watch(() => (told += 1))
    expect([hosts.passes('a.fixed.test', 443), hosts.passes('known.test', 1), hosts.passes('a.test', 443)]).toEqual([
      true,
      true,
      false,
    ])
    hosts.refuse('a.test', 443, 'why', 1)
    hosts.refuse('a.test', 443, 'why', 2)
    expect(hosts.refused).toEqual([{ host: 'a.test', port: 443, why: 'why', times: 2, at: 2 }])
    hosts.pass('a.test')
    expect(hosts.refused).toEqual([])
    hosts.open('known.test')
    expect(kept).toEqual([['known.test', 'a.test'], ['a.test']])
    stop()
    hosts.pass('b.test')
    expect(told).toBe(4)
  })

  test('a client that left once may have had other reasons; a request between clears it', () => {
    const hosts = new ProxyHosts(() => [], [])
    expect(hosts.suspect('a.test', 443)).toBe(false)
    hosts.accept('a.test', 443)
    expect(hosts.suspect('a.test', 443)).toBe(false)
    expect(hosts.suspect('a.test', 443)).toBe(true)
  })
})

describe('where something is', () => {
  test.each([
    ['localhost', true],
    ['a.localhost', true],
    ['localhost.', true],
    ['127.9.9.9', true],
    ['::1', true],
    ['::ffff:127.0.0.1', true],
    ['0.0.0.0', true],
    ['10.0.0.1', false],
    ['example.com', false],
  ])('%s stays on this machine: %s', (host, stays) => expect(staysHere(host)).toBe(stays))

  test.each([
    ['127.0.0.1', true],
    ['192.168.1.9', true],
    ['10.1.1.1', true],
    ['fe80::1%eth0', true],
    ['fd00::9', true],
    ['8.8.8.8', false],
    ['2a00::1', false],
    ['', false],
  ])('%s is near: %s', (address, near) => expect(isNearby(address)).toBe(near))

  test('a proxy on every address knows itself by each, at its port alone', () => {
    const own = new OwnAddresses({ host: '0.0.0.0', port: 8888 })
    expect([own.is('127.0.0.1', 8888), own.is('localhost', 8888), own.is('127.0.0.1', 8889)]).toEqual([
      true,
      true,
      false,
    ])
    expect(own.is('example.com', 8888)).toBe(false)
  })
})

import { once } from 'node:events'
import http from 'node:http'
import net, { type AddressInfo, type Socket } from 'node:net'
import { describe, expect, test } from 'vitest'
import { outboundProxyFrom, proxyFor } from '../../gateway-core/proxy/outbound-proxy.ts'
import { testGateway, testUpstream } from '../gateway-fixture.ts'

const env = {
  HTTP_PROXY: 'http://plain:3128',
  HTTPS_PROXY: 'http://secure:3128',
  NO_PROXY: 'direct.example, .inside.example,port.example:8443',
}

describe('which proxy', () => {
  test.each([
    ['http://a.example/', 'http://plain:3128'],
    ['https://a.example/', 'http://secure:3128'],
    ['https://direct.example/', undefined],
    ['https://deep.direct.example/', undefined],
    ['https://notdirect.example/', 'http://secure:3128'],
    ['https://x.inside.example/', undefined],
    ['https://port.example:8443/', undefined],
    ['https://port.example/', 'http://secure:3128'],
    ['http://127.0.0.1:9001/', undefined],
    ['http://localhost/', undefined],
    ['http://[::1]/', undefined],
  ])('%s → %s', (url, expected) => expect(proxyFor(new URL(url), outboundProxyFrom(env))).toBe(expected))

  test('lower-case variables win, an empty one counts as none, * excepts all', () => {
    expect(outboundProxyFrom({ http_proxy: 'http://low:1', HTTP_PROXY: 'http://up:1' }).http).toBe('http://low:1')
    expect(outboundProxyFrom({ HTTPS_PROXY: '' }).https).toBeUndefined()
    expect(proxyFor(new URL('https://a.example'), outboundProxyFrom({ ...env, NO_PROXY: '*' }))).toBeUndefined()
  })
})

test('requests to an upstream go through the proxy of the environment', async () => {
  const upstream = await testUpstream()
  const asked: string[] = []
  const proxy = http.createServer()
  proxy.on('connect', (request, socket: Socket, head: Buffer) => {
    asked.push(request.url!)
    const through = net.connect(upstream.port, '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 Connection Established\r\n\r\n')
      through.write(head)
      through.pipe(socket).pipe(through)
    })
    for (const end of [through, socket]) end.on('error', () => undefined)
  })
  proxy.listen(0, '127.0.0.1')
  await once(proxy, 'listening')
  const port = (proxy.address() as AddressInfo).port
  const gate = await testGateway(
    'upstreams: { far: "http://far.example" }\napis:\n  - { name: far, upstream: far }\n',
    {},
    { HTTP_PROXY: `http://127.0.0.1:${port}` },
  )
  try {
    const response = await fetch(`${gate.url}/books`)
    expect(response.status).toBe(200)
    expect(asked).toEqual(['far.example:80'])
    expect(upstream.seen[0]!.headers).toEqual(expect.arrayContaining(['far.example']))
  } finally {
    await gate.close()
    proxy.close()
    proxy.closeAllConnections()
    await upstream.close()
  }
})

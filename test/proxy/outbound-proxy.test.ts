import { once } from 'node:events'
import http from 'node:http'
import net, { type AddressInfo, type Socket } from 'node:net'
import { describe, expect, test } from 'vitest'
import { outboundProxyFrom, proxyFor } from '../../gateway-core/proxy/outbound-proxy.ts'
import { WebSocket, WebSocketServer } from 'ws'
import { type TestUpstream, testGateway, testUpstream } from '../gateway-fixture.ts'
import { ask, open } from './asking.ts'

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

/** A corporate proxy: leads everything to one server, and may want a password. */
async function corporate(upstream: TestUpstream, password?: string): Promise<{ url: string; asked: string[] }> {
  const asked: string[] = []
  const admits = (request: http.IncomingMessage) =>
    password === undefined || request.headers['proxy-authorization'] === `Basic ${btoa(password)}`
  const proxy = http.createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`)
    if (!admits(request)) return response.writeHead(407, { 'Proxy-Authenticate': 'Basic realm=x' }).end('no')
    const { method, headers } = request
    const path = new URL(request.url!).href.replace(/^http:\/\/[^/]+/, '')
    const onwards = http.request({ port: upstream.port, method, path, headers }, (answer) => {
      response.writeHead(answer.statusCode!, answer.rawHeaders as never)
      answer.pipe(response)
    })
    request.pipe(onwards)
  })
  proxy.on('connect', (request, socket: Socket, head: Buffer) => {
    asked.push(request.url!)
    if (!admits(request)) {
      socket.end('HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n')
      return
    }
    const through = net.connect(upstream.port, '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 Connection Established\r\n\r\n')
      through.write(head)
      through.pipe(socket).pipe(through)
    })
    for (const end of [through, socket]) end.on('error', () => undefined)
  })
  proxy.listen(0, '127.0.0.1')
  await once(proxy, 'listening')
  open.push({
    close: async () => {
      proxy.close()
      proxy.closeAllConnections()
    },
  })
  return { url: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`, asked }
}

async function far(env: Record<string, string>, listen = '') {
  const gate = await testGateway(
    `${listen}upstreams: { far: "http://far.example" }\napis:\n  - { name: far, upstream: far }\n`,
    {},
    env,
  )
  open.push(gate)
  return gate
}

async function upstreamWithSockets(): Promise<TestUpstream> {
  const upstream = await testUpstream()
  const sockets = new WebSocketServer({ server: upstream.server })
  sockets.on('connection', (socket) => socket.on('message', (data) => socket.send(`echo ${String(data as Buffer)}`)))
  open.push({ close: () => upstream.close() })
  open.push({ close: async () => sockets.clients.forEach((one) => one.terminate()) })
  return upstream
}

describe('what is no plain request', () => {
  test('WebSockets go through the proxy of the environment', async () => {
    const proxy = await corporate(await upstreamWithSockets())
    const gate = await far({ HTTP_PROXY: proxy.url })
    const client = new WebSocket(`${gate.url.replace('http', 'ws')}/chat`)
    await once(client, 'open')
    client.send('hello')
    expect(String((await once(client, 'message'))[0])).toBe('echo hello')
    client.close()
    expect(proxy.asked).toEqual(['far.example:80'])
  })

  test('requests without TLS are given to it whole, as company proxies want them', async () => {
    const upstream = await upstreamWithSockets()
    const proxy = await corporate(upstream, 'me:s@cret')
    const gate = await far({ HTTP_PROXY: proxy.url.replace('//', '//me:s%40cret@') })
    for (const path of ['/books?page=1', '/again']) {
      expect((await ask(`${gate.url}${path}`, { method: 'POST', body: 'ab' })).status).toBe(200)
    }
    expect(proxy.asked).toEqual(['POST http://far.example/books?page=1', 'POST http://far.example/again'])
    expect(upstream.seen[0]).toMatchObject({ url: '/books?page=1', body: Buffer.from('ab') })
    expect(upstream.seen[0]!.headers).toEqual(expect.arrayContaining(['far.example']))
  })

  test('what it asks of us is no answer to the client', async () => {
    const proxy = await corporate(await upstreamWithSockets(), 'me:secret')
    const gate = await far({ HTTP_PROXY: proxy.url })
    const recorded = gate.next()
    const answer = await ask(`${gate.url}/books`)
    expect([answer.status, answer.headers['proxy-authenticate']]).toEqual([502, undefined])
    const [record] = await recorded
    expect(record!.error).toContain('407 (it wants a name and a password)')
  })

  test('requests that wait for 100 Continue do too', async () => {
    const proxy = await corporate(await upstreamWithSockets())
    const gate = await far({ HTTP_PROXY: proxy.url })
    const headers = { Expect: '100-continue', 'Content-Length': '2' }
    const answer = await ask(`${gate.url}/books`, { method: 'POST', headers, body: 'ab' })
    expect(answer.status).toBe(200)
    expect(proxy.asked).toEqual(['POST http://far.example/books'])
  })

  test('a name and a password are given to it; without them its answer is told', async () => {
    const upstream = await upstreamWithSockets()
    const proxy = await corporate(upstream, 'me:secret')
    const known = await far({ HTTP_PROXY: proxy.url.replace('//', '//me:secret@') })
    const client = new WebSocket(`${known.url.replace('http', 'ws')}/chat`)
    await once(client, 'open')
    client.close()
    const unknown = await far({ HTTP_PROXY: proxy.url })
    const recorded = unknown.next()
    const refused = new WebSocket(`${unknown.url.replace('http', 'ws')}/chat`)
    await once(refused, 'error')
    const [record] = await recorded
    expect(record).toMatchObject({ status: 502, code: 'UPSTREAM_UNREACHABLE' })
    expect(record!.error).toContain('407 (it wants a name and a password)')
  })
})

describe('with a forward proxy', () => {
  const listen = 'listen: { http: "127.0.0.1:0", proxy: "127.0.0.1:0" }\n'

  test('what is only observed goes through the proxy of the environment', async () => {
    const proxy = await corporate(await upstreamWithSockets())
    const gate = await far({ HTTP_PROXY: proxy.url }, listen)
    const path = 'http://anywhere.example/x'
    const answer = await ask(gate.gateway.proxy.address!.url, { path, headers: { Host: 'anywhere.example' } })
    expect(answer.status).toBe(200)
    expect(proxy.asked).toEqual(['GET http://anywhere.example/x'])
  })

  test('an environment that names the forward proxy itself is refused: it would be a loop', async () => {
    const gate = await far({ HTTP_PROXY: 'http://localhost:48123' }, listen)
    await expect(gate.gateway.proxy.open({ host: '127.0.0.1', port: 48_123 })).rejects.toThrow(
      /would be this proxy itself/,
    )
  })
})

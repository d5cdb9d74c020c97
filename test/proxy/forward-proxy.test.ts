import { X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import http2 from 'node:http2'
import net from 'node:net'
import tls from 'node:tls'
import { describe, expect, test } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { ask, open, raw, upstream } from './asking.ts'
import { connect, connectTls, fails, heard, type ProxyRig, otherCa, proxied, say, secureUpstream } from './proxied.ts'

const close = 'Connection: close\r\n\r\n'

/** A TLS server on localhost whose CA the proxy trusts, and the proxy before it. */
async function trusting(body = '', host = 'localhost') {
  const other = await otherCa()
  const up = await secureUpstream(await other.leaf(host))
  const target = `${host}:${up.port}`
  const rig = await proxied(body.replaceAll('UPSTREAM', up.url).replaceAll('TARGET', target), ', trust: [ca.pem]', {
    'ca.pem': other.pem,
  })
  return { ...rig, up, target }
}

async function askInside({ proxy, ca }: ProxyRig, target: string, path: string, host = target): Promise<string> {
  const servername = net.isIP(target.replace(/:\d+$/, '')) ? '' : target.replace(/:\d+$/, '')
  const socket = await connectTls(proxy.port, target, { ca, servername, ALPNProtocols: ['http/1.1'] })
  return say(socket, `GET ${path} HTTP/1.1\r\nHost: ${host}\r\n${close}`)
}

const codeIn = (text: string) => /"code":"([A-Z_]+)"/.exec(text)?.[1]

describe('HTTP in absolute form', () => {
  test('what no route takes passes as it was sent, and says that it was only observed', async () => {
    const up = await upstream()
    const { gate, proxy } = await proxied()
    const recorded = gate.next()
    const host = `127.0.0.1:${up.port}`
    const answer = await ask(proxy.url, {
      path: `http://${host}/a%2Fb/../c?x=1`,
      headers: { Host: host, 'Proxy-Connection': 'keep-alive', 'Proxy-Authorization': 'Basic eDp5', 'X-Own': '1' },
    })
    expect([answer.status, String(answer.body)]).toEqual([200, '{"ok":true}'])
    expect(answer.headers['via']).toBeUndefined()
    expect(up.seen[0]!.url).toBe('/a%2Fb/../c?x=1')
    expect(up.seen[0]!.headers).toEqual(['host', host, 'connection', 'keep-alive', 'X-Own', '1'])
    const [record] = await recorded
    expect(record).toMatchObject({
      listener: 'proxy',
      verdict: 'pass',
      status: 200,
      trace: [],
      upstream: { name: host, url: `http://${host}/a%2Fb/../c?x=1` },
    })
    expect(record!.route).toBeUndefined()
  })

  test('a route that names the host judges; an ambiguous path to that host is refused', async () => {
    const up = await upstream()
    const { gate, proxy } = await proxied(`
upstreams: { up: ${up.url} }
apis:
  - name: shop
    host: shop.test
    upstream: up
    routes:
      - { path: /closed, policies: [{ ip-restriction: { deny: [127.0.0.1] } }] }
      - { path: /open }
`)
    const to = async (path: string) => {
      const { status, body } = await ask(proxy.url, { path: `http://shop.test${path}`, headers: { Host: 'shop.test' } })
      return [status, codeIn(String(body))]
    }
    expect(await to('/open')).toEqual([200, undefined])
    expect(await to('/closed')).toEqual([403, 'IP_DENIED'])
    expect(await to('/%2e%2e%2fclosed')).toEqual([400, 'AMBIGUOUS_PATH'])
    expect(up.seen.map(({ url }) => url)).toEqual(['/open'])
    expect(gate.records.map(({ route }) => route?.id)).toEqual(['shop/open', 'shop/closed', undefined])
  })

  test('routes for any host and policies of the workspace are not meant for what goes to any server', async () => {
    const up = await upstream()
    const { gate, proxy } = await proxied(`
policies: [{ ip-restriction: { deny: [127.0.0.1] } }]
upstreams: { elsewhere: "http://127.0.0.1:1" }
apis: [{ name: all, upstream: elsewhere }]
`)
    const host = `127.0.0.1:${up.port}`
    const answer = await ask(proxy.url, { path: `http://${host}/x`, headers: { Host: host } })
    expect(answer.status).toBe(200)
    expect(gate.records[0]).toMatchObject({ trace: [], verdict: 'pass' })
    expect((await ask(`${gate.url}/x`)).status).toBe(403)
  })

  test.each([
    ['origin form is for the gateway', 'GET /x HTTP/1.1\r\nHost: a.test\r\n', 400, 'BAD_TARGET'],
    ['another Host', 'GET http://a.test/ HTTP/1.1\r\nHost: b.test\r\n', 400, 'BAD_TARGET'],
    ['HTTPS in absolute form', 'GET https://a.test/ HTTP/1.1\r\nHost: a.test\r\n', 400, 'BAD_TARGET'],
    [
      'two lengths',
      'POST http://a.test/ HTTP/1.1\r\nHost: a.test\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n',
      400,
      undefined,
    ],
    [
      'h2c',
      'GET http://a.test/ HTTP/1.1\r\nHost: a.test\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n',
      501,
      'UPGRADE_REFUSED',
    ],
  ])('%s is refused', async (_, head, status, code) => {
    const { proxy } = await proxied()
    const text = await raw(proxy.url, `${head}${close}`)
    expect(Number(/ (\d{3}) /.exec(text)?.[1])).toBe(status)
    if (code) expect(codeIn(text)).toBe(code)
  })

  test('an unreachable server is told by name and reason', async () => {
    const { proxy } = await proxied()
    const answer = await ask(proxy.url, { path: 'http://127.0.0.1:1/', headers: { Host: '127.0.0.1:1' } })
    expect(answer.status).toBe(502)
    expect(JSON.parse(String(answer.body))).toMatchObject({
      code: 'UPSTREAM_UNREACHABLE',
      detail: expect.stringContaining('127.0.0.1:1') as string,
    })
  })
})

describe('the proxy itself', () => {
  test.each(['/', 'http://gatehouse.internal/'])('has a page at %s, with the certificate', async (path) => {
    const { proxy, ca } = await proxied()
    const headers = path.startsWith('http') ? { Host: 'gatehouse.internal' } : {}
    const page = await ask(proxy.url, { path, headers })
    expect(page.status).toBe(200)
    expect(String(page.body)).toContain(new X509Certificate(ca).fingerprint256)
    const pem = await ask(proxy.url, { path: `${path}ca.pem`, headers })
    expect(String(pem.body).trim()).toBe(ca.trim())
    const der = await ask(proxy.url, { path: `${path}ca.crt`, headers })
    expect(der.headers['content-type']).toBe('application/x-x509-ca-cert')
    expect(new X509Certificate(der.body).fingerprint256).toBe(new X509Certificate(ca).fingerprint256)
    expect((await ask(proxy.url, { path, method: 'POST', headers })).status).toBe(405)
  })

  test('connects to itself by no name', async () => {
    const { gate, proxy } = await proxied()
    for (const name of ['127.0.0.1', 'localhost', '127.8.8.8', '[::1]']) {
      const { status } = await connect(proxy.port, `${name}:${proxy.port}`)
      expect([name, status]).toEqual([name, 508])
    }
    expect(gate.records.map(({ code }) => code)).toEqual(Array.from({ length: 4 }, () => 'PROXY_LOOP'))
  })
})

describe('CONNECT', () => {
  test.each([
    ['no port', 'CONNECT a.test HTTP/1.1\r\nHost: a.test\r\n\r\n', 400, 'BAD_TARGET'],
    ['port 0', 'CONNECT a.test:0 HTTP/1.1\r\nHost: a.test:0\r\n\r\n', 400, 'BAD_TARGET'],
    ['user info', 'CONNECT me@a.test:443 HTTP/1.1\r\nHost: a.test:443\r\n\r\n', 400, 'BAD_TARGET'],
    ['another Host', 'CONNECT a.test:443 HTTP/1.1\r\nHost: b.test:443\r\n\r\n', 400, 'BAD_HOST'],
    ['two Hosts', 'CONNECT a.test:443 HTTP/1.1\r\nHost: a.test:443\r\nHost: a.test:443\r\n\r\n', 400, 'BAD_HOST'],
    [
      'content',
      'CONNECT a.test:443 HTTP/1.1\r\nHost: a.test:443\r\nContent-Length: 5\r\n\r\n',
      400,
      'AMBIGUOUS_LENGTH',
    ],
  ])('with %s is refused', async (_, head, status, code) => {
    const { gate, proxy } = await proxied()
    const text = await raw(proxy.url, head)
    expect(Number(/ (\d{3}) /.exec(text)?.[1])).toBe(status)
    expect(codeIn(text)).toBe(code)
    expect(gate.records[0]).toMatchObject({ verdict: 'refused', code, listener: 'proxy' })
  })

  test('TLS is opened with a certificate for the host alone', async () => {
    const { gate, proxy, ca, up, target } = await trusting()
    const recorded = gate.next()
    const socket = await connectTls(proxy.port, target, { ca, servername: 'localhost', ALPNProtocols: ['http/1.1'] })
    const text = await say(socket, `GET /books HTTP/1.1\r\nHost: ${target}\r\n${close}`)
    expect(text).toContain('{"ok":true}')
    expect((await recorded)[0]).toMatchObject({
      listener: 'proxy',
      request: { scheme: 'https', authority: target, target: '/books' },
      upstream: { url: `https://${target}/books` },
    })
    expect(up.seen).toHaveLength(1)
  })

  test.each([
    ['shop.example', 'DNS:shop.example'],
    ['192.0.2.7', 'IP Address:192.0.2.7'],
    ['[2001:db8::7]', 'IP Address:2001:DB8:0:0:0:0:0:7'],
  ])('the certificate for %s names it alone, and is valid for less than 398 days', async (host, name) => {
    const { proxy, ca } = await proxied()
    const bare = host.replace(/[[\]]/g, '')
    const servername = net.isIP(bare) ? '' : bare
    const socket = await connectTls(proxy.port, `${host}:443`, { ca, servername, checkServerIdentity: () => undefined })
    const leaf = new X509Certificate(socket.getPeerCertificate().raw)
    expect(leaf.subjectAltName).toBe(name)
    expect(leaf.verify(new X509Certificate(ca).publicKey)).toBe(true)
    const days = (Date.parse(leaf.validTo) - Date.parse(leaf.validFrom)) / 86_400_000
    expect(days).toBeLessThan(398)
    expect(Date.parse(leaf.validFrom)).toBeLessThan(Date.now())
  })

  test('HTTP/2 by ALPN, several requests on one connection', async () => {
    const { gate, proxy, ca, target } = await trusting()
    const recorded = gate.next(2)
    const socket = await connectTls(proxy.port, target, { ca, servername: 'localhost', ALPNProtocols: ['h2'] })
    const session = http2.connect(`https://${target}`, { createConnection: () => socket.resume() })
    for (const path of ['/books', '/authors']) {
      const stream = session.request({ ':path': path })
      const [head] = (await once(stream, 'response')) as [http2.IncomingHttpHeaders]
      expect(head[':status']).toBe(200)
      expect(Buffer.concat(await stream.toArray()).toString()).toBe('{"ok":true}')
    }
    session.destroy()
    expect((await recorded).map(({ request }) => [request.httpVersion, request.path])).toEqual([
      ['2', '/books'],
      ['2', '/authors'],
    ])
  })

  test('plain HTTP inside is read too, also when it comes in pieces', async () => {
    const up = await upstream()
    const { gate, proxy } = await proxied()
    const recorded = gate.next()
    const { status, socket } = await connect(proxy.port, `127.0.0.1:${up.port}`)
    expect(status).toBe(200)
    socket.write('GE')
    await new Promise((resolve) => setTimeout(resolve, 30))
    const text = await say(socket, `T /x HTTP/1.1\r\nHost: 127.0.0.1:${up.port}\r\n${close}`)
    expect(text).toContain('{"ok":true}')
    expect((await recorded)[0]).toMatchObject({ listener: 'proxy', request: { scheme: 'http', path: '/x' } })
  })

  test('a route that names host and port judges what comes out', async () => {
    const rig = await trusting(`
upstreams: { up: UPSTREAM }
apis:
  - name: shop
    host: "TARGET"
    upstream: up
    routes:
      - { path: /closed, policies: [{ ip-restriction: { deny: [127.0.0.1] } }] }
      - { path: /open }
`)
    expect(codeIn(await askInside(rig, rig.target, '/closed'))).toBe('IP_DENIED')
    expect(await askInside(rig, rig.target, '/open')).toContain('{"ok":true}')
    expect(await askInside(rig, rig.target, '/elsewhere')).toContain('{"ok":true}')
    expect(rig.gate.records.map(({ route, verdict }) => [route?.id, verdict])).toEqual([
      ['shop/closed', 'deny'],
      ['shop/open', 'pass'],
      [undefined, 'pass'],
    ])
  })

  test('another server than CONNECT named is refused with 421', async () => {
    const rig = await trusting()
    const text = await askInside(rig, rig.target, '/', 'other.test')
    expect(text).toMatch(/^HTTP\/1\.1 421 /)
    expect(codeIn(text)).toBe('MISDIRECTED_REQUEST')
    expect(rig.up.seen).toEqual([])
  })

  test('a certificate of the server that does not verify is 502 and says why', async () => {
    const other = await otherCa()
    const wrong = await secureUpstream(await other.leaf('elsewhere.test'))
    const unknown = await secureUpstream(await other.leaf('localhost'))
    const trustingRig = await proxied('', ', trust: [ca.pem]', { 'ca.pem': other.pem })
    const doubting = await proxied()
    const one = await askInside(trustingRig, `localhost:${wrong.port}`, '/')
    expect(one).toMatch(/^HTTP\/1\.1 502 /)
    expect(one).toContain('elsewhere.test')
    const two = await askInside(doubting, `localhost:${unknown.port}`, '/')
    expect(codeIn(two)).toBe('UPSTREAM_NOT_TRUSTED')
    expect(two).toContain('listen.proxy.trust')
    expect([...wrong.seen, ...unknown.seen]).toEqual([])
  })
})

describe('WebSockets', () => {
  async function echoing(server: net.Server | import('node:https').Server) {
    const sockets = new WebSocketServer({ server: server as never })
    sockets.on('connection', (socket) => socket.on('message', (data) => socket.send(`echo ${String(data as Buffer)}`)))
    open.push({ close: async () => sockets.clients.forEach((one) => one.terminate()) })
  }

  test('through TLS that was opened', async () => {
    const { gate, proxy, ca, up, target } = await trusting()
    await echoing(up.server)
    const recorded = gate.next()
    const inside = await connectTls(proxy.port, target, { ca, servername: 'localhost', ALPNProtocols: ['http/1.1'] })
    const client = new WebSocket(`wss://${target}/chat`, { createConnection: () => inside })
    await once(client, 'open')
    client.send('hello')
    const [data] = (await once(client, 'message')) as [Buffer]
    expect(String(data)).toBe('echo hello')
    client.close()
    expect((await recorded)[0]).toMatchObject({ listener: 'proxy', upgrade: 'websocket', status: 101, verdict: 'pass' })
  })

  test('through plain CONNECT', async () => {
    const up = await upstream()
    await echoing(up.server)
    const { proxy } = await proxied()
    const { socket } = await connect(proxy.port, `127.0.0.1:${up.port}`)
    const client = new WebSocket(`ws://127.0.0.1:${up.port}/chat`, { createConnection: () => socket.resume() })
    await once(client, 'open')
    client.send('hello')
    expect(String((await once(client, 'message'))[0])).toBe('echo hello')
    client.close()
  })
})

describe('what is no HTTP', () => {
  async function talking(speak: (socket: net.Socket) => void): Promise<number> {
    const server = net.createServer((socket) => {
      socket.on('error', () => undefined)
      speak(socket)
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    open.push({ close: async () => server.close() })
    return (server.address() as net.AddressInfo).port
  }

  test('passes as a tunnel, recorded with its bytes when it ends', async () => {
    const port = await talking((socket) => socket.on('data', (chunk) => socket.write(`you said ${String(chunk)}`)))
    const { gate, proxy } = await proxied()
    const recorded = gate.next()
    const { socket } = await connect(proxy.port, `127.0.0.1:${port}`)
    socket.write('*1\r\n$4\r\nPING\r\n')
    expect(await heard(socket)).toBe('you said *1\r\n$4\r\nPING\r\n')
    socket.end()
    expect((await recorded)[0]).toMatchObject({
      listener: 'proxy',
      verdict: 'pass',
      state: 'done',
      request: { method: 'CONNECT', authority: `127.0.0.1:${port}` },
      tunnel: { reason: 'not-http', bytesIn: 14, bytesOut: 23 },
    })
  })

  test('also when the server speaks first', async () => {
    const port = await talking((socket) => socket.write('220 mail.test ready\r\n'))
    const { proxy } = await proxied()
    const { socket } = await connect(proxy.port, `127.0.0.1:${port}`)
    expect(await heard(socket)).toBe('220 mail.test ready\r\n')
  })

  test('a client that begins TLS late is opened all the same', async () => {
    const rig = await trusting()
    const { socket } = await connect(rig.proxy.port, rig.target)
    await new Promise((resolve) => setTimeout(resolve, 1_200))
    const inside = tls.connect({ socket, ca: rig.ca, servername: 'localhost' })
    await once(inside, 'secureConnect')
    expect(await say(inside, `GET /late HTTP/1.1\r\nHost: ${rig.target}\r\n${close}`)).toContain('{"ok":true}')
  })

  test.each([
    ['bytes of another protocol', '*1\r\n$4\r\nPING\r\n'],
    ['HTTP/2 without TLS', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
  ])('%s to a host that routes name are refused: they would pass every policy by', async (_, bytes) => {
    let reached = 0
    const port = await talking(() => (reached += 1))
    const { gate, proxy } = await proxied(`
upstreams: { up: "http://127.0.0.1:1" }
apis: [{ name: shop, host: 127.0.0.1, upstream: up }]
`)
    const recorded = gate.next()
    const { socket } = await connect(proxy.port, `127.0.0.1:${port}`)
    expect(await say(socket, bytes)).toBe('')
    expect((await recorded)[0]).toMatchObject({ verdict: 'refused', code: 'UPGRADE_REFUSED' })
    expect(reached).toBe(0)
  })
})

describe('hosts that are passed through', () => {
  test('keep their own certificate, and the tunnel is recorded', async () => {
    const other = await otherCa()
    const up = await secureUpstream(await other.leaf('localhost'))
    const { gate, proxy } = await proxied('', ', passThrough: [localhost]')
    const recorded = gate.next()
    const target = `localhost:${up.port}`
    const socket = await connectTls(proxy.port, target, { ca: other.pem, servername: 'localhost' })
    expect(await say(socket, `GET / HTTP/1.1\r\nHost: ${target}\r\n${close}`)).toContain('{"ok":true}')
    expect((await recorded)[0]).toMatchObject({ tunnel: { reason: 'passed-through' }, request: { authority: target } })
  })

  test('an unreachable one is answered 502', async () => {
    const { proxy } = await proxied('', ', passThrough: ["127.0.0.1:1"]')
    const { status, head } = await connect(proxy.port, '127.0.0.1:1')
    expect(status).toBe(502)
    expect(head).toContain('502')
  })

  test('a client that does not take our certificate is told of, and its host passes once it was asked for', async () => {
    const other = await otherCa()
    const up = await secureUpstream(await other.leaf('localhost'))
    const { gate, proxy } = await proxied()
    const { hosts } = gate.gateway.proxy
    const target = `localhost:${up.port}`
    const recorded = gate.next()
    const pinned = { ca: other.pem, servername: 'localhost', maxVersion: 'TLSv1.2' } as const
    await fails(proxy.port, target, pinned)
    await fails(proxy.port, target, pinned)
    expect((await recorded)[0]).toMatchObject({
      verdict: 'refused',
      code: 'CERTIFICATE_REJECTED',
      request: { authority: target },
    })
    expect(hosts.refused).toMatchObject([{ host: 'localhost', port: up.port }])
    hosts.pass(`localhost:${up.port}`)
    expect(hosts.refused).toEqual([])
    const through = await connectTls(proxy.port, target, { ca: other.pem, servername: 'localhost' })
    expect(await say(through, `GET / HTTP/1.1\r\nHost: ${target}\r\n${close}`)).toContain('{"ok":true}')
  })
})

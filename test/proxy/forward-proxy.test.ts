import { X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import http2 from 'node:http2'
import net from 'node:net'
import { describe, expect, test } from 'vitest'
import { ask, raw, upstream } from './asking.ts'
import { askInside, connect, connectTls, otherCa, proxied, say, secureUpstream, trusting } from './proxied.ts'

const close = 'Connection: close\r\n\r\n'

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
    expect(up.seen[0]!.headers).toEqual(['Host', host, 'X-Own', '1'])
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

  test('an offer of HTTP/2 is not taken up where nothing judges, and refused where a route does', async () => {
    const up = await upstream()
    const { gate, proxy } = await proxied(
      `\nupstreams: { up: ${up.url} }\napis: [{ name: shop, host: shop.test, upstream: up }]\n`,
    )
    const offer = { Connection: 'Upgrade, HTTP2-Settings', Upgrade: 'h2c', 'HTTP2-Settings': 'AAMAAABkAAQAAP__' }
    const to = async (host: string) => {
      const { status, body } = await ask(proxy.url, { path: `http://${host}/a`, headers: { Host: host, ...offer } })
      return [status, codeIn(String(body))]
    }
    const host = `127.0.0.1:${up.port}`
    const recorded = gate.next()
    expect(await to(host)).toEqual([200, undefined])
    expect(up.seen[0]!.headers).toEqual(['Host', host])
    expect((await recorded)[0]).toMatchObject({ verdict: 'pass', status: 200 })
    expect(await to('shop.test')).toEqual([501, 'UPGRADE_REFUSED'])
    expect(up.seen).toHaveLength(1)
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

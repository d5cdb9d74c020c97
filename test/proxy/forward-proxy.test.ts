import { once } from 'node:events'
import http2 from 'node:http2'
import { X509Certificate } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { ask, upstream } from './asking.ts'
import { connect, connectTls, otherCa, proxied, say, secureUpstream } from './proxied.ts'

const close = 'Connection: close\r\n\r\n'

describe('HTTP in absolute form', () => {
  test('what no route takes passes as it was sent, and says that it was only observed', async () => {
    const up = await upstream()
    const { gate, proxy } = await proxied()
    const recorded = gate.next()
    const host = `127.0.0.1:${up.port}`
    const answer = await ask(proxy.url, {
      path: `http://${host}/a%2Fb/../c?x=1`,
      headers: { Host: host, 'Proxy-Connection': 'keep-alive', 'X-Own': '1' },
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
      upstream: { name: '', url: `http://${host}/a%2Fb/../c?x=1` },
    })
    expect(record!.route).toBeUndefined()
  })
})

describe('CONNECT', () => {
  test('TLS is opened with a certificate for the host, HTTP/1.1', async () => {
    const other = await otherCa()
    const up = await secureUpstream(await other.leaf('localhost'))
    const { gate, proxy, ca } = await proxied('', ', trust: [ca.pem]', { 'ca.pem': other.pem })
    const recorded = gate.next()
    const target = `localhost:${up.port}`
    const socket = await connectTls(proxy.port, target, { ca, servername: 'localhost', ALPNProtocols: ['http/1.1'] })
    const leaf = new X509Certificate(socket.getPeerCertificate().raw)
    expect(leaf.checkHost('localhost')).toBe('localhost')
    const text = await say(socket, `GET /books HTTP/1.1\r\nHost: ${target}\r\n${close}`)
    expect(text).toContain('{"ok":true}')
    expect((await recorded)[0]).toMatchObject({ listener: 'proxy', request: { scheme: 'https', authority: target } })
    expect(up.seen[0]).toMatchObject({ url: '/books' })
  })

  test('HTTP/2 by ALPN', async () => {
    const other = await otherCa()
    const up = await secureUpstream(await other.leaf('localhost'))
    const { gate, proxy, ca } = await proxied('', ', trust: [ca.pem]', { 'ca.pem': other.pem })
    const recorded = gate.next()
    const target = `localhost:${up.port}`
    const socket = await connectTls(proxy.port, target, { ca, servername: 'localhost', ALPNProtocols: ['h2'] })
    const session = http2.connect(`https://${target}`, { createConnection: () => socket })
    const stream = session.request({ ':path': '/books' })
    const [head] = (await once(stream, 'response')) as [http2.IncomingHttpHeaders]
    expect(head[':status']).toBe(200)
    expect(Buffer.concat(await stream.toArray()).toString()).toBe('{"ok":true}')
    session.destroy()
    expect((await recorded)[0]).toMatchObject({ request: { httpVersion: '2', authority: target } })
  })

  test('plain HTTP inside is read too', async () => {
    const up = await upstream()
    const { gate, proxy } = await proxied()
    const recorded = gate.next()
    const { status, socket } = await connect(proxy.port, `127.0.0.1:${up.port}`)
    expect(status).toBe(200)
    const text = await say(socket, `GET /x HTTP/1.1\r\nHost: 127.0.0.1:${up.port}\r\n${close}`)
    expect(text).toContain('{"ok":true}')
    expect((await recorded)[0]).toMatchObject({ listener: 'proxy', request: { scheme: 'http' } })
  })
})

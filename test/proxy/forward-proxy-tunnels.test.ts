import { once } from 'node:events'
import net from 'node:net'
import tls from 'node:tls'
import { describe, expect, test } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { open, upstream } from './asking.ts'
import { connect, connectTls, fails, heard, otherCa, proxied, say, secureUpstream, trusting } from './proxied.ts'

const close = 'Connection: close\r\n\r\n'

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
      clientAddress: '127.0.0.1',
      request: { authority: target, method: 'CONNECT' },
    })
    expect(hosts.refused).toMatchObject([{ host: 'localhost', port: up.port }])
    hosts.pass(`localhost:${up.port}`)
    expect(hosts.refused).toEqual([])
    const through = await connectTls(proxy.port, target, { ca: other.pem, servername: 'localhost' })
    expect(await say(through, `GET / HTTP/1.1\r\nHost: ${target}\r\n${close}`)).toContain('{"ok":true}')
  })
})

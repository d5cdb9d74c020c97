import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import http from 'node:http'
import https from 'node:https'
import net, { type AddressInfo, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { ensureLocalCa, leafFor } from '../../gateway-core/proxy/local-ca.ts'
import { tunnel, type TunnelAnswer, type TunnelEnd, type TunnelOptions } from '../../gateway-core/proxy/upgrade.ts'
import { closing, codes, converse, rig, statuses, until } from './listening.ts'

const handshake =
  'Host: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n'

/** A gateway that tunnels every handshake to `target`, and what it learnt. */
async function gatewayTo(
  target: string,
  change: (inbound: { path: string; headers: string[] }) => Partial<TunnelOptions> = () => ({}),
) {
  const ends: TunnelEnd[] = []
  const answers: TunnelAnswer[] = []
  const opened: string[][] = []
  const gateway = await rig({
    upgrade: ({ head, socket, firstBytes }) => {
      const path = head.path + (head.query && `?${head.query}`)
      tunnel({
        id: 'x1',
        socket,
        firstBytes,
        target: new URL(target),
        path,
        headers: head.rawHeaders,
        timeoutMs: 500,
        onOpen: (_status, headers) => {
          opened.push([...headers])
          return undefined
        },
        onRefused: (answer) => {
          answers.push(answer)
          return undefined
        },
        onClose: (end) => ends.push(end),
        ...change({ path, headers: head.rawHeaders }),
      })
    },
  })
  return { ...gateway, ends, answers, opened }
}

async function listening(server: net.Server): Promise<string> {
  const sockets = new Set<Socket>()
  server.on('connection', (socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  closing(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** An upstream that answers each connection with fixed bytes after its first packet, and keeps what it got. */
async function rawUpstream(answer: string | undefined) {
  const got: string[] = []
  const sockets: Socket[] = []
  const server = net.createServer((socket) => {
    sockets.push(socket)
    socket.on('data', (data) => {
      got.push(data.toString('latin1'))
      if (answer !== undefined && got.length === 1) socket.write(answer, 'latin1')
    })
  })
  return { url: await listening(server), got, sockets }
}

describe('a WebSocket tunnel', () => {
  it('carries messages both ways, and says how many bytes', async () => {
    const warnings: string[] = []
    const hear = (warning: Error) => warnings.push(warning.message)
    process.on('warning', hear)
    closing(() => void process.off('warning', hear))
    const server = http.createServer()
    const upstream = new WebSocketServer({ server })
    upstream.on('connection', (client) =>
      client.on('message', (data: Buffer) => client.send(`echo ${data.toString()}`)),
    )
    const { port, ends, opened } = await gatewayTo(await listening(server))
    const client = new WebSocket(`ws://127.0.0.1:${port}/chat`)
    const reply = await new Promise<string>((resolve, reject) => {
      client.on('open', () => client.send('hello'))
      client.on('message', (data: Buffer) => resolve(data.toString()))
      client.on('error', reject)
    })
    expect(reply).toBe('echo hello')
    client.close()
    await until('the tunnel ended', () => ends.length === 1)
    expect(ends[0]!.error).toBeUndefined()
    expect(ends[0]!.bytesIn).toBeGreaterThanOrEqual(11)
    expect(ends[0]!.bytesOut).toBeGreaterThanOrEqual(12)
    expect(opened[0]!.join(' ').toLowerCase()).toContain('sec-websocket-accept')
    expect(warnings).toEqual([])
  })

  it('carries a large message with back-pressure', async () => {
    const server = http.createServer()
    const upstream = new WebSocketServer({ server, maxPayload: 20_000_000 })
    upstream.on('connection', (client) => client.on('message', (data: Buffer) => client.send(data)))
    const { port } = await gatewayTo(await listening(server))
    const client = new WebSocket(`ws://127.0.0.1:${port}/`)
    const big = Buffer.alloc(8_000_000, 7)
    const reply = await new Promise<Buffer>((resolve, reject) => {
      client.on('open', () => client.send(big))
      client.on('message', (data: Buffer) => resolve(data))
      client.on('error', reject)
    })
    expect(reply.equals(big)).toBe(true)
    client.terminate()
  })

  it('sends the judged path and the given fields, duplicates kept, and the bytes that came early', async () => {
    const upstream = await rawUpstream(undefined)
    const { port } = await gatewayTo(upstream.url, () => ({
      headers: ['Host', 'inner:1', 'X-A', '1', 'x-a', '2', 'connection', 'x', 'Sec-WebSocket-Key', 'k'],
    }))
    void converse(port, [`GET /a//b/%2E/c?x=//y&z='%20 HTTP/1.1\r\n${handshake}\r\nearly`])
    await until('the upstream got the handshake', () => upstream.got.length === 1)
    const lines = upstream.got[0]!.split('\r\n')
    expect(lines[0]).toBe("GET /a//b/c?x=//y&z='%20 HTTP/1.1")
    expect(lines).toContain('Host: inner:1')
    expect(lines.filter((line) => /^x-a:/i.test(line))).toEqual(['X-A: 1', 'X-A: 2'])
    expect(lines.filter((line) => /^(connection|upgrade):/i.test(line)).sort()).toEqual([
      'connection: Upgrade',
      'upgrade: websocket',
    ])
  })

  it('delivers early bytes of both sides once', async () => {
    const upstream = await rawUpstream(
      'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nwelcome',
    )
    const { port, ends } = await gatewayTo(upstream.url)
    const talk = converse(port, [`GET / HTTP/1.1\r\n${handshake}\r\nearly`])
    await until('the early bytes have come', () => upstream.got.slice(1).join('') === 'early')
    upstream.sockets[0]!.end()
    expect(await talk).toMatch(/^HTTP\/1\.1 101 [^]*\r\n\r\nwelcome$/)
    await until('the tunnel ended', () => ends.length === 1)
    expect(upstream.got.slice(1).join('')).toBe('early')
    expect(ends[0]).toMatchObject({ bytesIn: 5, bytesOut: 7, error: undefined })
  })

  it('gives the client the header fields that the gateway wants instead', async () => {
    const upstream = await rawUpstream(
      'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nServer: secret\r\n\r\n',
    )
    const { port } = await gatewayTo(upstream.url, () => ({ onOpen: () => ['X-Frame-Options', 'DENY'] }))
    const talk = converse(port, [`GET / HTTP/1.1\r\n${handshake}\r\n`])
    await until('the tunnel is open', () => upstream.sockets.length === 1 && upstream.got.length === 1)
    setTimeout(() => upstream.sockets[0]!.end(), 50)
    const text = await talk
    expect(text).toMatch(/^X-Frame-Options: DENY\r$/m)
    expect(text).toMatch(/^upgrade: websocket\r$/im)
    expect(text).not.toContain('secret')
  })

  it.each([
    ['with a length', 'HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\nX-Why: no\r\n\r\nno'],
    ['chunked', 'HTTP/1.1 403 Forbidden\r\nTransfer-Encoding: chunked\r\nX-Why: no\r\n\r\n2\r\nno\r\n0\r\n\r\n'],
  ])('relays a refusal of the upstream, %s', async (_name, answer) => {
    const upstream = await rawUpstream(answer)
    const { port, ends, answers } = await gatewayTo(upstream.url)
    const text = await converse(port, [`GET / HTTP/1.1\r\n${handshake}\r\n`])
    expect(statuses(text)).toEqual([403])
    expect(text).toMatch(/^X-Why: no\r$/m)
    expect(text).not.toMatch(/transfer-encoding/i)
    expect(text.endsWith('\r\n\r\nno')).toBe(true)
    await until('the tunnel ended', () => ends.length === 1)
    expect(answers).toMatchObject([{ status: 403, from: 'upstream' }])
    expect(ends[0]!.body.toString()).toBe('no')
  })

  it('answers 502 when the upstream is down', async () => {
    const { port, ends, answers } = await gatewayTo('http://127.0.0.1:1')
    const text = await converse(port, [`GET / HTTP/1.1\r\n${handshake}\r\n`])
    expect({ statuses: statuses(text), codes: codes(text) }).toEqual({
      statuses: [502],
      codes: ['UPSTREAM_UNREACHABLE'],
    })
    expect(text).not.toContain('127.0.0.1')
    expect(answers[0]).toMatchObject({ from: 'gateway', code: 'UPSTREAM_UNREACHABLE' })
    await until('the tunnel ended', () => ends.length === 1)
    expect(ends[0]!.error).toContain('ECONNREFUSED')
  })

  it('speaks TLS to the upstream, and verifies it', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'gatehouse-ws-'))
    closing(() => rm(folder, { recursive: true }))
    const ca = await ensureLocalCa(folder)
    const leaf = await leafFor(ca, [])
    const server = https.createServer({ cert: leaf.certificate, key: leaf.key })
    new WebSocketServer({ server }).on('connection', (client) => client.send('hello'))
    const target = (await listening(server)).replace('http:', 'https:')
    const upstreamTls = {
      verify: true,
      ca: ca.certificate,
      certificate: undefined,
      key: undefined,
      serverName: undefined,
    }
    const trusting = await gatewayTo(target, () => ({ tls: upstreamTls }))
    const client = new WebSocket(`ws://127.0.0.1:${trusting.port}/`)
    const [message] = (await once(client, 'message')) as [Buffer]
    expect(message.toString()).toBe('hello')
    client.terminate()
    const doubting = await gatewayTo(target)
    const text = await converse(doubting.port, [`GET / HTTP/1.1\r\n${handshake}\r\n`])
    expect(codes(text)).toEqual(['UPSTREAM_NOT_TRUSTED'])
    expect(doubting.answers[0]!.error).toMatch(/certificate/)
  })

  it('answers 504 when the upstream keeps silent, and lets go of it', async () => {
    const upstream = await rawUpstream(undefined)
    const { port, ends } = await gatewayTo(upstream.url, () => ({ timeoutMs: 80 }))
    const text = await converse(port, [`GET / HTTP/1.1\r\n${handshake}\r\n`])
    expect({ statuses: statuses(text), codes: codes(text) }).toEqual({ statuses: [504], codes: ['UPSTREAM_TIMEOUT'] })
    await until('the tunnel ended', () => ends.length === 1)
    await until(
      'the upstream connection is closed',
      () => upstream.sockets[0]!.closed || upstream.sockets[0]!.readableEnded,
    )
  })

  it.each([
    ['is not HTTP', 'nonsense\r\n\r\n'],
    ['switches to h2c', 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n'],
  ])('answers 502 when what the upstream says %s', async (_name, answer) => {
    const upstream = await rawUpstream(answer)
    const { port, ends } = await gatewayTo(upstream.url)
    const text = await converse(port, [`GET / HTTP/1.1\r\n${handshake}\r\n`])
    expect({ statuses: statuses(text), codes: codes(text) }).toEqual({ statuses: [502], codes: ['UPSTREAM_BROKEN'] })
    await until('the tunnel ended', () => ends.length === 1)
  })

  it.each(['reset', 'end'] as const)(
    'closes the upstream when the client goes (%s), before and after the answer',
    async (how) => {
      for (const answer of [
        undefined,
        'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
      ]) {
        const upstream = await rawUpstream(answer)
        const { port, ends } = await gatewayTo(upstream.url, () => ({ timeoutMs: 400 }))
        const client = net.connect(port, '127.0.0.1')
        client.on('error', () => {})
        client.resume()
        client.write(`GET / HTTP/1.1\r\n${handshake}\r\n`)
        await until('the upstream was asked', () => upstream.got.length === 1)
        if (answer) await until('the client was answered', () => client.bytesRead > 0)
        if (how === 'reset') client.resetAndDestroy()
        else client.end()
        upstream.sockets[0]!.resume()
        upstream.sockets[0]!.on('end', () => upstream.sockets[0]!.end())
        await until('the tunnel ended', () => ends.length === 1)
        await until('the upstream connection is closed', () => upstream.sockets[0]!.closed)
      }
    },
  )

  it('closes the client when the upstream goes', async () => {
    const upstream = await rawUpstream(
      'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
    )
    const { port, ends } = await gatewayTo(upstream.url)
    const talk = converse(port, [`GET / HTTP/1.1\r\n${handshake}\r\n`])
    await until('the tunnel is open', () => upstream.got.length === 1)
    setTimeout(() => upstream.sockets[0]!.resetAndDestroy(), 30)
    expect(statuses(await talk)).toEqual([101])
    await until('the tunnel ended', () => ends.length === 1)
  })
})

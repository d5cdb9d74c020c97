import { once } from 'node:events'
import net from 'node:net'
import { describe, expect, test } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { definePolicy } from '../../../gateway-core/pipeline/policy.ts'
import { deny, pass } from '../../../gateway-core/pipeline/outcome.ts'
import type { PlanNode, PolicyInstance } from '../../../gateway-core/pipeline/plan.ts'
import type { TestUpstream } from '../../gateway-fixture.ts'
import { gateway, open, upstream } from '../asking.ts'

const masked = `
upstreams: { up: UPSTREAM }
apis:
  - name: test
    policies:
      - data-mask: { apply: [request, response], fields: [/password], detect: [card] }
    routes:
      - { path: "/*", upstream: up }
`

/** A server that tells what it got, and answers as it is told. */
async function chat(answer: (text: string) => string | Buffer) {
  const up = await upstream()
  const got: (string | Buffer)[] = []
  const closed: { code: number; reason: string }[] = []
  const offers: (string | undefined)[] = []
  const sockets = new WebSocketServer({ server: up.server, perMessageDeflate: true })
  sockets.on('connection', (socket, request) => {
    offers.push(request.headers['sec-websocket-extensions'])
    socket.on('message', (data: Buffer, binary) => {
      got.push(binary ? data : data.toString())
      socket.send(answer(data.toString()))
    })
    socket.on('close', (code, reason) => closed.push({ code, reason: reason.toString() }))
  })
  open.push({ close: async () => sockets.clients.forEach((client) => client.terminate()) })
  return { up, got, closed, offers, sockets }
}

async function connect(url: string): Promise<WebSocket> {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/ws`, { perMessageDeflate: true })
  await once(socket, 'open')
  return socket
}

/** Denies messages that say `drop table`, in a promise where they say `slowly`. */
const noTables: PolicyInstance = {
  id: 'api:test/no-tables',
  stateId: 'api:test/no-tables#1',
  name: 'no-tables',
  policy: definePolicy({
    type: 'no-tables',
    docs: { summary: 'Denies messages.', owasp: [], example: '' },
    config: { type: 'object' },
    prepare: () => ({}),
    phases: {
      message: (_, { message }) => {
        const outcome = message!.body.text.includes('drop table') ? deny('INJECTION_DETECTED', []) : pass
        return message!.body.text.includes('slowly') ? Promise.resolve(outcome) : outcome
      },
    },
  }),
  mode: 'enforce',
  when: undefined,
  prepared: {},
  position: { file: 'gatehouse.yaml', line: 1, column: 1 },
  notes: {},
}

async function guarded(up: TestUpstream) {
  const gate = await gateway(masked, up)
  for (const { plan } of gate.gateway.workspace.routes) {
    ;(plan.phases.message as PlanNode[]).push({ kind: 'policy', instance: noTables })
  }
  return gate
}

describe('messages of a WebSocket', () => {
  test.each(['drop table x', 'slowly drop table x'])(
    'a denied one (%s) ends the exchange and goes nowhere',
    async (text) => {
      const { up, got, closed } = await chat((message) => message)
      const gate = await guarded(up)
      const socket = await connect(gate.url)
      const recorded = gate.next()
      socket.send('select slowly 1')
      socket.send('select 2')
      socket.send(text)
      socket.send('select 3')
      const [code, reason] = (await once(socket, 'close')) as [number, Buffer]
      expect([code, reason.toString()]).toEqual([1008, 'INJECTION_DETECTED'])
      const [record] = await recorded
      expect(record).toMatchObject({ verdict: 'deny', code: 'INJECTION_DETECTED', decidedBy: noTables.id, status: 101 })
      expect(record!.trace.at(-1)).toMatchObject({ policy: noTables.id, phase: 'message', verdict: 'deny' })
      expect(got).toEqual(['select slowly 1', 'select 2'])
      expect(closed).toEqual([{ code: 1008, reason: 'INJECTION_DETECTED' }])
    },
  )

  test('are masked both ways, message by message, however they are fragmented', async () => {
    const { up, got, offers } = await chat(() => '{"password":"of the server","n":1}')
    const gate = await gateway(masked, up)
    const socket = await connect(gate.url)
    expect(offers).toEqual([undefined])
    socket.send('{"pass', { fin: false })
    socket.send('word":"hunter2"}', { fin: true })
    const [answer] = (await once(socket, 'message')) as [Buffer]
    expect(got).toEqual(['{"password":"[masked]"}'])
    expect(answer.toString()).toBe('{"password":"[masked]","n":1}')
    socket.close()
  })

  test('binary ones pass as they are, and pings reach the other side', async () => {
    const { up, got, sockets } = await chat(() => Buffer.from([0, 255, 1]))
    const gate = await gateway(masked, up)
    const socket = await connect(gate.url)
    const pong = once(socket, 'pong')
    socket.ping('are you there')
    expect(String((await pong)[0])).toBe('are you there')
    expect(sockets.clients.size).toBe(1)
    socket.send(Buffer.from([1, 0, 254]))
    const [answer, binary] = (await once(socket, 'message')) as [Buffer, boolean]
    expect([...answer]).toEqual([0, 255, 1])
    expect(binary).toBe(true)
    expect(got).toEqual([Buffer.from([1, 0, 254])])
    socket.close()
  })

  test('the close code and its reason reach the other side, and the exchange is recorded once', async () => {
    const { up, closed } = await chat((text) => text)
    const gate = await gateway(masked, up)
    const socket = await connect(gate.url)
    const recorded = gate.next()
    socket.close(4001, 'lunch')
    const [code] = (await once(socket, 'close')) as [number]
    expect(code).toBe(4001)
    expect((await recorded)[0]).toMatchObject({ status: 101, verdict: 'pass', upgrade: 'websocket' })
    expect(closed).toEqual([{ code: 4001, reason: 'lunch' }])
  })

  test('a message longer than the limit ends both sides with 1009', async () => {
    const { up, got, closed } = await chat((text) => text)
    const gate = await gateway(`limits: { bodyBytes: 1kb }\n${masked}`, up)
    const socket = await connect(gate.url)
    const recorded = gate.next()
    socket.send('x'.repeat(2000))
    const [code] = (await once(socket, 'close')) as [number]
    expect(code).toBe(1009)
    expect((await recorded)[0]!.error).toContain('the client broke the WebSocket protocol')
    expect(got).toEqual([])
    expect(closed).toEqual([{ code: 1009, reason: '' }])
  })

  test('a client that does not mask its frames is cut off', async () => {
    const { up, got } = await chat((text) => text)
    const gate = await gateway(masked, up)
    const { hostname, port } = new URL(gate.url)
    const socket = net.connect(Number(port), hostname)
    const key = 'dGhlIHNhbXBsZSBub25jZQ=='
    socket.write(
      `GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}\r\n\r\n`,
    )
    await once(socket, 'data')
    socket.write(Buffer.from([0x81, 0x02, 0x68, 0x69]))
    const [frame] = (await once(socket, 'data')) as [Buffer]
    expect([...frame]).toEqual([0x88, 0x02, 0x03, 0xea])
    await once(socket, 'close')
    expect(got).toEqual([])
  })

  test('a large transfer arrives whole and in order while the receiver is slow', async () => {
    const { up, got, sockets } = await chat(() => 'ok')
    const gate = await gateway(masked, up)
    const socket = await connect(gate.url)
    const [server] = [...sockets.clients]
    server!.pause()
    const messages = Array.from({ length: 200 }, (_, at) => `${at} ${'y'.repeat(20_000)}`)
    let answers = 0
    const answered = new Promise<void>((resolve) =>
      socket.on('message', () => {
        if (++answers === messages.length) resolve()
      }),
    )
    for (const message of messages) socket.send(message)
    server!.resume()
    await answered
    expect(got).toEqual(messages)
    socket.close()
  })
})

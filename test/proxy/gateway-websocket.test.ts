import { once } from 'node:events'
import http from 'node:http'
import { describe, expect, test } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { gateway, open, plain, upstream } from './asking.ts'
import type { TestUpstream } from '../gateway-fixture.ts'

describe('WebSocket', () => {
  async function echo(): Promise<TestUpstream> {
    const up = await upstream()
    const sockets = new WebSocketServer({ server: up.server })
    sockets.on('connection', (socket) =>
      socket.on('message', (data) => socket.send(`echo ${(data as Buffer).toString()}`)),
    )
    open.push({ close: async () => sockets.clients.forEach((client) => client.terminate()) })
    return up
  }

  test('messages pass both ways; the exchange is recorded at its end', async () => {
    const up = await echo()
    const gate = await gateway(plain, up)
    const socket = new WebSocket(`${gate.url.replace('http', 'ws')}/ws`)
    await once(socket, 'open')
    socket.send('hello')
    expect(String((await once(socket, 'message'))[0])).toBe('echo hello')
    const recorded = gate.next()
    socket.close()
    expect((await recorded)[0]).toMatchObject({ upgrade: 'websocket', status: 101, verdict: 'pass' })
  })

  test('a handshake is judged like any request', async () => {
    const up = await echo()
    const gate = await gateway(`${plain}policies:\n  - ip-restriction: { deny: [127.0.0.1] }\n`, up)
    const recorded = gate.next()
    const socket = new WebSocket(`${gate.url.replace('http', 'ws')}/ws`)
    socket.on('error', () => undefined)
    const [, response] = (await once(socket, 'unexpected-response')) as [unknown, http.IncomingMessage]
    expect(response.statusCode).toBe(403)
    response.resume()
    socket.terminate()
    expect((await recorded)[0]).toMatchObject({ verdict: 'deny', code: 'IP_DENIED', upgrade: 'websocket' })
  })

  test('a denied handshake meets the phases that a denied request meets', async () => {
    const up = await echo()
    const masks = '{ data-mask: { fields: [/title] } }'
    const gate = await gateway(`${plain}policies:\n  - ip-restriction: { deny: [127.0.0.1] }\n  - ${masks}\n`, up)
    const phases = async (asking: () => void) => {
      const recorded = gate.next()
      asking()
      return (await recorded)[0]!.trace.map(({ policy, phase, verdict }) => `${policy} ${phase} ${verdict}`)
    }
    const plainly = await phases(() => http.get(`${gate.url}/ws`, (response) => response.resume()))
    const upgraded = await phases(() =>
      new WebSocket(`${gate.url.replace('http', 'ws')}/ws`).on('error', () => undefined),
    )
    expect(plainly.some((step) => step.includes('responseBody'))).toBe(true)
    expect(upgraded).toEqual(plainly)
  })

  test('an upstream that is not there answers the handshake with 502', async () => {
    const gate = await gateway(plain.replace('UPSTREAM', 'http://127.0.0.1:1'))
    const recorded = gate.next()
    const socket = new WebSocket(`${gate.url.replace('http', 'ws')}/ws`)
    socket.on('error', () => undefined)
    const [, response] = (await once(socket, 'unexpected-response')) as [unknown, http.IncomingMessage]
    expect(response.statusCode).toBe(502)
    response.resume()
    expect((await recorded)[0]).toMatchObject({ verdict: 'failed', code: 'UPSTREAM_UNREACHABLE' })
  })

  test('a stop of the gateway ends open tunnels', async () => {
    const up = await echo()
    const gate = await gateway(plain, up)
    const socket = new WebSocket(`${gate.url.replace('http', 'ws')}/ws`)
    await once(socket, 'open')
    const closed = once(socket, 'close')
    await gate.gateway.close(50)
    await closed
  })
})

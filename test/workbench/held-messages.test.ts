import { once } from 'node:events'
import { afterEach, describe, expect, it } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import type { HeldRow } from '../../gateway-core/protocol/intercept.ts'
import type { TestUpstream } from '../gateway-fixture.ts'
import { type Desk, openDesk } from './desk.ts'

let desk: Desk
let upstream: TestUpstream
let client: WebSocket
afterEach(async () => {
  client.terminate()
  await desk.close()
  await upstream.close()
})

const base64 = (text: string) => Buffer.from(text).toString('base64')

/** A WebSocket through the gateway, to a server that only listens. */
async function open(): Promise<void> {
  ;({ desk, upstream } = await openDesk())
  new WebSocketServer({ server: upstream.server })
  client = new WebSocket(`${desk.workbench.workspace.gatewayUrl!.replace('http', 'ws')}/chat`)
  await once(client, 'open')
}

async function held(): Promise<HeldRow> {
  await expect.poll(() => desk.call('intercept.rows', { from: 0, count: 1 })).toHaveLength(1)
  return (await desk.call('intercept.rows', { from: 0, count: 1 }))[0]!
}

describe('messages of a WebSocket', () => {
  it('say what a breakpoint did to them, with the original kept beside what went on', async () => {
    await open()
    await desk.call('intercept.addBreakpoint', { query: '', on: 'messages', once: false, seconds: 60 })
    for (const [text, release] of [
      ['one', { message: { base64: base64('two'), coded: false } }],
      ['as it is', {}],
    ] as const) {
      client.send(text)
      await desk.call('intercept.resume', { ids: [(await held()).id], ...release })
    }
    client.send('never')
    const { id, exchange } = await held()
    await desk.call('intercept.drop', { ids: [id] })
    const messages = async () => (await desk.call('traffic.messages', { id: exchange, from: 1, count: 10 })).messages
    await expect.poll(messages).toHaveLength(3)
    const touch = (did: string) => ({
      by: 'breakpoint',
      name: 'everything',
      side: 'request',
      did,
      heldMs: expect.any(Number),
    })
    expect(await messages()).toMatchObject([
      { content: { text: 'one' }, sent: { text: 'two' }, fate: 'sent', touch: touch('edited') },
      { content: { text: 'as it is' }, fate: 'sent', touch: touch('resumed') },
      { content: { text: 'never' }, fate: 'dropped', touch: touch('dropped') },
    ])
    client.close()
    // The exchange is found by it, and says it once for all its messages.
    const { captures } = desk.workbench.workspace
    await expect.poll(() => captures.list({ query: 'touched:edited' }).length).toBe(1)
    expect(captures.get(exchange)!.intercepted!.touches).toMatchObject([
      { did: 'edited', says: 'messages of it' },
      { did: 'resumed', says: 'messages of it' },
      { did: 'dropped', says: 'messages of it' },
    ])
  })
})

import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'
import { gzipSync } from 'node:zlib'
import { afterEach, describe, expect, it } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { testUpstream } from '../gateway-fixture.ts'
import { type HeldGateway, heldGateway } from './held-gateway.ts'

let gateway: HeldGateway
let sockets: WebSocketServer | undefined
afterEach(async () => {
  for (const client of sockets?.clients ?? []) client.terminate()
  sockets = undefined
  await gateway.close()
})

/** A gateway before a server that says back what it hears, and a client that is connected through it. */
async function chat() {
  const upstream = await testUpstream()
  const heard: string[] = []
  sockets = new WebSocketServer({ server: upstream.server })
  sockets.on('connection', (socket) =>
    socket.on('message', (data: Buffer, binary) => {
      heard.push(data.toString())
      socket.send(binary ? data : `echo ${data.toString()}`)
    }),
  )
  gateway = await heldGateway({ upstream })
  const client = new WebSocket(`${gateway.url.replace('http', 'ws')}/ws?room=1`)
  const got: string[] = []
  client.on('message', (data: Buffer) => got.push(data.toString()))
  await once(client, 'open')
  const next = async (count: number) => {
    await expect.poll(() => got.length).toBe(count)
    return got
  }
  return { client, heard, next }
}

const edited = (text: string) =>
  ({
    kind: 'edited',
    message: { start: { status: 0, reason: '' }, headers: [], body: { bytes: Buffer.from(text), coded: true } },
  }) as const

describe('a WebSocket handshake', () => {
  it('is held and edited like any request, answered, and dropped', async () => {
    await chat()
    gateway.stop('upgrade:websocket')
    const connect = () => new WebSocket(`${gateway.url.replace('http', 'ws')}/other`)
    const one = connect()
    const opened = once(one, 'open')
    const [held] = await gateway.held()
    const { headers } = held!.message.draft
    held!.end({ kind: 'edited', message: { start: { method: 'GET', target: '/edited' }, headers } })
    await opened
    one.terminate()
    expect(gateway.interceptor.messages.connections.map(({ url }) => url)).toContain('/edited')
    const two = connect()
    const refused = once(two, 'unexpected-response')
    two.on('error', () => undefined)
    const [other] = await gateway.held()
    other!.end({
      kind: 'answered',
      answer: { status: 418, reason: '', headers: ['X-By', 'hand'], body: Buffer.from('no') },
    })
    const [, response] = (await refused) as [unknown, IncomingMessage]
    expect([response.statusCode, response.headers['x-by']]).toEqual([418, 'hand'])
    two.terminate()
    const three = connect()
    const failed = once(three, 'error').catch((error: Error) => [error])
    const [last] = await gateway.held()
    last!.end({ kind: 'dropped' })
    expect(String(await failed)).toMatch(/hang up|ECONNRESET/)
    expect(gateway.records.filter(({ intercepted }) => intercepted).map(({ verdict }) => verdict)).toEqual(
      expect.arrayContaining(['respond', 'refused']),
    )
  })
})

describe('messages of a WebSocket', () => {
  it('are held by what stands in them, changed, and dropped', async () => {
    const { client, heard, next } = await chat()
    gateway.stop('req.body:hold path:/ws', { on: 'messages' })
    client.send('free')
    expect(await next(1)).toEqual(['echo free'])
    client.send('hold this')
    client.send('waits behind it')
    const [held] = await gateway.held()
    expect(held!.message).toMatchObject({ kind: 'message', side: 'request', from: { kind: 'text' } })
    expect(heard).toEqual(['free'])
    held!.end(edited('changed'))
    expect(await next(3)).toEqual(['echo free', 'echo changed', 'echo waits behind it'])
    client.send('hold and drop')
    const [other] = await gateway.held()
    other!.end({ kind: 'dropped' })
    client.send('after')
    await next(4)
    expect(heard).toEqual(['free', 'changed', 'waits behind it', 'after'])
    client.close()
  })

  it('of the upstream are held on their own side', async () => {
    const { client, next } = await chat()
    gateway.stop('resp.body:echo', { on: 'messages' })
    client.send('a')
    const [held] = await gateway.held()
    expect(held!.message.side).toBe('response')
    held!.end(edited('other'))
    expect(await next(1)).toEqual(['other'])
    client.close()
  })

  it('are put in by hand, to either side', async () => {
    const { client, heard, next } = await chat()
    const { messages } = gateway.interceptor
    const [connection] = messages.connections
    expect(connection).toMatchObject({ url: '/ws?room=1' })
    await connection!.inject({ side: 'response', kind: 'text', bytes: Buffer.from('from nobody') })
    expect(await next(1)).toEqual(['from nobody'])
    await connection!.inject({ side: 'request', kind: 'text', bytes: Buffer.from('by hand') })
    expect(await next(2)).toEqual(['from nobody', 'echo by hand'])
    expect(heard).toEqual(['by hand'])
    client.close()
    await expect.poll(() => messages.connections.length).toBe(0)
  })

  it('go on as they came when their time is over', async () => {
    const { client, next } = await chat()
    gateway.stop('req.body:late', { on: 'messages', limitMs: 30 })
    client.send('late')
    expect(await next(1)).toEqual(['echo late'])
    client.close()
  })
})

describe('server-sent events', () => {
  it.each(['identity', 'gzip'])('are held and changed one by one: %s', async (coding) => {
    const events = 'data: one\n\ndata: two\n\n'
    gateway = await heldGateway({
      upstream: await testUpstream((_, response) => {
        response.setHeader('Content-Type', 'text/event-stream')
        if (coding === 'gzip') response.setHeader('Content-Encoding', coding)
        response.end(coding === 'gzip' ? gzipSync(events) : events)
      }),
    })
    gateway.stop('resp.body:one', { on: 'messages' })
    const answer = fetch(gateway.url).then((response) => response.text())
    const [held] = await gateway.held()
    expect(held!.message).toMatchObject({ kind: 'message', side: 'response', from: { kind: 'event' } })
    held!.end(edited('1'))
    expect(await answer).toBe('data: 1\n\ndata: two\n\n')
  })

  it('are put in while the stream is open, judged and recorded like others; held ones end with their client', async () => {
    let upstreamLeft = false
    gateway = await heldGateway({
      upstream: await testUpstream((_, response) => {
        response.setHeader('Content-Type', 'text/event-stream')
        response.write('data: one\n\n')
        response.on('close', () => (upstreamLeft = true))
      }),
    })
    const { messages } = gateway.interceptor
    const client = request(gateway.url)
    let got = ''
    client.on('response', (response) => response.on('data', (chunk: Buffer) => (got += chunk.toString())))
    client.on('error', () => undefined)
    client.end()
    await expect.poll(() => got).toBe('data: one\n\n')
    const [stream] = messages.connections
    expect(stream).toMatchObject({ kind: 'events', url: '/' })
    await stream!.inject({ side: 'response', kind: 'event', bytes: Buffer.from('by\nhand'), name: 'price' })
    await stream!.inject({ side: 'response', kind: 'event', bytes: Buffer.from('plain') })
    await expect.poll(() => got).toBe('data: one\n\nevent: price\ndata: by\ndata: hand\n\ndata: plain\n\n')
    client.destroy()
    await expect.poll(() => messages.connections.length).toBe(0)
    await expect.poll(() => upstreamLeft).toBe(true)

    gateway.stop('', { on: 'messages' })
    const other = request(gateway.url)
    other.on('error', () => undefined)
    other.end()
    await gateway.held()
    other.destroy()
    await expect.poll(() => gateway.interceptor.held.length).toBe(0)
  })
})

describe('while a message of a WebSocket is held', () => {
  it('signs of life go both ways past it', async () => {
    const { client, heard } = await chat()
    gateway.stop('', { on: 'messages' })
    client.send('held')
    const [held] = await gateway.held()
    client.ping('are you there')
    expect(String((await once(client, 'pong'))[0])).toBe('are you there')
    // The upstream asks too, and its messages wait for nobody.
    const [server] = [...sockets!.clients]
    server!.ping()
    await once(server!, 'pong')
    expect(heard).toEqual([])
    held!.end({ kind: 'resumed' })
    await expect.poll(() => heard).toEqual(['held'])
    client.terminate()
  })

  it('its hold ends when the client hangs up', async () => {
    const { client, heard } = await chat()
    gateway.stop('', { on: 'messages' })
    client.send('held')
    const [held] = await gateway.held()
    client.terminate()
    expect((await held!.done).kind).toBe('left')
    expect(heard).toEqual([])
  })

  it('a client that closes waits: what it said is still let go, and the close follows', async () => {
    const { client, heard } = await chat()
    const [server] = [...sockets!.clients]
    gateway.stop('', { on: 'messages' })
    client.send('last words')
    const [held] = await gateway.held()
    client.close(4000, 'bye')
    const closed = once(server!, 'close')
    held!.end({ kind: 'resumed' })
    expect([(await closed)[0], heard]).toEqual([4000, ['last words']])
  })

  it('what comes behind it keeps its order, and is not read without end', async () => {
    const { client, heard } = await chat()
    const id = gateway.stop('req.body:first', { on: 'messages' })
    client.send('first')
    const [held] = await gateway.held()
    const large = 'x'.repeat(700_000)
    for (let at = 0; at < 20; at++) client.send(`${at} ${large}`)
    // The sockets between them hold a few MB at most: the client still has the rest.
    await expect.poll(() => client.bufferedAmount).toBeGreaterThan(0)
    gateway.interceptor.removeBreakpoint(id)
    held!.end({ kind: 'resumed' })
    await expect.poll(() => heard.map((text) => text.slice(0, 5)), { timeout: 5_000 }).toHaveLength(21)
    expect(heard.map((text) => text.split(' ', 1)[0])).toEqual([
      'first',
      ...Array.from({ length: 20 }, (_, at) => `${at}`),
    ])
    client.terminate()
  })
})

import http2 from 'node:http2'
import net from 'node:net'
import { request } from 'node:http'
import { once } from 'node:events'
import { setTimeout as after } from 'node:timers/promises'
import { afterEach, describe, expect, it } from 'vitest'
import { testGateway, testUpstream } from '../gateway-fixture.ts'
import { Interceptor } from '../../gateway-core/intercept/interceptor.ts'
import { ask, type HeldGateway, heldGateway } from './held-gateway.ts'

let gateway: HeldGateway
afterEach(() => gateway.close())

/** A gateway before a server that begins an answer and never ends it. */
async function endless(contentType: string, yaml = '') {
  const upstream = await testUpstream((_, response) => {
    response.writeHead(200, { 'Content-Type': contentType })
    const timer = setInterval(() => response.write('data: tick\n\n'), 10)
    response.once('close', () => clearInterval(timer))
  })
  gateway = await heldGateway({ upstream, bodyMs: 100, yaml })
}

/** Head and first bytes of an answer that does not end. */
async function beginning(): Promise<{ status: number; text: string }> {
  const outgoing = request(gateway.url, { agent: false }).end()
  const [response] = (await once(outgoing, 'response')) as [import('node:http').IncomingMessage]
  const [chunk] = (await once(response, 'data')) as [Buffer]
  outgoing.destroy()
  return { status: response.statusCode!, text: chunk.toString() }
}

describe('an answer that never ends', () => {
  it.each(['text/event-stream', 'text/plain'])('is held by its head, and streams on behind it: %s', async (type) => {
    await endless(type)
    gateway.stop('', { on: 'response' })
    const answer = beginning()
    const [held] = await gateway.held()
    expect(held!.message.draft.wire).toBeUndefined()
    const { headers } = held!.message.draft
    held!.end({ kind: 'edited', message: { start: { status: 203, reason: '' }, headers } })
    expect(await answer).toEqual({ status: 203, text: expect.stringContaining('data: tick\n\n') })
  })

  it.each(['text/event-stream', 'text/plain'])('passes a rule by that would change its body: %s', async (type) => {
    const rewrite = 'rewrite: { response: { status: 203, replace: [{ in: body, text: tick, with: tock }] } }'
    await endless(type, `rules:\n  - { name: tock, ${rewrite} }\n`)
    expect(await beginning()).toEqual({ status: 203, text: expect.stringContaining('data: tick\n\n') })
  })
})

describe('a request whose body does not end', () => {
  it('is held by its head, also where a policy reads the body afterwards', async () => {
    const policies = 'policies:\n  - request-size-limiting: { body: 1mb }\n  - injection-protection: {}\n'
    gateway = await heldGateway({ bodyMs: 100, yaml: policies })
    gateway.stop('')
    const socket = net.connect(Number(new URL(gateway.url).port), '127.0.0.1')
    let got = ''
    socket.on('data', (chunk: Buffer) => (got += chunk.toString()))
    const body = JSON.stringify({ book: 'The first half, and the second' })
    socket.write(
      `POST /slow HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n`,
    )
    socket.write(body.slice(0, 12))
    const [held] = await gateway.held()
    expect(held!.message.draft.wire).toBeUndefined()
    held!.end({ kind: 'resumed' })
    socket.write(body.slice(12))
    await expect.poll(() => got).toMatch(/^HTTP\/1\.1 200 /)
    expect(gateway.upstream.seen[0]!.body.toString()).toBe(body)
    socket.destroy()
  })

  it('over the limit of a policy is refused, once it goes on', async () => {
    gateway = await heldGateway({ yaml: 'policies:\n  - injection-protection: { bodyLimit: 64kb }\n' })
    gateway.stop('')
    const body = Buffer.alloc(11 * 1024 * 1024, 'x')
    const answer = ask(gateway.url, { method: 'POST', headers: ['Transfer-Encoding', 'chunked'], body })
    const [held] = await gateway.held()
    held!.end({ kind: 'resumed' })
    expect((await answer).status).toBe(413)
  })
})

it('a client of HTTP/2 is not silent while its long request is held', async () => {
  const upstream = await testUpstream()
  const interceptor = new Interceptor()
  const own = await testGateway(
    `listen: { https: "127.0.0.1:0" }\nlimits: { idleTimeout: 200ms }\nupstreams: { web: ${upstream.url} }\napis: [{ name: web, upstream: web }]\n`,
    {},
    {},
    interceptor.slot,
  )
  gateway = { close: () => own.close().then(() => upstream.close()) } as HeldGateway
  interceptor.addBreakpoint({ query: '', on: 'request', enabled: true, once: false, limitMs: 60_000 })
  const session = http2.connect(own.url, { rejectUnauthorized: false })
  const body = Buffer.alloc(12 * 1024 * 1024, 'z')
  const stream = session.request({ ':method': 'POST', ':path': '/', 'content-length': String(body.length) })
  stream.on('error', () => undefined)
  stream.resume()
  stream.end(body)
  const answered = once(stream, 'response') as Promise<[http2.IncomingHttpHeaders]>
  await expect.poll(() => interceptor.held.length).toBe(1)
  // Longer than two silences of the limit.
  await after(1_000)
  expect(interceptor.held).toHaveLength(1)
  interceptor.held[0]!.end({ kind: 'resumed' })
  expect((await answered)[0][':status']).toBe(200)
  expect(upstream.seen[0]!.body.length).toBe(body.length)
  session.destroy()
})

import { once } from 'node:events'
import { connect } from 'node:net'
import { brotliCompressSync, brotliDecompressSync, deflateRawSync, gunzipSync, gzipSync, inflateSync } from 'node:zlib'
import { afterEach, describe, expect, it } from 'vitest'
import { testUpstream } from '../gateway-fixture.ts'
import type { Start } from '../../gateway-core/intercept/draft.ts'
import type { Held } from '../../gateway-core/intercept/held.ts'
import { ask, field, type HeldGateway, heldGateway } from './held-gateway.ts'

let gateway: HeldGateway
afterEach(() => gateway.close())

describe('content codings', () => {
  it('takes the coding off for the editor and puts it on again', async () => {
    gateway = await heldGateway()
    gateway.stop('req.body:secret')
    const body = gzipSync('{"secret":1}')
    const answer = ask(gateway.url, { method: 'POST', headers: ['Content-Encoding', 'gzip'], body })
    const [held] = await gateway.held()
    const { draft } = held!.message
    expect(Buffer.from((await draft.content())!.bytes).toString()).toBe('{"secret":1}')
    const bytes = Buffer.from('{"secret":2, "more": true}')
    const start = { method: 'POST', target: '/' }
    held!.end({ kind: 'edited', message: { start, headers: draft.headers, body: { bytes, coded: false } } })
    await answer
    const [seen] = gateway.upstream.seen
    expect(gunzipSync(seen!.body).toString()).toBe('{"secret":2, "more": true}')
    expect(field(seen!.headers, 'content-length')).toBe(String(seen!.body.length))
  })

  it('decodes deflate without its wrapper, as clients do', async () => {
    gateway = await heldGateway()
    gateway.stop('req.body:secret')
    const body = deflateRawSync('{"secret":1}')
    const answer = ask(gateway.url, { method: 'POST', headers: ['Content-Encoding', 'deflate'], body })
    const [held] = await gateway.held()
    const { draft } = held!.message
    expect(await draft.content()).toEqual({ bytes: Buffer.from('{"secret":1}'), coded: false })
    const bytes = Buffer.from('{"secret":2}')
    const start = { method: 'POST', target: '/' }
    held!.end({ kind: 'edited', message: { start, headers: draft.headers, body: { bytes, coded: false } } })
    await answer
    expect(inflateSync(gateway.upstream.seen[0]!.body).toString()).toBe('{"secret":2}')
  })

  it('puts brotli on in the time that somebody waits', async () => {
    gateway = await heldGateway()
    gateway.stop('')
    const answer = ask(gateway.url, {
      method: 'POST',
      headers: ['Content-Encoding', 'br'],
      body: brotliCompressSync('x'),
    })
    const [held] = await gateway.held()
    const { draft } = held!.message
    const rows = Array.from({ length: 100_000 }, (_, at) => ({ at, name: `number ${at}` }))
    const bytes = Buffer.from(JSON.stringify(rows))
    const begun = performance.now()
    held!.end({
      kind: 'edited',
      message: { start: draft.start, headers: draft.headers, body: { bytes, coded: false } },
    })
    await answer
    // The best compression takes six seconds for these 4 MB.
    expect(performance.now() - begun).toBeLessThan(3_000)
    expect(brotliDecompressSync(gateway.upstream.seen[0]!.body).equals(bytes)).toBe(true)
  })
})

describe('Content-Length', () => {
  const edited = async (headers: (before: readonly string[]) => string[], body: string) => {
    gateway = await heldGateway({
      upstream: await testUpstream((request, response) => {
        request.resume()
        response.end('ok')
      }),
    })
    const raw: Buffer[] = []
    gateway.upstream.server.on('connection', (socket) => socket.on('data', (chunk) => raw.push(chunk)))
    gateway.stop('')
    const answer = ask(gateway.url, { method: 'POST', path: '/x', body: '12345' })
    const [held] = await gateway.held()
    held!.end({
      kind: 'edited',
      message: {
        start: { method: 'POST', target: '/x' },
        headers: headers(held!.message.draft.headers),
        body: { bytes: Buffer.from(body), coded: false },
      },
    })
    return { answer: await answer, raw: () => Buffer.concat(raw).toString('latin1') }
  }

  it('follows the body where it was right', async () => {
    const { raw } = await edited((before) => [...before], '1234567')
    expect(raw()).toMatch(/content-length: 7/i)
    expect(raw()).toContain('\r\n\r\n1234567')
  })

  it('stays wrong where somebody wrote another one: the bytes go out as written', async () => {
    const { answer, raw } = await edited(
      (before) => before.with(before.indexOf('Content-Length') + 1, '3').slice(0, -2),
      '123GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n',
    )
    expect(answer.status).toBe(200)
    expect(raw()).toMatch(/^POST \/x HTTP\/1\.1\r\n/)
    expect(raw()).toMatch(/Content-Length: 3\r\n(?:.*\r\n)*\r\n123GET \/smuggled/)
    expect(gateway.upstream.seen.map(({ url }) => url)).toEqual(['/x', '/smuggled'])
  })

  it('and Transfer-Encoding may contradict each other', async () => {
    const { raw } = await edited((before) => [...before, 'Transfer-Encoding', 'chunked'], '0\r\n\r\nG')
    expect(raw()).toMatch(/Content-Length: 5\r\n(?:.*\r\n)?Transfer-Encoding: chunked\r\n\r\n0\r\n\r\nG$/)
  })
})

describe('a body that streams by', () => {
  const long = Buffer.alloc(11 * 1024 * 1024, 'x')
  const edit = (held: Held, start: Start) => {
    const body = { bytes: Buffer.from('small'), coded: false }
    held.end({ kind: 'edited', message: { start, headers: held.message.draft.headers, body } })
  }

  it.each([
    ['Content-Length', String(long.length)],
    ['Transfer-Encoding', 'chunked'],
  ])('of a request gives way to another one: %s', async (...framing) => {
    gateway = await heldGateway()
    gateway.stop('')
    const answer = ask(gateway.url, { method: 'POST', headers: framing, body: long })
    const [held] = await gateway.held()
    edit(held!, { method: 'POST', target: '/' })
    expect((await answer).status).toBe(200)
    expect(gateway.upstream.seen[0]!.body.toString()).toBe('small')
  })

  it.each(['Content-Length', 'Transfer-Encoding'])('of a response too: %s', async (framing) => {
    const upstream = await testUpstream((_, response) => {
      if (framing === 'Content-Length') response.setHeader(framing, String(long.length))
      response.write(long)
      response.end()
    })
    gateway = await heldGateway({ upstream })
    gateway.stop('', { on: 'response' })
    const answer = ask(gateway.url)
    const [held] = await gateway.held()
    edit(held!, { status: 200, reason: 'OK' })
    expect((await answer).body.toString()).toBe('small')
  })
})

describe('the length of a response', () => {
  it.each([
    ['more', '100'],
    ['less', '3'],
  ])('a length that says %s than there is goes out so, and the connection ends behind it', async (_, length) => {
    gateway = await heldGateway()
    gateway.stop('', { on: 'response' })
    const socket = connect(Number(new URL(gateway.url).port), '127.0.0.1')
    let got = ''
    socket.on('data', (chunk: Buffer) => (got += chunk.toString()))
    const ended = once(socket, 'end')
    socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
    const [held] = await gateway.held()
    const { draft } = held!.message
    const kept = draft.headers.filter(
      (_, at) => !/^(?:content-length|transfer-encoding)$/i.test(draft.headers[at - (at % 2)]!),
    )
    const headers = [...kept, 'Content-Length', length]
    const body = { bytes: Buffer.from('0123456789'), coded: false }
    held!.end({ kind: 'edited', message: { start: { status: 200, reason: 'OK' }, headers, body } })
    await ended
    expect(got).toContain(`Content-Length: ${length}\r\n`)
    expect(got).toMatch(/\r\nConnection: close\r\n(?:.|\r\n)*0123456789$/)
    socket.destroy()
  })
})

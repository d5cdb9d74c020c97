import http from 'node:http'
import http2 from 'node:http2'
import net, { type AddressInfo } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import type { Destination } from '../../gateway-core/replay/connect.ts'
import type { WireRequest } from '../../gateway-core/replay/resolve.ts'
import { sendOnce } from '../../gateway-core/replay/send.ts'
import { bytesOfRequest } from '../../gateway-core/replay/send-http1.ts'

const closers: (() => void)[] = []
afterEach(() => {
  for (const close of closers.splice(0)) close()
})

const never = new AbortController().signal

function destination(server: net.Server): Destination {
  return { scheme: 'http', host: '127.0.0.1', port: (server.address() as AddressInfo).port, insecure: false }
}

/** A server that answers with these bytes, and keeps what came. */
async function rawServer(answer: string): Promise<{ to: Destination; received: () => Buffer }> {
  const chunks: Buffer[] = []
  const server = net.createServer((socket) => {
    socket.on('error', () => undefined)
    socket.on('data', (chunk) => {
      chunks.push(chunk)
      if (answer !== '') socket.end(Buffer.from(answer, 'latin1'))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  closers.push(() => server.close())
  return { to: destination(server), received: () => Buffer.concat(chunks) }
}

const request = (more: Partial<WireRequest> = {}): WireRequest => ({
  method: 'GET',
  url: '/',
  version: '1.1',
  fields: [['Host', 'x']],
  body: undefined,
  ...more,
})

const ok = 'HTTP/1.1 200 Fine\r\nX-One: a\r\nx-one: b\r\nContent-Length: 2\r\n\r\nok'

describe('a request over HTTP/1.1', () => {
  it.each<[string, string, WireRequest]>([
    [
      'order, case and repetitions',
      '/a?b',
      request({
        fields: [
          ['hOsT', 'x'],
          ['X-b', '2'],
          ['x-B', '1'],
        ],
      }),
    ],
    [
      'a wrong Content-Length',
      '/',
      request({ method: 'POST', fields: [['Content-Length', '99']], body: Buffer.from('abc') }),
    ],
    [
      'two lengths and chunks',
      '/',
      request({
        fields: [
          ['Content-Length', '0'],
          ['Transfer-Encoding', 'chunked'],
        ],
        body: Buffer.from('0\r\n\r\nGET /smuggled HTTP/1.1\r\n\r\n'),
      }),
    ],
    [
      'names that no client writes',
      '/',
      request({
        fields: [
          ['Transfer-Encoding ', 'chunked'],
          ['X_y', ''],
          ['fold', 'a\r\n b'],
        ],
      }),
    ],
    ['a target with a space and a fragment', '/a b#c\\', request()],
    ['bytes beyond ASCII', '/', request({ fields: [['X', '\u00ff\u00c3\u00a9']] })],
    ['a method of its own, over HTTP/1.0', '*', request({ method: 'ODD/method', version: '1.0' })],
  ])('goes out as it is written: %s', async (_, target, wire) => {
    const { to, received } = await rawServer(ok)
    const { response } = await sendOnce(to, target, wire, 2000, never)
    expect(response?.status).toBe(200)
    expect(received().toString('latin1')).toBe(bytesOfRequest(target, wire).toString('latin1'))
    const [line, ...rest] = received().toString('latin1').split('\r\n')
    expect(line).toBe(`${wire.method} ${target} HTTP/${wire.version}`)
    expect(rest.slice(0, wire.fields.length).join('\r\n')).toContain(`${wire.fields[0]![0]}: ${wire.fields[0]![1]}`)
  })

  it('gives the response as it came', async () => {
    const { to } = await rawServer(ok)
    const { response, timings, localPort } = await sendOnce(to, '/', request(), 2000, never)
    expect(response).toMatchObject({
      status: 200,
      reason: 'Fine',
      version: '1.1',
      rawHeaders: ['X-One', 'a', 'x-one', 'b', 'Content-Length', '2'],
      length: 2,
    })
    expect(response!.body.toString()).toBe('ok')
    expect(localPort).toBeGreaterThan(0)
    expect(timings.connected!).toBeLessThanOrEqual(timings.total)
    expect(timings.firstByte!).toBeLessThanOrEqual(timings.total)
  })

  it('reads no body after HEAD', async () => {
    const { to } = await rawServer('HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n')
    const { response, problem } = await sendOnce(to, '/', request({ method: 'HEAD' }), 2000, never)
    expect([response?.status, response?.length, problem]).toEqual([200, 0, undefined])
  })

  it('reads on after 100 Continue, and trailers', async () => {
    const { to } = await rawServer(
      'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\nX-T: 1\r\n\r\n',
    )
    const { response } = await sendOnce(to, '/', request(), 2000, never)
    expect(response).toMatchObject({ status: 200, rawTrailers: ['X-T', '1'] })
  })

  it.each([
    ['no HTTP', 'garbage\r\n\r\n', /no HTTP response/],
    ['nothing', ' ', /no HTTP response|closed without a response/],
    ['a response that breaks off', 'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc', /broke off/],
  ])('says what is wrong with %s', async (_, answer, expected) => {
    const { to } = await rawServer(answer)
    const { response, problem } = await sendOnce(to, '/', request(), 2000, never)
    expect(problem?.what ?? response?.problem).toMatch(expected)
  })

  it('says that nothing listens', async () => {
    const server = net.createServer().listen(0, '127.0.0.1')
    await new Promise((resolve) => server.once('listening', resolve))
    const to = destination(server)
    await new Promise((resolve) => server.close(resolve))
    const { problem } = await sendOnce(to, '/', request(), 2000, never)
    expect(problem).toEqual({ what: `nothing listens at http://127.0.0.1:${to.port}`, todo: expect.any(String) })
  })

  it('gives up after its time', async () => {
    const { to } = await rawServer('')
    const { problem } = await sendOnce(to, '/', request(), 60, never)
    expect(problem?.what).toBe('no whole response within 60 ms')
  })

  it('is cancelled', async () => {
    const { to, received } = await rawServer('')
    const stop = new AbortController()
    const sent = sendOnce(to, '/', request(), 10_000, stop.signal)
    while (received().length === 0) await new Promise((resolve) => setImmediate(resolve))
    stop.abort()
    expect((await sent).problem).toEqual({ what: 'cancelled' })
  })

  it('carries a large binary body whole', async () => {
    const body = Buffer.from(Uint8Array.from({ length: 3_000_000 }, (_, at) => at % 251))
    let received = Buffer.alloc(0)
    const server = http.createServer((incoming, response) => {
      const chunks: Buffer[] = []
      incoming.on('data', (chunk: Buffer) => chunks.push(chunk))
      incoming.on('end', () => {
        received = Buffer.concat(chunks)
        response.end(received)
      })
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    closers.push(() => server.close())
    const wire = request({
      method: 'PUT',
      fields: [
        ['Host', 'x'],
        ['Content-Length', String(body.length)],
      ],
      body,
    })
    const { response } = await sendOnce(destination(server), '/', wire, 5000, never)
    expect(received.equals(body)).toBe(true)
    expect(response!.body.equals(body)).toBe(true)
  })
})

describe('a request over HTTP/2', () => {
  it('keeps the order and repetitions of its fields, and leaves out those of a connection', async () => {
    let raw: string[] = []
    const server = http2.createServer((incoming, response) => {
      raw = incoming.rawHeaders
      response.setHeader('X-A', '1')
      response.end('two')
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    closers.push(() => server.close())
    const fields: [string, string][] = [
      ['Host', 'shop'],
      ['X-B', '1'],
      ['Connection', 'close'],
      ['x-b', '2'],
    ]
    const { response } = await sendOnce(destination(server), '/q', request({ version: '2', fields }), 2000, never)
    expect(response).toMatchObject({ status: 200, version: '2', length: 3 })
    expect(raw).toEqual([
      ':method',
      'GET',
      ':scheme',
      'http',
      ':authority',
      'shop',
      ':path',
      '/q',
      'x-b',
      '1',
      'x-b',
      '2',
    ])
  })
})

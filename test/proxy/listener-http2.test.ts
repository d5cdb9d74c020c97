import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import http2, { type ClientHttp2Session, type IncomingHttpHeaders, type OutgoingHttpHeaders } from 'node:http2'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import tls from 'node:tls'
import { beforeAll, describe, expect, it } from 'vitest'
import { loadTlsMaterial, type TlsMaterial } from '../../gateway-core/proxy/tls.ts'
import type { Inbound } from '../../gateway-core/proxy/connection.ts'
import { closing, echo, rig, until } from './listening.ts'

let material: TlsMaterial
beforeAll(async () => {
  const folder = await mkdtemp(join(tmpdir(), 'gatehouse-h2-'))
  material = await loadTlsMaterial(folder, {
    host: '127.0.0.1',
    port: 0,
    certificate: undefined,
    key: undefined,
    clientCertificates: 'none',
    clientCa: undefined,
  })
  return () => rm(folder, { recursive: true })
})

function connect(port: number): ClientHttp2Session {
  const session = http2.connect(`https://127.0.0.1:${port}`, { rejectUnauthorized: false })
  session.on('error', () => {})
  closing(() => session.destroy())
  return session
}

interface Answer {
  status: number
  body: string
  /** HTTP/2 error code of the stream: 0 is none. */
  reset: number
}

/** One request; resolves when its stream has closed, however it did. */
function ask(session: ClientHttp2Session, headers: OutgoingHttpHeaders | string[], body?: string): Promise<Answer> {
  return new Promise((resolve) => {
    const answer: Answer = { status: 0, body: '', reset: 0 }
    const stream = session.request(headers, { endStream: body === undefined })
    stream.setEncoding('utf8')
    stream.on('response', (head: IncomingHttpHeaders) => {
      answer.status = Number((head as Record<string, unknown>)[':status'])
    })
    stream.on('data', (text: string) => {
      answer.body += text
    })
    stream.on('error', () => {})
    stream.on('close', () => resolve({ ...answer, reset: stream.rstCode ?? 0 }))
    if (body !== undefined) stream.end(body)
  })
}

const code = (answer: Answer) => (JSON.parse(answer.body) as { code: string }).code

describe('HTTP/2', () => {
  it('hands over the head without pseudo-headers, cookies joined, names as sent', async () => {
    const { httpsPort, requests } = await rig({ tls: material })
    const session = connect(httpsPort)
    const answer = await ask(session, {
      ':path': '/a%7Eb?c',
      ':authority': 'Shop.test:1',
      cookie: ['a=1', 'b=2'],
      'x-two': ['1', '2'],
    })
    expect(answer).toMatchObject({ status: 200, body: 'GET /a~b 0' })
    expect(requests[0]!.head).toMatchObject({
      method: 'GET',
      scheme: 'https',
      authority: 'shop.test:1',
      target: '/a%7Eb?c',
      path: '/a~b',
      query: 'c',
      httpVersion: '2',
      hasBody: false,
    })
    expect(requests[0]!.head.rawHeaders).toEqual(['cookie', 'a=1; b=2', 'x-two', '1', 'x-two', '2'])
    expect(requests[0]!.peer.tls!.protocol).toBe('TLSv1.3')
  })

  it('streams bodies, with and without a length', async () => {
    const { httpsPort, requests } = await rig({ tls: material })
    const session = connect(httpsPort)
    expect((await ask(session, { ':method': 'POST', ':path': '/p' }, 'x'.repeat(500_000))).body).toBe('POST /p 500000')
    expect((await ask(session, { ':method': 'POST', ':path': '/p', 'content-length': '3' }, 'abc')).body).toBe(
      'POST /p 3',
    )
    expect(requests.map(({ head }) => [head.hasBody, head.contentLength])).toEqual([
      [true, undefined],
      [true, 3],
    ])
  })

  it.each<[string, OutgoingHttpHeaders | string[], number, string]>([
    ['a backslash', { ':path': '/a\\b' }, 400, 'AMBIGUOUS_PATH'],
    ['an encoded slash', { ':path': '/a%2fb' }, 400, 'AMBIGUOUS_PATH'],
    ['a fragment', { ':path': '/a#b' }, 400, 'BAD_TARGET'],
    [
      'two different hosts',
      [':method', 'GET', ':scheme', 'https', ':path', '/', ':authority', 'a', 'host', 'b'],
      400,
      'BAD_HOST',
    ],
    ['gRPC', { ':path': '/s/m', ':method': 'POST', 'content-type': 'application/grpc' }, 501, 'GRPC_UNSUPPORTED'],
    ['a field with underscores', { ':path': '/', content_length: '3' }, 400, 'MALFORMED_REQUEST'],
    ['another expectation', { ':path': '/', expect: 'more' }, 417, 'EXPECTATION_FAILED'],
    ['CONNECT', [':method', 'CONNECT', ':authority', 'a:1'], 501, 'UPGRADE_REFUSED'],
    [
      'too many fields',
      { ':path': '/', ...Object.fromEntries(Array.from({ length: 120 }, (_, at) => [`x-${at}`, 'y'])) },
      431,
      'HEADERS_TOO_LARGE',
    ],
    ['too long a field', { ':path': '/', 'x-long': 'y'.repeat(20_000) }, 431, 'HEADERS_TOO_LARGE'],
  ])('refuses %s on its stream, and the session goes on', async (_name, headers, status, expected) => {
    const { httpsPort, refusals, requests } = await rig({ tls: material })
    const session = connect(httpsPort)
    const answer = await ask(session, headers)
    expect({ status: answer.status, code: code(answer) }).toEqual({ status, code: expected })
    expect(refusals).toMatchObject([{ code: expected, kind: 'request', listener: 'https' }])
    expect(requests.map(({ head }) => head)).toEqual([])
    expect((await ask(session, { ':path': '/next' })).status).toBe(200)
  })

  it('resets what is far over the limit of headers', async () => {
    const { httpsPort, requests } = await rig({ tls: material })
    for (const headers of [
      { ':path': '/', ...Object.fromEntries(Array.from({ length: 100 }, (_, at) => [`x-${at}`, 'y'.repeat(1_000)])) },
      Object.fromEntries([[':path', '/'], ...Array.from({ length: 400 }, (_, at) => [`x-${at}`, 'y'])]),
    ]) {
      const answer = await ask(connect(httpsPort), headers as OutgoingHttpHeaders)
      expect(answer.status).toBe(0)
      expect(answer.reset).not.toBe(0)
    }
    expect(requests.map(({ head }) => head)).toEqual([])
  })

  it('answers 408 where a body stops, on that stream only', async () => {
    const { httpsPort, refusals } = await rig({ tls: material, limits: { idleMs: 100 } })
    const session = connect(httpsPort)
    const stream = session.request({ ':method': 'POST', ':path': '/' }, { endStream: false })
    stream.on('error', () => {})
    stream.write('abc')
    const [head] = (await once(stream, 'response')) as [Record<string, unknown>]
    expect(head[':status']).toBe(408)
    expect(refusals.map((refusal) => refusal.code)).toEqual(['REQUEST_TIMEOUT'])
  })

  it('bodies that nobody reads yet do not stop other streams', async () => {
    const held: Inbound[] = []
    const { httpsPort } = await rig({
      tls: material,
      request: (inbound) => {
        if (inbound.head.path === '/held') held.push(inbound)
        else echo(inbound)
      },
    })
    const session = connect(httpsPort)
    const waiting = Array.from({ length: 6 }, () =>
      ask(session, { ':method': 'POST', ':path': '/held' }, 'x'.repeat(400_000)),
    )
    await until('all are held', () => held.length === 6)
    expect((await ask(session, { ':method': 'POST', ':path': '/p' }, 'y'.repeat(400_000))).body).toBe('POST /p 400000')
    for (const inbound of held) echo(inbound)
    for (const answer of await Promise.all(waiting)) expect(answer.body).toBe('POST /held 400000')
  })

  it('waits for a slow answer', async () => {
    const { httpsPort } = await rig({
      tls: material,
      limits: { idleMs: 60 },
      request: ({ res }) => void setTimeout(() => res.end('late'), 250),
    })
    expect(await ask(connect(httpsPort), { ':path': '/' })).toMatchObject({ status: 200, body: 'late' })
  })

  it('lets go of an idle session', async () => {
    const { httpsPort, listener } = await rig({ tls: material, limits: { idleMs: 60 } })
    const session = connect(httpsPort)
    await ask(session, { ':path': '/' })
    await until('the session has ended', () => session.closed && listener.stats().http2Sessions === 0)
  })

  it('leaves 100-continue to the handler', async () => {
    const { httpsPort, requests } = await rig({ tls: material })
    const stream = connect(httpsPort).request(
      { ':method': 'POST', ':path': '/', expect: '100-continue' },
      { endStream: false },
    )
    await once(stream, 'continue')
    stream.end('hi')
    await once(stream, 'response')
    expect(requests[0]!.head.expectContinue).toBe(true)
    stream.close()
  })

  it('closes gracefully', async () => {
    const held: { release?: () => void } = {}
    const { httpsPort, listener, requests } = await rig({
      tls: material,
      request: ({ res }) => {
        held.release = () => res.end('done')
      },
    })
    const answer = ask(connect(httpsPort), { ':path': '/' })
    await until('the request has come', () => requests.length === 1)
    const closed = listener.close(3_000)
    held.release!()
    expect(await answer).toMatchObject({ status: 200, body: 'done' })
    await closed
  })
})

/** An HTTP/2 frame (RFC 9113 §4.1). */
function frame(type: number, flags: number, stream: number, payload: Buffer = Buffer.alloc(0)): Buffer {
  const head = Buffer.alloc(9)
  head.writeUIntBE(payload.length, 0, 3)
  head[3] = type
  head[4] = flags
  head.writeUInt32BE(stream, 5)
  return Buffer.concat([head, payload])
}

/** Header fields as HPACK literals without indexing and without Huffman coding. */
function fields(pairs: [string, string][]): Buffer {
  return Buffer.concat(
    pairs.flatMap(([name, value]) => [
      Buffer.from([0, name.length]),
      Buffer.from(name),
      Buffer.from([value.length]),
      Buffer.from(value, 'latin1'),
    ]),
  )
}

const get: [string, string][] = [
  [':method', 'GET'],
  [':scheme', 'https'],
  [':path', '/'],
  [':authority', 'a'],
]
const preface = Buffer.concat([Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), frame(4, 0, 0)])

/** Speaks raw frames; resolves when the server has closed, or after `forMs`. */
async function speak(port: number, frames: Buffer[], forMs = 1_500): Promise<{ closed: boolean; got: Buffer }> {
  const socket = tls.connect({ port, host: '127.0.0.1', rejectUnauthorized: false, ALPNProtocols: ['h2'] })
  socket.on('error', () => {})
  const got: Buffer[] = []
  socket.on('data', (data) => got.push(data))
  await once(socket, 'secureConnect')
  for (const bytes of [preface, ...frames]) socket.write(bytes)
  const closed = await Promise.race([
    once(socket, 'close').then(() => true),
    new Promise<boolean>((resolve) => setTimeout(resolve, forMs, false)),
  ])
  socket.destroy()
  return { closed, got: Buffer.concat(got) }
}

describe('hostile HTTP/2', () => {
  it('rapid resets end the session', async () => {
    const { httpsPort, requests, refusals } = await rig({ tls: material, request: () => {} })
    const frames: Buffer[] = []
    for (let stream = 1; stream < 6_000; stream += 2) {
      frames.push(frame(1, 0x5, stream, fields(get)), frame(3, 0, stream, Buffer.from([0, 0, 0, 8])))
    }
    const { closed } = await speak(httpsPort, [Buffer.concat(frames)])
    expect(closed).toBe(true)
    expect(requests.length).toBeLessThan(1_500)
    expect(refusals.some((refusal) => refusal.kind === 'connection')).toBe(true)
  })

  it('endless CONTINUATION frames end the session', async () => {
    const { httpsPort, requests } = await rig({ tls: material })
    const more = frame(9, 0, 1, fields([['x-a', 'y'.repeat(100)]]))
    const { closed } = await speak(httpsPort, [
      frame(1, 0x1, 1, fields(get)),
      ...Array.from({ length: 2_000 }, () => more),
    ])
    expect(closed).toBe(true)
    expect(requests.map(({ head }) => head)).toEqual([])
  })

  it.each([
    ['pings', frame(6, 0, 0, Buffer.alloc(8))],
    ['settings', frame(4, 0, 0)],
    ['empty data frames', frame(0, 0, 1)],
  ])('a flood of %s does not stop others', async (_name, flood) => {
    const { httpsPort } = await rig({ tls: material })
    const flooding = speak(
      httpsPort,
      [
        frame(1, 0x4, 1, fields([...get.slice(1), [':method', 'POST']])),
        Buffer.concat(Array.from({ length: 20_000 }, () => flood)),
      ],
      500,
    )
    expect((await ask(connect(httpsPort), { ':path': '/' })).status).toBe(200)
    await flooding
  })

  it.each<[string, [string, string][]]>([
    ['a connection field', [...get, ['connection', 'close']]],
    ['Transfer-Encoding', [...get, ['transfer-encoding', 'chunked']]],
    ['Upgrade', [...get, ['upgrade', 'websocket']]],
    ['an upper-case name', [...get, ['X-A', 'b']]],
    ['a pseudo-header after a field', [['x-a', 'b'], ...get]],
    ['two paths', [...get, [':path', '/other']]],
    ['a line break in the path', [...get.slice(0, 2), get[3]!, [':path', '/ HTTP/1.1\r\nx: y']]],
    ['a space in the method', [...get.slice(1), [':method', 'GET /x']]],
    ['an absolute form', [...get.slice(0, 2), get[3]!, [':path', 'http://a/']]],
    ['an asterisk for GET', [...get.slice(0, 2), get[3]!, [':path', '*']]],
    ['a host with userinfo', [...get.slice(0, 3), [':authority', 'u@a']]],
    ['no host', get.slice(0, 3)],
    ['an empty path', [...get.slice(0, 2), get[3]!, [':path', '']]],
  ])('%s reaches no handler', async (_name, pairs) => {
    const { httpsPort, requests } = await rig({ tls: material })
    await speak(httpsPort, [frame(1, 0x5, 1, fields(pairs))], 150)
    expect(requests.map(({ head }) => head)).toEqual([])
    expect((await ask(connect(httpsPort), { ':path': '/' })).status).toBe(200)
  })

  it.each([
    ['a line break', 'b\r\nx: y'],
    ['NUL', 'b\0c'],
  ])('a field with %s in its value is not in the head', async (_name, value) => {
    const { httpsPort, requests } = await rig({ tls: material })
    await speak(httpsPort, [frame(1, 0x5, 1, fields([...get, ['x-a', value], ['x-b', 'ok']]))], 150)
    for (const { head } of requests) expect(head.rawHeaders).toEqual(['x-b', 'ok'])
  })

  it('the host may come from Host where `:authority` is absent', async () => {
    const { httpsPort, requests } = await rig({ tls: material })
    await speak(httpsPort, [frame(1, 0x5, 1, fields([...get.slice(0, 3), ['host', 'A.test']]))], 150)
    expect(requests.map(({ head }) => head.authority)).toEqual(['a.test'])
  })

  it('garbage after the handshake is reported', async () => {
    const { httpsPort, refusals } = await rig({ tls: material })
    const { closed } = await speak(httpsPort, [Buffer.alloc(64, 0xff)])
    expect(closed).toBe(true)
    await until('it is reported', () => refusals.length > 0)
    expect(refusals[0]).toMatchObject({ kind: 'connection', code: 'MALFORMED_REQUEST' })
  })
})

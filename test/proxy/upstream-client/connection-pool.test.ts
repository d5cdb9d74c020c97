import { once } from 'node:events'
import type { Socket } from 'node:net'
import { PassThrough, Readable } from 'node:stream'
import { describe, expect, test } from 'vitest'
import type { UpstreamCall } from '../../../gateway-core/proxy/upstream-client/call.ts'
import { type Answer, ask, get, ok, pair, server } from './raw-server.ts'
import { until } from '../listening.ts'

describe('connections', () => {
  test('one is kept and used again', async () => {
    const { pool, sockets } = await server((socket) => socket.write(ok()))
    for (let at = 0; at < 5; at++) expect(await ask(pool)).toMatchObject({ status: 200, body: 'ok' })
    expect(sockets).toHaveLength(1)
  })

  test.each([
    ['says so', ok('ok', 'Connection: close\r\n')],
    ['keeps it for a second only', ok('ok', 'Keep-Alive: timeout=1\r\n')],
    ['sent more than its answer', `${ok()}HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nother`],
  ])('none is kept where the server %s', async (_, bytes) => {
    const { pool, sockets } = await server((socket) => socket.write(bytes))
    expect(await ask(pool)).toMatchObject({ body: 'ok' })
    expect(await ask(pool)).toMatchObject({ body: 'ok' })
    expect(sockets).toHaveLength(2)
  })

  test('bytes that nobody asked for are no answer to the next call', async () => {
    const { pool, sockets } = await server((socket) => socket.write(ok()))
    await ask(pool)
    const closed = once(sockets[0]!, 'close')
    sockets[0]!.write(ok('forged'))
    await closed
    expect(await ask(pool)).toMatchObject({ body: 'ok' })
  })

  test.each(['GET', 'POST'])('nor to a %s that is not written yet: that goes to another connection', async (method) => {
    const { pool, sockets } = await server((socket) => socket.write(ok(`answer ${sockets.length}`)))
    await ask(pool)
    const [near, far] = await pair()
    const answer = new Promise<Answer>((resolve) => near.once('data', () => void ask(pool, { method }).then(resolve)))
    // Both are there when the gateway reads next, and the call is asked for first.
    far.write('go')
    sockets[0]!.write(ok('forged'))
    expect(await answer).toMatchObject({ body: 'answer 2' })
    far.destroy()
  })

  test('beyond 256 calls wait for each other', async () => {
    const waiting: Socket[] = []
    const { pool, sockets } = await server((socket) => void waiting.push(socket))
    const answers = Array.from({ length: 300 }, () => ask(pool))
    await until('256 are asked', () => waiting.length === 256)
    for (let answered = 0; answered < 300; answered++) {
      await until('another is asked', () => waiting.length > 0)
      waiting.shift()!.write(ok())
    }
    expect((await Promise.all(answers)).every(({ body }) => body === 'ok')).toBe(true)
    expect(sockets).toHaveLength(256)
  })

  test('closing ends what idles, and lets a call finish', async () => {
    const { pool, sockets } = await server((socket, text) => text.includes('/slow') || socket.write(ok()))
    const slow = ask(pool, { path: '/slow' })
    await until('it is asked', () => sockets.length === 1)
    await ask(pool)
    const idleClosed = once(sockets[1]!, 'close')
    const closed = pool.close()
    await idleClosed
    sockets[0]!.write(ok('late'))
    expect(await slow).toMatchObject({ body: 'late' })
    await closed
  })
})

describe('a kept connection that the server closes', () => {
  const closing = () =>
    server((socket, _, connection) => {
      if (connection === 0 && socket.bytesRead > 60) socket.destroy()
      else socket.write(ok(String(connection)))
    })

  test.each(['GET', 'HEAD', 'PUT', 'DELETE'])('%s is sent once more, on a new one', async (method) => {
    const { pool, sockets } = await closing()
    await ask(pool, { path: `/${'a'.repeat(20)}` })
    expect(await ask(pool, { method, path: `/${'a'.repeat(20)}` })).toMatchObject({ status: 200 })
    expect(sockets).toHaveLength(2)
  })

  test('POST is not: it might be done twice', async () => {
    const { pool, sockets } = await closing()
    await ask(pool, { path: `/${'a'.repeat(20)}` })
    expect((await ask(pool, { method: 'POST', path: `/${'a'.repeat(20)}` })).failure).toMatchObject({
      code: 'UPSTREAM_BROKEN',
      sent: true,
    })
    expect(sockets).toHaveLength(1)
  })

  test('a new one that is closed without an answer is a failure', async () => {
    const { pool, sockets } = await server((socket) => socket.end())
    expect((await ask(pool)).failure).toEqual({
      code: 'UPSTREAM_BROKEN',
      reason: 'the upstream closed the connection without an answer',
      sent: true,
    })
    expect(sockets).toHaveLength(1)
  })
})

describe('answers that do not come whole', () => {
  test.each([
    ['HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab', 'the connection ended in the middle of the answer'],
    ['HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n', 'a Content-Length that is no number'],
    ['SSH-2.0\r\n\r\n', 'the answer does not begin with a status line of HTTP/1.1'],
  ])('%j', async (bytes, reason) => {
    const { pool } = await server((socket) => socket.end(bytes))
    expect((await ask(pool)).failure).toEqual({ code: 'UPSTREAM_BROKEN', reason, sent: true })
  })

  test.each([
    ['', 'no answer came within 50 ms'],
    ['HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab', 'nothing more of the answer came within 50 ms'],
  ])('a server that falls silent after %j', async (bytes, reason) => {
    const { pool, sockets } = await server((socket) => socket.write(bytes))
    expect((await ask(pool, { timeoutMs: 50 })).failure).toEqual({ code: 'UPSTREAM_TIMEOUT', reason, sent: true })
    await until('the connection ends', () => sockets[0]!.closed)
  })

  test('nobody there', async () => {
    const { pool, listening } = await server(() => undefined)
    listening.close()
    await once(listening, 'close')
    expect((await ask(pool)).failure).toMatchObject({ code: 'UPSTREAM_UNREACHABLE', sent: false })
  })

  test('what those who are told throw ends the call alone', async () => {
    const { pool } = await server((socket) => socket.write(ok()))
    const failure = await new Promise((resolve) =>
      pool.dispatch(get, {
        onHead: () => {
          throw new Error('a bug')
        },
        onData: () => true,
        onEnd: () => resolve('ended'),
        onFailure: resolve,
      }),
    )
    expect(failure).toMatchObject({ code: 'UPSTREAM_BROKEN', reason: 'a bug' })
    expect(await ask(pool)).toMatchObject({ body: 'ok' })
  })
})

describe('requests', () => {
  const table: [string, Partial<UpstreamCall>, string][] = [
    [
      'headers keep case, order and repetitions',
      { headers: ['hOst', 'x', 'B', '1', 'a', '', 'B', '2'] },
      'GET / HTTP/1.1\r\nhOst: x\r\nB: 1\r\na: \r\nB: 2\r\n\r\n',
    ],
    ['a POST without a body says so', { method: 'POST' }, 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n'],
    [
      'a body gets its length',
      { method: 'POST', body: Buffer.from('ä') },
      'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nÃ¤',
    ],
    [
      'a large body',
      { method: 'POST', body: Buffer.alloc(20_000, 'a') },
      `POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 20000\r\n\r\n${'a'.repeat(20_000)}`,
    ],
    [
      'a stream of known length',
      { method: 'POST', headers: ['Content-Length', '4'], body: Readable.from([Buffer.from('ab'), Buffer.from('cd')]) },
      'POST / HTTP/1.1\r\nContent-Length: 4\r\n\r\nabcd',
    ],
    [
      'a stream of unknown length',
      { method: 'POST', body: Readable.from([Buffer.from('ab'), Buffer.alloc(0), Buffer.from('cde')]) },
      'POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n3\r\ncde\r\n0\r\n\r\n',
    ],
    [
      'with trailers',
      {
        method: 'POST',
        trailers: true,
        body: Object.assign(Readable.from([Buffer.from('a')]), { rawTrailers: ['X-T', '1', 'Bad', 'a\r\nb'] }),
      },
      'POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nX-T: 1\r\n\r\n',
    ],
  ]
  test.each(table)('%s', async (_, call, expected) => {
    let seen = ''
    const { pool } = await server((socket, text) => {
      seen += text
      if (seen.length === expected.length) socket.write(ok())
    })
    expect(await ask(pool, call)).toMatchObject({ status: 200 })
    expect(seen).toBe(expected)
  })

  const refused: [string, Partial<UpstreamCall>][] = [
    ['a character in A that must not stand in a header field', { headers: ['A', 'b\r\nC: d'] }],
    ['a character in A that must not stand in a header field', { headers: ['A', 'Ċ'] }],
    ['a header field whose name is none: "A: b\\r\\nC"', { headers: ['A: b\r\nC', 'd'] }],
    ['a target with a character that must not stand in it', { path: '/ HTTP/1.1\r\nA: b' }],
    ['a target with a character that must not stand in it', { path: '/Ġ' }],
    ['a target with a character that must not stand in it', { path: '' }],
    ['a method that is none', { method: 'GET /x' }],
    ['two Content-Length fields', { headers: ['Content-Length', '0', 'content-length', '0'] }],
    ['a Content-Length without a body', { headers: ['Content-Length', '5'] }],
    ['a Content-Length that differs from the body', { headers: ['Content-Length', '5'], body: Buffer.from('a') }],
    ['a Content-Length that is no number', { headers: ['Content-Length', '1e1'] }],
    ['a Transfer-Encoding, which belongs to one connection', { headers: ['Transfer-Encoding', 'chunked'] }],
  ]
  test.each(refused)('never sent: %s', async (reason, call) => {
    const { pool, sockets } = await server((socket) => socket.write(ok()))
    expect((await ask(pool, call)).failure).toEqual({
      code: 'UPSTREAM_UNREACHABLE',
      reason: `the request cannot be sent: ${reason}`,
      sent: false,
    })
    expect(sockets).toHaveLength(0)
  })

  test.each([
    ['shorter', 'ab', 'the body is shorter than its Content-Length'],
    ['longer', 'abcdef', 'the body is longer than its Content-Length'],
  ])('a stream that is %s than it says ends the connection', async (_, text, reason) => {
    const { pool, sockets } = await server(() => undefined)
    const body = Readable.from([Buffer.from(text)])
    const { failure } = await ask(pool, { method: 'POST', headers: ['Content-Length', '4'], body })
    expect(failure).toMatchObject({ code: 'UPSTREAM_BROKEN', reason })
    await until('the connection ends', () => sockets[0]!.closed)
  })

  test('a body waits for 100 Continue', async () => {
    const { pool, seen } = await server((socket, text) => {
      if (text.includes('Expect')) socket.write('HTTP/1.1 100 Continue\r\n\r\n')
      else socket.write(ok())
    })
    let before = ''
    const answer = await ask(
      pool,
      {
        method: 'POST',
        headers: ['Content-Length', '2'],
        body: Readable.from([Buffer.from('ab')]),
        expectContinue: true,
      },
      () => (before = seen[0]!),
    )
    expect(answer).toMatchObject({ status: 200 })
    expect(before).toBe('POST / HTTP/1.1\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n')
    expect(seen[0]).toBe(`${before}ab`)
  })

  test('an answer before the body was sent ends both, and the connection', async () => {
    const { pool, sockets } = await server((socket) => void (socket.bytesRead > 0 && socket.write(ok('no'))))
    const body = new PassThrough()
    body.write('a')
    expect(await ask(pool, { method: 'POST', body })).toMatchObject({ body: 'no' })
    await until('the connection ends', () => sockets[0]!.closed)
    expect(body.destroyed).toBe(true)
  })
})

describe('the pace of whoever is told', () => {
  test('a pause holds everything back, also the end, and no time limit runs in it', async () => {
    const { pool } = await server((socket) => socket.write(ok('x'.repeat(200_000))))
    let told = 0
    let goOn: () => void = () => undefined
    const ended = new Promise<string>((resolve) => {
      pool.dispatch(
        { ...get, timeoutMs: 40 },
        {
          onHead: (_status, _headers, resume) => {
            goOn = resume
            return false
          },
          onData: (bytes) => {
            told += bytes.length
            setTimeout(goOn, 1)
            return false
          },
          onEnd: () => resolve('ended'),
          onFailure: ({ reason }) => resolve(reason),
        },
      )
    })
    // Twice as long as the time limit of an answer.
    await new Promise((resolve) => setTimeout(resolve, 80))
    expect(told).toBe(0)
    goOn()
    expect(await ended).toBe('ended')
    expect(told).toBe(200_000)
  })

  test('an upload is read no faster than the server takes it', async () => {
    const { pool, sockets } = await server((socket) => socket.pause())
    let produced = 0
    const body = new Readable({
      read() {
        produced += 65_536
        this.push(Buffer.alloc(65_536))
      },
    })
    const failed = ask(pool, { method: 'POST', body, timeoutMs: 300 })
    expect((await failed).failure).toMatchObject({ code: 'UPSTREAM_TIMEOUT' })
    expect(sockets).toHaveLength(1)
    // What the two sockets buffer, and not what the body could give.
    expect(produced).toBeLessThan(16e6)
  })

  test('an abort ends the connection, and nothing more is told', async () => {
    const { pool, sockets } = await server((socket) => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\na'))
    const told: string[] = []
    const data = new Promise<void>((resolve) => {
      const abort = pool.dispatch(get, {
        onHead: () => true,
        onData: () => {
          abort()
          resolve()
          return true
        },
        onEnd: () => told.push('end'),
        onFailure: () => told.push('failure'),
      })
    })
    await data
    await until('the connection ends', () => sockets[0]!.closed)
    expect(told).toEqual([])
  })
})

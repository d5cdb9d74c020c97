import { Buffer } from 'node:buffer'
import http from 'node:http'
import type net from 'node:net'
import { Duplex } from 'node:stream'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { ResponseHead } from '../../../gateway-core/proxy/upstream-client/response-head.ts'
import { ResponseParser } from '../../../gateway-core/proxy/upstream-client/response-parser.ts'

interface Read {
  interim: number[]
  head?: ResponseHead
  body: string
  trailers?: string[]
  rest: boolean
  error?: string
}

/** Reads pieces as they come; `end` when the server closes after them. */
function read(pieces: readonly Buffer[], { method = 'GET', end = false, pausing = false, shared = false } = {}): Read {
  const bodies: Buffer[] = []
  const seen: Read = { interim: [], body: '', rest: false }
  const parser = new ResponseParser({
    onInterim: (status) => seen.interim.push(status),
    onHead: (head) => {
      seen.head = head
      return !pausing
    },
    onBody: (bytes) => {
      bodies.push(bytes)
      return !pausing
    },
    onMessageEnd: (trailers) => (seen.trailers = trailers),
  })
  parser.begin(method)
  try {
    for (const piece of pieces) {
      const bytes = Buffer.from(piece)
      parser.read(bytes, shared)
      if (shared) bytes.fill('!')
    }
    if (end) parser.end()
    for (let at = 0; pausing && at < 1000; at++) parser.resume()
  } catch (error) {
    seen.error = (error as Error).message
  }
  seen.body = Buffer.concat(bodies).toString('latin1')
  seen.rest = parser.hasRest
  return seen
}

const whole = (text: string, options = {}) => read([Buffer.from(text, 'latin1')], options)

describe('bodies end where the head says', () => {
  const table: [string, string, Partial<Read>, object?][] = [
    ['a length', 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nab', { body: 'ab', trailers: [], rest: false }],
    ['a length of none', 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n', { body: '', trailers: [] }],
    [
      'chunks with extensions and trailers',
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;a=b\r\nabc\r\n0A \r\n',
      { error: 'a chunk without a length' },
    ],
    [
      'chunks and trailers',
      'HTTP/1.1 200\r\nTransfer-Encoding: Chunked\r\n\r\n3;a="b"\r\nabc\r\n1\r\nd\r\n0\r\nX-T: 1\r\n\r\n',
      { body: 'abcd', trailers: ['X-T', '1'] },
    ],
    ['the end of the connection', 'HTTP/1.1 200 OK\r\n\r\nabc', { body: 'abc', trailers: [] }, { end: true }],
    ['HEAD has none', 'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n', { trailers: [] }, { method: 'HEAD' }],
    ['204 has none', 'HTTP/1.1 204 No Content\r\n\r\n', { trailers: [] }],
    ['304 has none', 'HTTP/1.1 304 \r\nContent-Length: 9\r\n\r\n', { trailers: [] }],
    [
      'interim answers come before',
      'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n',
      { interim: [100, 103], trailers: [] },
    ],
    ['what follows is left over', 'HTTP/1.1 204 No\r\n\r\nHTTP/1.1 200 OK\r\n', { trailers: [], rest: true }],
  ]
  test.each(table)('%s', (_, text, expected, options) => {
    expect(whole(text, options)).toMatchObject(expected)
  })
})

describe('what can be read in two ways is refused', () => {
  const head = (lines: string) => `HTTP/1.1 200 OK\r\n${lines}\r\n\r\n`
  const table: [string, string][] = [
    ['two Content-Length fields', head('Content-Length: 1\r\nContent-Length: 1')],
    ['a Content-Length that is no number', head('Content-Length: 1, 1')],
    ['a Content-Length that is no number', head('Content-Length: +1')],
    ['a Content-Length that is no number', head('Content-Length: 0x1')],
    ['a Content-Length that is no number', head('Content-Length:')],
    ['both Transfer-Encoding and Content-Length', head('Content-Length: 1\r\nTransfer-Encoding: chunked')],
    ['a Transfer-Encoding other than chunked', head('Transfer-Encoding: gzip, chunked')],
    ['a Transfer-Encoding other than chunked', head('Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked')],
    ['a Transfer-Encoding other than chunked', head('Transfer-Encoding: xchunked')],
    ['Transfer-Encoding in an answer of HTTP/1.0', 'HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n'],
    ['a header line without a colon', head('A: 1\r\nB')],
    ['a header field whose name is none', head('A : 1')],
    ['a header line without a colon', head('A: 1\r\n folded')],
    ['a header field whose name is none', head('A: 1\r\n folded: 2')],
    ['a header field whose name is none', head(': 1')],
    ['a header field whose name is none', head('Ä: 1')],
    ['a control character in the head of the answer', head('A: 1\nB: 2')],
    ['a control character in the head of the answer', head('A: 1\rB: 2')],
    ['a control character in the head of the answer', head('A: \x00')],
    ['a control character in the head of the answer', head('A: \x7f')],
    ['the answer does not begin with a status line of HTTP/1.1', 'HTTP/2 200 OK\r\n\r\n'],
    ['the answer does not begin with a status line of HTTP/1.1', 'HTTP/1.1 20 OK\r\n\r\n'],
    ['the answer does not begin with a status line of HTTP/1.1', 'HTTP/1.1  200 OK\r\n\r\n'],
    ['the answer does not begin with a status line of HTTP/1.1', 'HTTP/1.1 2000\r\n\r\n'],
    ['the answer does not begin with a status line of HTTP/1.1', '\r\nHTTP/1.1 200 OK\r\n\r\n'],
    ['the answer does not begin with a status line of HTTP/1.1', 'SSH-2.0-OpenSSH_9.2\r\n\r\n'],
    ['101 Switching Protocols, which was not asked for', 'HTTP/1.1 101 Go\r\nUpgrade: x\r\n\r\n'],
    ['a chunk without a length', `${head('Transfer-Encoding: chunked')}-1\r\n`],
    ['a chunk without a length', `${head('Transfer-Encoding: chunked')}0x1\r\n`],
    ['a chunk without a length', `${head('Transfer-Encoding: chunked')}1\n\r\n`],
    ['a chunk without a length', `${head('Transfer-Encoding: chunked')}1 \r\n`],
    ['a chunk without a length', `${head('Transfer-Encoding: chunked')}fffffffffffff\r\n`],
    ['a chunk that is longer than it says', `${head('Transfer-Encoding: chunked')}1\r\nab\r\n`],
    ['a chunk whose first line does not end', `${head('Transfer-Encoding: chunked')}1;${'a'.repeat(5000)}`],
    ['a header line without a colon', `${head('Transfer-Encoding: chunked')}0\r\nX\r\n\r\n`],
    ['the head of the answer is longer than 65536 bytes', `HTTP/1.1 200 OK\r\nA: ${'a'.repeat(70_000)}`],
    ['no end of interim answers', 'HTTP/1.1 100 Continue\r\n\r\n'.repeat(40)],
  ]
  test.each(table)('%s: %j', (error, text) => {
    expect(whole(text).error).toBe(error)
  })

  test.each([
    'HTTP/1.1 200 OK\r\nContent-Le',
    'HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab',
    head('Transfer-Encoding: chunked'),
  ])('the connection ends in the middle: %j', (text) => {
    expect(whole(text, { end: true }).error).toBe('the connection ended in the middle of the answer')
  })
})

describe('the next request may go on the same connection', () => {
  test.each([
    ['HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n', true, undefined],
    ['HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: x, Close\r\n\r\n', false, undefined],
    ['HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n', false, undefined],
    ['HTTP/1.0 200 OK\r\nContent-Length: 0\r\nConnection: keep-alive\r\nKeep-Alive: max=5, timeout=7\r\n\r\n', true, 7],
    ['HTTP/1.1 200 OK\r\n\r\n', false, undefined],
  ])('%j: %j', (text, keepAlive, idleSeconds) => {
    expect(whole(text).head).toMatchObject({ keepAlive, idleSeconds })
  })
})

const tokenText = fc.stringMatching(/^[A-Za-z0-9-]{1,12}$/)
const valueText = fc.stringMatching(/^[!-~]([ -~]{0,20}[!-~])?$/)
const response = fc
  .record({
    status: fc.constantFrom(200, 201, 204, 304, 404, 500),
    fields: fc.array(fc.tuple(tokenText, valueText), { maxLength: 6 }),
    chunks: fc.array(fc.string({ minLength: 1, maxLength: 20, unit: 'binary-ascii' }), { maxLength: 5 }),
    framing: fc.constantFrom('length', 'chunked', 'close'),
    trailers: fc.array(fc.tuple(tokenText, valueText), { maxLength: 2 }),
  })
  .map(({ status, fields, chunks, framing, trailers }) => {
    const own = fields.filter(([name]) => !/^(?:content-length|transfer-encoding|connection|upgrade)$/i.test(name))
    const lines = own.map(([name, value]) => `${name}: ${value}\r\n`).join('')
    const body = status === 204 || status === 304 ? [] : chunks
    const start = `HTTP/1.1 ${status} Word\r\n${lines}`
    if (framing === 'close') return `${start}\r\n${body.join('')}`
    if (framing === 'length') return `${start}Content-Length: ${body.join('').length}\r\n\r\n${body.join('')}`
    if (status === 204 || status === 304) return `${start}\r\n`
    const coded = body.map((chunk) => `${chunk.length.toString(16)}\r\n${chunk}\r\n`).join('')
    const end = trailers.map(([name, value]) => `${name}: ${value}\r\n`).join('')
    return `${start}Transfer-Encoding: chunked\r\n\r\n${coded}0\r\n${end}\r\n`
  })

test('in whatever pieces it comes, and however often it is paused, the same is read', () => {
  fc.assert(
    fc.property(
      response,
      fc.array(fc.nat(400), { maxLength: 8 }),
      fc.boolean(),
      fc.boolean(),
      (text, cuts, pausing, shared) => {
        const bytes = Buffer.from(text, 'latin1')
        const places = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length]
        const pieces = places.slice(1).map((to, at) => bytes.subarray(places[at]!, to))
        const expected = read([bytes], { end: true })
        expect(expected.error).toBeUndefined()
        expect(read(pieces, { end: true, pausing, shared })).toEqual(expected)
      },
    ),
    { numRuns: 500 },
  )
})

test('what Node’s own client refuses, or reads otherwise, is never read', async () => {
  const mutation = fc.array(
    fc.tuple(
      fc.nat(300),
      fc.constantFrom('', '\r', '\n', '\0', ' ', ':', ',', '0', 'A', '\t', '\r\n', 'chunked', '\x7f'),
    ),
    { maxLength: 3 },
  )
  await fc.assert(
    fc.asyncProperty(response, mutation, async (text, changes) => {
      let changed = text
      for (const [at, by] of changes) {
        const place = at % changed.length
        changed = changed.slice(0, place) + by + changed.slice(place + 1)
      }
      const ours = whole(changed, { end: true })
      // What is left over ends the connection, and Node's client tells it with the answer.
      if (ours.error !== undefined || !ours.trailers || ours.rest) return
      const theirs = await readByNode(changed)
      expect(theirs).toEqual({ status: ours.head!.status, headers: ours.head!.headers, body: ours.body })
    }),
    { numRuns: 1000 },
  )
}, 60_000)

/** What Node's client makes of the bytes. */
async function readByNode(text: string): Promise<unknown> {
  const socket = new Duplex({ read: () => undefined, write: (_bytes, _encoding, done) => done() }) as Duplex &
    net.Socket
  Object.assign(socket, { setTimeout: () => socket, setNoDelay: () => socket, setKeepAlive: () => socket })
  return new Promise((resolve) => {
    const request = http.get({ createConnection: () => socket })
    request.on('error', (error) => resolve(error.message))
    request.on('response', (incoming) => {
      let body = ''
      incoming.setEncoding('latin1')
      incoming.on('data', (bytes: string) => (body += bytes))
      incoming.on('error', (error) => resolve(error.message))
      incoming.on('end', () => resolve({ status: incoming.statusCode, headers: incoming.rawHeaders, body }))
    })
    socket.push(Buffer.from(text, 'latin1'))
    socket.push(null)
  })
}

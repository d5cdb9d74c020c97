import { describe, expect, it } from 'vitest'
import { codes, converse, rig, statuses } from './listening.ts'

const rest = 'Host: a.example\r\nConnection: close\r\n\r\n'

/** Bytes in → status and code out. Every refusal has to close the connection and to be reported, exactly once. */
const refusedTranscripts: [name: string, bytes: string, status: number, code: string][] = [
  ['two Hosts', 'GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n', 400, 'BAD_HOST'],
  ['two equal Hosts', 'GET / HTTP/1.1\r\nHost: a\r\nhost: a\r\n\r\n', 400, 'BAD_HOST'],
  ['no Host', 'GET / HTTP/1.1\r\nAccept: */*\r\n\r\n', 400, 'BAD_HOST'],
  ['empty Host', 'GET / HTTP/1.1\r\nHost:\r\n\r\n', 400, 'BAD_HOST'],
  ['Host with space, slash and userinfo', 'GET / HTTP/1.1\r\nHost: a b/c@d\r\n\r\n', 400, 'BAD_HOST'],
  ['Host with userinfo', 'GET / HTTP/1.1\r\nHost: u@a\r\n\r\n', 400, 'BAD_HOST'],
  ['Host with a port too large', 'GET / HTTP/1.1\r\nHost: a:70000\r\n\r\n', 400, 'BAD_HOST'],
  ['Host list', 'GET / HTTP/1.1\r\nHost: a, b\r\n\r\n', 400, 'BAD_HOST'],
  ['absolute form against Host', 'GET http://b/ HTTP/1.1\r\nHost: a\r\n\r\n', 400, 'BAD_TARGET'],
  ['absolute form of another scheme', 'GET ftp://a/ HTTP/1.1\r\nHost: a\r\n\r\n', 400, 'BAD_TARGET'],
  ['absolute form of https on http', 'GET https://a/ HTTP/1.1\r\nHost: a\r\n\r\n', 400, 'BAD_TARGET'],
  ['absolute form with userinfo', 'GET http://u@a/ HTTP/1.1\r\nHost: a\r\n\r\n', 400, 'BAD_TARGET'],
  ['HTTP/2.0 request line', `GET / HTTP/2.0\r\n${rest}`, 505, 'UNSUPPORTED_VERSION'],
  ['HTTP/0.9 request line', `GET / HTTP/0.9\r\n${rest}`, 505, 'UNSUPPORTED_VERSION'],
  ['HTTP/1.2 request line', `GET / HTTP/1.2\r\n${rest}`, 505, 'UNSUPPORTED_VERSION'],
  ['HTTP/2 preface', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 501, 'UPGRADE_REFUSED'],
  ['chunked on HTTP/1.0', `POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n${rest}0\r\n\r\n`, 400, 'AMBIGUOUS_LENGTH'],
  [
    'gzip, chunked',
    `POST / HTTP/1.1\r\nTransfer-Encoding: gzip, chunked\r\n${rest}0\r\n\r\n`,
    501,
    'UNSUPPORTED_CODING',
  ],
  [',chunked', `POST / HTTP/1.1\r\nTransfer-Encoding: ,chunked\r\n${rest}0\r\n\r\n`, 400, 'AMBIGUOUS_LENGTH'],
  [
    'chunked, chunked',
    `POST / HTTP/1.1\r\nTransfer-Encoding: chunked, chunked\r\n${rest}0\r\n\r\n`,
    400,
    'AMBIGUOUS_LENGTH',
  ],
  ['chunked not last', `POST / HTTP/1.1\r\nTransfer-Encoding: chunked, gzip\r\n${rest}`, 400, 'AMBIGUOUS_LENGTH'],
  [
    'chunked twice',
    `POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n${rest}0\r\n\r\n`,
    400,
    'AMBIGUOUS_LENGTH',
  ],
  ['identity', `POST / HTTP/1.1\r\nTransfer-Encoding: identity\r\n${rest}`, 400, 'AMBIGUOUS_LENGTH'],
  ['xchunked', `POST / HTTP/1.1\r\nTransfer-Encoding: xchunked\r\n${rest}`, 400, 'AMBIGUOUS_LENGTH'],
  [
    'no-break space before chunked',
    `POST / HTTP/1.1\r\nTransfer-Encoding: \xa0chunked\r\n${rest}0\r\n\r\n`,
    400,
    'AMBIGUOUS_LENGTH',
  ],
  [
    'vertical tab before chunked',
    `POST / HTTP/1.1\r\nTransfer-Encoding: \x0bchunked\r\n${rest}0\r\n\r\n`,
    400,
    'MALFORMED_REQUEST',
  ],
  [
    'length and chunked',
    `POST / HTTP/1.1\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n${rest}0\r\n\r\n`,
    400,
    'AMBIGUOUS_LENGTH',
  ],
  [
    'chunked and length',
    `POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n${rest}0\r\n\r\n`,
    400,
    'AMBIGUOUS_LENGTH',
  ],
  ['two lengths', `POST / HTTP/1.1\r\nContent-Length: 3\r\nContent-Length: 3\r\n${rest}abc`, 400, 'AMBIGUOUS_LENGTH'],
  ['length list', `POST / HTTP/1.1\r\nContent-Length: 5, 5\r\n${rest}abcde`, 400, 'AMBIGUOUS_LENGTH'],
  ['signed length', `POST / HTTP/1.1\r\nContent-Length: +5\r\n${rest}abcde`, 400, 'AMBIGUOUS_LENGTH'],
  ['hexadecimal length', `POST / HTTP/1.1\r\nContent-Length: 0x5\r\n${rest}abcde`, 400, 'AMBIGUOUS_LENGTH'],
  ['empty length', `POST / HTTP/1.1\r\nContent-Length:\r\n${rest}`, 400, 'AMBIGUOUS_LENGTH'],
  ['Transfer_Encoding', `POST / HTTP/1.1\r\nTransfer_Encoding: chunked\r\n${rest}`, 400, 'MALFORMED_REQUEST'],
  ['Content_Length', `POST / HTTP/1.1\r\nContent_Length: 3\r\n${rest}`, 400, 'MALFORMED_REQUEST'],
  ['space before the colon', `GET / HTTP/1.1\r\nX-A : b\r\n${rest}`, 400, 'MALFORMED_REQUEST'],
  ['folded value', `GET / HTTP/1.1\r\nX-A: b\r\n c\r\n${rest}`, 400, 'MALFORMED_REQUEST'],
  ['NUL in a value', `GET / HTTP/1.1\r\nX-A: b\0c\r\n${rest}`, 400, 'MALFORMED_REQUEST'],
  ['DEL in a value', `GET / HTTP/1.1\r\nX-A: b\x7fc\r\n${rest}`, 400, 'MALFORMED_REQUEST'],
  ['bare CR in a value', `GET / HTTP/1.1\r\nX-A: b\rc\r\n${rest}`, 400, 'MALFORMED_REQUEST'],
  ['bare LF at the end of a line', `GET / HTTP/1.1\nHost: a\n\n`, 400, 'MALFORMED_REQUEST'],
  ['name without colon', `GET / HTTP/1.1\r\nX-A\r\n${rest}`, 400, 'MALFORMED_REQUEST'],
  ['fragment', `GET /a#b HTTP/1.1\r\n${rest}`, 400, 'BAD_TARGET'],
  ['raw UTF-8', `GET /\xc3\xa4 HTTP/1.1\r\n${rest}`, 400, 'BAD_TARGET'],
  ['raw UTF-8 in the query', `GET /a?q=\xc3\xa4 HTTP/1.1\r\n${rest}`, 400, 'BAD_TARGET'],
  ['control character in the target', `GET /a\x01b HTTP/1.1\r\n${rest}`, 400, 'BAD_TARGET'],
  ['no slash', `GET a HTTP/1.1\r\n${rest}`, 400, 'BAD_TARGET'],
  ['asterisk for GET', `GET * HTTP/1.1\r\n${rest}`, 400, 'BAD_TARGET'],
  ['backslash', `GET /a\\b HTTP/1.1\r\n${rest}`, 400, 'AMBIGUOUS_PATH'],
  ['encoded slash', `GET /a%2fb HTTP/1.1\r\n${rest}`, 400, 'AMBIGUOUS_PATH'],
  ['encoded backslash', `GET /a%5Cb HTTP/1.1\r\n${rest}`, 400, 'AMBIGUOUS_PATH'],
  ['encoded NUL', `GET /a%00b HTTP/1.1\r\n${rest}`, 400, 'AMBIGUOUS_PATH'],
  ['dot segment with parameter', `GET /a/..;/b HTTP/1.1\r\n${rest}`, 400, 'AMBIGUOUS_PATH'],
  ['above the root', `GET /../b HTTP/1.1\r\n${rest}`, 400, 'AMBIGUOUS_PATH'],
  ['overlong UTF-8', `GET /%c0%ae%c0%ae/ HTTP/1.1\r\n${rest}`, 400, 'AMBIGUOUS_PATH'],
  ['broken percent-encoding', `GET /%zz HTTP/1.1\r\n${rest}`, 400, 'AMBIGUOUS_PATH'],
  [
    'another expectation',
    `POST / HTTP/1.1\r\nExpect: 200-ok\r\nContent-Length: 3\r\n${rest}`,
    417,
    'EXPECTATION_FAILED',
  ],
  [
    'expectation in a list',
    `POST / HTTP/1.1\r\nExpect: 100-continue, x\r\nContent-Length: 3\r\n${rest}`,
    417,
    'EXPECTATION_FAILED',
  ],
  ['CONNECT', 'CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n', 501, 'UPGRADE_REFUSED'],
  [
    'h2c upgrade',
    'GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n',
    501,
    'UPGRADE_REFUSED',
  ],
  [
    'h2c beside websocket',
    'GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket, h2c\r\n\r\n',
    501,
    'UPGRADE_REFUSED',
  ],
  [
    'WebSocket without key',
    'GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\r\n',
    400,
    'MALFORMED_REQUEST',
  ],
  [
    'WebSocket of an old version',
    'GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 8\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
    400,
    'MALFORMED_REQUEST',
  ],
  [
    'WebSocket by POST',
    'POST / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nContent-Length: 0\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
    400,
    'MALFORMED_REQUEST',
  ],
  [
    'gRPC',
    `POST /s/m HTTP/1.1\r\nContent-Type: application/grpc+proto\r\nContent-Length: 0\r\n${rest}`,
    501,
    'GRPC_UNSUPPORTED',
  ],
  [
    'Connection names Content-Length',
    'POST / HTTP/1.1\r\nHost: a\r\nConnection: close, Content-Length\r\nContent-Length: 3\r\n\r\nabc',
    400,
    'MALFORMED_REQUEST',
  ],
  ['Connection names Host', 'GET / HTTP/1.1\r\nHost: a\r\nConnection: Host\r\n\r\n', 400, 'MALFORMED_REQUEST'],
  [
    'Connection names Authorization',
    'GET / HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, authorization\r\n\r\n',
    400,
    'MALFORMED_REQUEST',
  ],
  ['unknown method', `BREW / HTTP/1.1\r\n${rest}`, 400, 'MALFORMED_REQUEST'],
  ['TLS on the plain port', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03', 400, 'MALFORMED_REQUEST'],
  ['too many fields', `GET / HTTP/1.1\r\n${'X: y\r\n'.repeat(101)}${rest}`, 431, 'HEADERS_TOO_LARGE'],
  ['far too many fields', `GET / HTTP/1.1\r\n${'X:y\r\n'.repeat(2_500)}${rest}`, 431, 'HEADERS_TOO_LARGE'],
  ['too long a field', `GET / HTTP/1.1\r\nX: ${'y'.repeat(20_000)}\r\n${rest}`, 431, 'HEADERS_TOO_LARGE'],
  ['too long a target', `GET /${'y'.repeat(20_000)} HTTP/1.1\r\n${rest}`, 431, 'HEADERS_TOO_LARGE'],
]

describe('what the listener refuses', () => {
  it.each(refusedTranscripts)('%s', async (_name, bytes, status, code) => {
    const { port, refusals, requests, upgrades } = await rig()
    const text = await converse(port, [bytes])
    expect({ statuses: statuses(text), codes: codes(text) }).toEqual({ statuses: [status], codes: [code] })
    expect(text).toMatch(/^connection: close\r$/im)
    expect(text).toMatch(/^content-type: application\/problem\+json\r$/im)
    expect(requests).toEqual([])
    expect(upgrades).toEqual([])
    expect(refusals.map((refusal) => refusal.code)).toEqual([code])
    expect(text).toContain(refusals[0]!.id)
  })

  it.each(refusedTranscripts.filter(([, bytes]) => bytes.endsWith('\r\n\r\n')))(
    'nothing that is pipelined behind: %s',
    async (_name, bytes, status) => {
      const { port, refusals, requests } = await rig()
      const text = await converse(port, [`${bytes}GET /smuggled HTTP/1.1\r\n${rest}`])
      expect(statuses(text)).toEqual([status])
      expect(requests).toEqual([])
      expect(refusals).toHaveLength(1)
    },
  )
})

const acceptedTranscripts: [name: string, bytes: string, method: string, path: string, length: number][] = [
  ['a plain GET', `GET /books HTTP/1.1\r\n${rest}`, 'GET', '/books', 0],
  ['HTTP/1.0 without Host', 'GET /books HTTP/1.0\r\n\r\n', 'GET', '/books', 0],
  ['absolute form that agrees with Host', `GET http://A.example/x?y HTTP/1.1\r\n${rest}`, 'GET', '/x', 0],
  ['absolute form without path', `GET http://a.example HTTP/1.1\r\n${rest}`, 'GET', '/', 0],
  ['OPTIONS *', `OPTIONS * HTTP/1.1\r\n${rest}`, 'OPTIONS', '*', 0],
  [
    'chunked in capitals',
    `POST / HTTP/1.1\r\nTransfer-Encoding: Chunked\r\n${rest}3\r\nabc\r\n0\r\n\r\n`,
    'POST',
    '/',
    3,
  ],
  ['a body of known length', `POST / HTTP/1.1\r\nContent-Length: 3\r\n${rest}abc`, 'POST', '/', 3],
  ['dot segments', `GET /a/./%2E%2e/b HTTP/1.1\r\n${rest}`, 'GET', '/b', 0],
  ['backslash and quotes in the query', `GET /a?q=\\"'<> HTTP/1.1\r\n${rest}`, 'GET', '/a', 0],
  ['obs-text in a value', `GET /a HTTP/1.1\r\nX-Name: J\xf6rg\r\n${rest}`, 'GET', '/a', 0],
  ['IPv6 host', 'GET /a HTTP/1.1\r\nHost: [::1]:8080\r\nConnection: close\r\n\r\n', 'GET', '/a', 0],
  [
    '100-continue on HTTP/1.0, which knows none',
    'POST /a HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\nx',
    'POST',
    '/a',
    1,
  ],
  [
    'an upgrade nobody knows, ignored',
    'GET /a HTTP/1.1\r\nHost: a\r\nConnection: close, Upgrade\r\nUpgrade: foo/2\r\n\r\n',
    'GET',
    '/a',
    0,
  ],
  [
    'an unknown upgrade with a body',
    'POST /a HTTP/1.1\r\nHost: a\r\nConnection: close, Upgrade\r\nUpgrade: foo/2\r\nContent-Length: 3\r\n\r\nabc',
    'POST',
    '/a',
    3,
  ],
  [
    'gRPC-Web, which is plain HTTP',
    `POST /a HTTP/1.1\r\nContent-Type: application/grpc-web+proto\r\nContent-Length: 3\r\n${rest}abc`,
    'POST',
    '/a',
    3,
  ],
]

describe('what the listener lets in', () => {
  it.each(acceptedTranscripts)('%s', async (_name, bytes, method, path, length) => {
    const { port, refusals } = await rig()
    const text = await converse(port, [bytes])
    expect(refusals).toEqual([])
    expect(statuses(text)).toEqual([200])
    expect(text.endsWith(`${method} ${path} ${length}`)).toBe(true)
  })

  it('hands over the head as it was judged', async () => {
    const { port, requests } = await rig()
    await converse(port, [
      'POST /a%7Eb?c=%7e HTTP/1.1\r\nHost: A.example:81\r\nX-B: 1\r\nx-b: 2\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi',
    ])
    const { head, listener, peer } = requests[0]!
    expect(head).toMatchObject({
      method: 'POST',
      scheme: 'http',
      authority: 'a.example:81',
      target: '/a%7Eb?c=%7e',
      path: '/a~b',
      query: 'c=%7e',
      httpVersion: '1.1',
      hasBody: true,
      contentLength: 2,
      expectContinue: false,
    })
    expect(head.rawHeaders.slice(0, 6)).toEqual(['Host', 'A.example:81', 'X-B', '1', 'x-b', '2'])
    expect(listener).toBe('http')
    expect(peer.address).toBe('127.0.0.1')
    expect(peer.port).toBeGreaterThan(0)
  })

  it('leaves 100-continue to the handler', async () => {
    const { port, requests } = await rig()
    const text = await converse(port, [`POST / HTTP/1.1\r\nExpect: 100-Continue\r\nContent-Length: 2\r\n${rest}`, 'hi'])
    expect(statuses(text)).toEqual([100, 200])
    expect(requests[0]!.head.expectContinue).toBe(true)
  })

  it('hands over a WebSocket handshake with the bytes that followed it', async () => {
    const { port, upgrades } = await rig()
    const text = await converse(port, [
      'GET /chat HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, Upgrade\r\nUpgrade: WebSocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\nfirst',
    ])
    expect(statuses(text)).toEqual([101])
    expect(upgrades[0]!.head).toMatchObject({ upgrade: 'websocket', path: '/chat' })
    expect(upgrades[0]!.firstBytes.toString()).toBe('first')
  })
})

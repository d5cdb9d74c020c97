import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type HeadInput, isRefusal, judgeHead, type RequestHead } from '../../gateway-core/proxy/strict.ts'
import { authorityOf } from '../../gateway-core/proxy/authority.ts'

const limits = { headerBytes: 4_000, headerCount: 20 }
const get = (rawHeaders: string[], change: Partial<HeadInput> = {}) =>
  judgeHead({ method: 'GET', target: '/', httpVersion: '1.1', scheme: 'http', rawHeaders, ...change }, limits)
const codeOf = (judged: ReturnType<typeof judgeHead>) => (isRefusal(judged) ? judged.code : 'accepted')

// What sockets cannot show because a parser is stricter, or only on HTTP/2, which has its own.
describe('a head judged by itself', () => {
  it.each<[string, string[], Partial<HeadInput>, string]>([
    ['line feed in a value', ['Host', 'a', 'X', 'b\nc'], {}, 'MALFORMED_REQUEST'],
    ['carriage return in a value', ['Host', 'a', 'X', 'b\rc'], {}, 'MALFORMED_REQUEST'],
    ['NUL in a value', ['Host', 'a', 'X', 'b\0c'], {}, 'MALFORMED_REQUEST'],
    ['tab in a value', ['Host', 'a', 'X', 'b\tc'], {}, 'accepted'],
    ['name with a space', ['Host', 'a', 'X A', 'b'], {}, 'MALFORMED_REQUEST'],
    ['name with a line break', ['Host', 'a', 'X\r\nA', 'b'], {}, 'MALFORMED_REQUEST'],
    ['empty name', ['Host', 'a', '', 'b'], {}, 'MALFORMED_REQUEST'],
    ['length and coding', ['Host', 'a', 'Content-Length', '1', 'Transfer-Encoding', 'chunked'], {}, 'AMBIGUOUS_LENGTH'],
    ['two lengths', ['Host', 'a', 'Content-Length', '1', 'CONTENT-LENGTH', '1'], {}, 'AMBIGUOUS_LENGTH'],
    ['huge length', ['Host', 'a', 'Content-Length', '9'.repeat(30)], {}, 'AMBIGUOUS_LENGTH'],
    ['negative length', ['Host', 'a', 'Content-Length', '-1'], {}, 'AMBIGUOUS_LENGTH'],
    ['length with digits of another script', ['Host', 'a', 'Content-Length', '\u0665'], {}, 'AMBIGUOUS_LENGTH'],
    [
      'two codings in two fields',
      ['Host', 'a', 'Transfer-Encoding', 'gzip', 'Transfer-Encoding', 'chunked'],
      {},
      'AMBIGUOUS_LENGTH',
    ],
    ['coding with parameter', ['Host', 'a', 'Transfer-Encoding', 'chunked;x=1'], {}, 'AMBIGUOUS_LENGTH'],
    ['quoted coding', ['Host', 'a', 'Transfer-Encoding', '"chunked"'], {}, 'AMBIGUOUS_LENGTH'],
    [
      'coding with vertical tab',
      ['Host', 'a', 'Transfer-Encoding', '\x0bchunked'],
      { parsed: true },
      'AMBIGUOUS_LENGTH',
    ],
    ['method that is no token', ['Host', 'a'], { method: 'GET /x' }, 'MALFORMED_REQUEST'],
    ['HTTP/2 with Connection', ['connection', 'close'], { httpVersion: '2', authority: 'a' }, 'MALFORMED_REQUEST'],
    ['HTTP/2 with Keep-Alive', ['keep-alive', 'x'], { httpVersion: '2', authority: 'a' }, 'MALFORMED_REQUEST'],
    ['HTTP/2 with Upgrade', ['upgrade', 'websocket'], { httpVersion: '2', authority: 'a' }, 'MALFORMED_REQUEST'],
    [
      'HTTP/2 with Transfer-Encoding',
      ['transfer-encoding', 'chunked'],
      { httpVersion: '2', authority: 'a' },
      'AMBIGUOUS_LENGTH',
    ],
    ['HTTP/2 with TE: gzip', ['te', 'gzip'], { httpVersion: '2', authority: 'a' }, 'MALFORMED_REQUEST'],
    ['HTTP/2 with TE: trailers', ['te', 'trailers'], { httpVersion: '2', authority: 'a' }, 'accepted'],
    ['two types that differ', ['Host', 'a', 'Content-Type', 'a/b', 'content-type', 'a/c'], {}, 'MALFORMED_REQUEST'],
    ['one type twice', ['Host', 'a', 'Content-Type', 'a/b', 'content-type', 'a/b'], {}, 'accepted'],
    ['HTTP/2 with an upper-case name', ['X-A', 'b'], { httpVersion: '2', authority: 'a' }, 'MALFORMED_REQUEST'],
    ['HTTP/2 with a name that is no token', ['x a', 'b'], { httpVersion: '2', authority: 'a' }, 'MALFORMED_REQUEST'],
    ['HTTP/2 without any host', [], { httpVersion: '2' }, 'BAD_HOST'],
    ['HTTP/2 with two agreeing hosts', ['host', 'A'], { httpVersion: '2', authority: 'a' }, 'accepted'],
    ['HTTP/2 with an absolute path', [], { httpVersion: '2', authority: 'a', target: 'http://a/' }, 'BAD_TARGET'],
    ['HTTP/3', ['Host', 'a'], { httpVersion: '3' }, 'UNSUPPORTED_VERSION'],
    ['absolute form on HTTP/1.0 without Host', [], { httpVersion: '1.0', target: 'http://a/x' }, 'accepted'],
    [
      'upgrade on HTTP/1.0',
      ['Host', 'a', 'Connection', 'Upgrade', 'Upgrade', 'websocket'],
      { httpVersion: '1.0' },
      'accepted',
    ],
    ['X_Forwarded_For', ['Host', 'a', 'X_Forwarded_For', '1.2.3.4'], {}, 'MALFORMED_REQUEST'],
    ['another name with an underscore', ['Host', 'a', 'X_Request_Id', '1'], {}, 'accepted'],
    ['twenty fields', ['Host', 'a', ...Array(38).fill('x')], {}, 'accepted'],
    ['twenty-one fields', ['Host', 'a', ...Array(40).fill('x')], {}, 'HEADERS_TOO_LARGE'],
    ['too many bytes', ['Host', 'a', 'X', 'y'.repeat(4_000)], {}, 'HEADERS_TOO_LARGE'],
  ])('%s', (_name, rawHeaders, change, code) => {
    expect(codeOf(get(rawHeaders, change))).toBe(code)
  })

  it('points at the character of the target', () => {
    expect(get(['Host', 'a'], { target: '/ab%2fc' })).toMatchObject({ code: 'AMBIGUOUS_PATH', offset: 3 })
    expect(get(['Host', 'a'], { target: '/ab?c#d' })).toMatchObject({ code: 'BAD_TARGET', offset: 5 })
    expect(get(['Host', 'a'], { target: 'http://a/b%00' })).toMatchObject({ code: 'AMBIGUOUS_PATH', offset: 10 })
  })

  it('reads an absolute form', () => {
    expect(get(['Host', 'a:80'], { target: 'http://A:80?q' })).toMatchObject({
      authority: 'a:80',
      path: '/',
      query: 'q',
    })
  })
})

describe('hosts', () => {
  it.each([
    ['a', 'a'],
    ['Example.COM', 'example.com'],
    ['a_b-c.d:8080', 'a_b-c.d:8080'],
    ['127.0.0.1:1', '127.0.0.1:1'],
    ['[::1]', '[::1]'],
    ['[::FFFF:1.2.3.4]:443', '[::ffff:1.2.3.4]:443'],
    ['xn--bcher-kva.example', 'xn--bcher-kva.example'],
    ['example.com.', 'example.com'],
  ])('%s', (text, authority) => {
    expect(authorityOf(text)).toBe(authority)
  })

  it.each([
    '',
    ' ',
    'a b',
    'a/b',
    'u@a',
    'a:',
    'a:x',
    'a:65536',
    'a:1:2',
    '::1',
    '[::1',
    '[]',
    '[1.2.3.4]',
    'a,b',
    'a%20',
    '.a',
    'a..b',
    'bücher',
    'a\\b',
    'a?b',
    'a#b',
    '1.2.3',
    '999.1.1.1',
    '127.1',
    'a'.repeat(300),
  ])('not %j', (text) => {
    expect(authorityOf(text)).toBeUndefined()
  })
})

const name = fc.oneof(
  fc.constantFrom(
    'Host',
    'host',
    'Content-Length',
    'Transfer-Encoding',
    'Connection',
    'Upgrade',
    'Expect',
    'TE',
    'Content_Length',
    'X-A',
    'Sec-WebSocket-Key',
  ),
  fc.string({ maxLength: 18 }),
)
const value = fc.oneof(
  fc.constantFrom(
    'a',
    'a.example:80',
    '3',
    '+3',
    'chunked',
    'gzip, chunked',
    'close',
    'Upgrade',
    'websocket',
    'h2c',
    '100-continue',
    '',
  ),
  fc.string({ unit: 'binary', maxLength: 30 }),
)
const anyInput = fc.record({
  method: fc.oneof(fc.constantFrom('GET', 'POST', 'OPTIONS', 'CONNECT'), fc.string({ maxLength: 6 })),
  target: fc.oneof(
    fc.constantFrom('/', '*', '/a?b', 'http://a/', '/..;/', '/%2e%2e'),
    fc.string({ unit: 'binary', maxLength: 30 }).map((text) => `/${text}`),
    fc.string({ maxLength: 20 }),
  ),
  httpVersion: fc.constantFrom('1.1', '1.0', '2', '2.0', '0.9'),
  scheme: fc.constantFrom('http' as const, 'https' as const),
  rawHeaders: fc
    .array(fc.tuple(name, value), { maxLength: 8 })
    .map((pairs) => [...pairs, ['Host', 'a'] as [string, string]].slice(-8).flat()),
})

describe('every head', () => {
  it('is refused or means one thing, and judging never throws', () => {
    fc.assert(
      fc.property(anyInput, (input) => {
        const judged = judgeHead(input, limits)
        if (isRefusal(judged)) return
        const head: RequestHead = judged
        const names = head.rawHeaders.filter((_, at) => at % 2 === 0).map((each) => each.toLowerCase())
        const count = (wanted: string) => names.filter((each) => each === wanted).length
        expect(count('host')).toBeLessThanOrEqual(1)
        expect(count('content-length') + count('transfer-encoding')).toBeLessThanOrEqual(1)
        expect(head.path).toMatch(/^(?:\*|\/[\x21-\x7e]*)$/)
        expect(head.path.split('/')).not.toContain('..')
        expect(head.query).toMatch(/^[\x21-\x7e]*$/)
        expect(head.method).not.toBe('CONNECT')
        expect(authorityOf(head.authority) ?? '').toBe(head.authority)
        for (let at = 1; at < head.rawHeaders.length; at += 2) expect(head.rawHeaders[at]).not.toMatch(/[\0\r\n]/)
      }),
      { numRuns: 5_000 },
    )
  })

  it('is judged in time proportional to its length', () => {
    const wide = { headerBytes: 2_000_000, headerCount: 100 }
    const time = (target: string) => {
      const start = performance.now()
      judgeHead({ method: 'GET', target, httpVersion: '1.1', scheme: 'http', rawHeaders: ['Host', 'a'] }, wide)
      return performance.now() - start
    }
    const timeOf = (name: string, text: string) => {
      const start = performance.now()
      judgeHead(
        { method: 'GET', target: '/', httpVersion: '1.1', scheme: 'http', rawHeaders: ['Host', 'a', name, text] },
        wide,
      )
      return performance.now() - start
    }
    for (const name of [
      'Connection',
      'Upgrade',
      'Transfer-Encoding',
      'Expect',
      'Content-Type',
      'Content-Length',
      'X',
    ]) {
      for (const piece of [' ', ',', ', ', 'a', 'a,', '1']) {
        expect(timeOf(name, `a${piece.repeat(400_000)}b`)).toBeLessThan(1_500)
      }
    }
    for (const piece of ['/', '/a', '/.', '/a/..', '%41', '/%2e', ';', '?', '/a;', '{']) {
      expect(time(`/${piece.repeat(200_000)}`)).toBeLessThan(1_500)
    }
  })
})

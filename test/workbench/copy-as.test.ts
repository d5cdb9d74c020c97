import { execFileSync } from 'node:child_process'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { RecordedRequest } from '../../gateway-core/capture/record.ts'
import type { ReplayRequest } from '../../gateway-core/protocol/replay-request.ts'
import { copyAs, type CopyFormat, copyReplay, shell } from '../../gateway-core/workbench/copy-as.ts'
import { readHttpFile } from '../../gateway-core/cli/http-file.ts'

function request(some: Partial<Omit<RecordedRequest, 'body'>> & { body?: string | Buffer } = {}): RecordedRequest {
  const { body, ...rest } = some
  const bytes = body === undefined ? undefined : Buffer.from(body)
  return {
    method: 'POST',
    scheme: 'http',
    authority: 'shop.example',
    target: '/books?x=1',
    path: '/books',
    query: 'x=1',
    httpVersion: '1.1',
    headers: ['Host', 'shop.example', 'Content-Type', 'application/json', 'Content-Length', '3'],
    ...rest,
    ...(bytes && { body: { bytes, length: bytes.length, truncated: false } }),
  }
}

/** The words that a real shell makes of a command, with a function in the place of the program. */
function wordsOf(program: string, command: string): string[] {
  const script = `${program}() { for word in "$@"; do printf '%s\\0' "$word"; done; }\n${command}`
  const output = execFileSync('sh', ['-c', script], { encoding: 'utf8', env: { PATH: process.env['PATH'] } })
  return output.split('\0').slice(0, -1)
}

/** Whatever a captured message may hold, and what shells like to interpret. */
const hostile = fc.string({
  unit: fc.oneof(
    fc.constantFrom(
      "'",
      '"',
      '`',
      '$',
      '\\',
      '\n',
      ' ',
      ';',
      '|',
      '&',
      '(',
      ')',
      '!',
      '*',
      '~',
      '#',
      '=',
      '@',
      '%',
      '\t',
      '\r',
    ),
    fc.constantFrom('$(id)', '`id`', '${HOME}', "'; id; '", 'é', '✓', '\u{1F4DA}'),
    fc.string({ unit: 'grapheme', minLength: 1, maxLength: 1 }),
  ),
  maxLength: 30,
})
const withoutNul = hostile.filter((text) => !text.includes('\0') && text.isWellFormed())

describe('quoting for a shell', () => {
  it('gives exactly the word, whatever it holds', () => {
    fc.assert(
      fc.property(fc.array(withoutNul, { minLength: 1, maxLength: 8 }), (words) => {
        expect(wordsOf('run', `run ${words.map(shell).join(' ')}`)).toEqual(words)
      }),
      { numRuns: 60 },
    )
  })
})

describe('curl', () => {
  it('is one command with the target, fields and body as they were', () => {
    fc.assert(
      fc.property(withoutNul, withoutNul, (value, body) => {
        const headers = ['Host', 'shop.example', 'X-Odd', value.replaceAll(/[\r\n]/g, '')]
        const text = copyAs(request({ headers, body: `b${body}` }), 'curl', undefined)
        const words = wordsOf('curl', text)
        expect(words.slice(0, 6)).toEqual([
          '-i',
          '--path-as-is',
          '--globoff',
          '-X',
          'POST',
          'http://shop.example/books?x=1',
        ])
        expect(words).toContain(headers[3] === '' ? 'X-Odd;' : `X-Odd: ${headers[3]}`)
        expect(words.slice(-2)).toEqual(['--data-raw', `b${body}`])
      }),
      { numRuns: 40 },
    )
  })

  it('goes to the gateway that runs, and names the host where it is another', () => {
    const words = wordsOf('curl', copyAs(request(), 'curl', 'http://127.0.0.1:8080'))
    expect(words).toContain('http://127.0.0.1:8080/books?x=1')
    expect(words).toContain('Host: shop.example')
    expect(words.join(' ')).not.toContain('Content-Length')
  })

  it('carries bytes that are no text', () => {
    const bytes = Buffer.from([0, 1, 255, 10, 39])
    const command = copyAs(request({ body: bytes }), 'curl', undefined)
    const output = execFileSync('sh', ['-c', `curl() { cat; }\n${command}`])
    expect(output).toEqual(bytes)
  })
})

describe('HTTPie', () => {
  it('keeps names, values and body apart', () => {
    const headers = ['X-A', 'v:1=2@3', 'X-Empty', '']
    const words = wordsOf('http', copyAs(request({ headers, body: "it's" }), 'httpie', undefined))
    expect(words).toEqual([
      '--path-as-is',
      'POST',
      'http://shop.example/books?x=1',
      'X-A:v:1=2@3',
      'X-Empty;',
      '--raw',
      "it's",
    ])
  })
})

describe('fetch', () => {
  it('is JavaScript that says the same', () => {
    fc.assert(
      fc.property(hostile, hostile, (value, body) => {
        const headers = ['X-Odd', value.replaceAll(/[\r\n\0]/g, '').replaceAll(/[^\0-\xff]/gu, '')]
        const code = copyAs(request({ headers, body: `b${body}` }), 'fetch', undefined)
        const called: unknown[] = []
        // oxlint-disable-next-line typescript/no-implied-eval -- what it makes is what is tested
        const run = new Function('fetch', `return (async () => { ${code} })()`) as (fetch: unknown) => void
        run((...args: unknown[]) => called.push(...args))
        const [url, options] = called as [string, { method: string; body: unknown }]
        expect([url, options.method]).toEqual(['http://shop.example/books?x=1', 'POST'])
        if (typeof options.body === 'string') expect(Buffer.from(options.body)).toEqual(Buffer.from(`b${body}`))
        else expect(Buffer.from(options.body as Uint8Array)).toEqual(Buffer.from(`b${body}`))
      }),
    )
  })
})

describe('.http', () => {
  it('is read back by the command line', () => {
    const text = copyAs(request({ body: '{"a":1}' }), 'http', undefined)
    const [read] = readHttpFile(text, 'x.http')
    expect(read).toMatchObject({ method: 'POST', target: '/books?x=1' })
    expect(Buffer.from(read!.body!.bytes).toString()).toBe('{"a":1}')
  })
})

describe('a request of Replay whose body is not in it', () => {
  const request = (body: ReplayRequest['body']): ReplayRequest => ({
    method: 'PUT',
    url: 'http://h/a',
    version: '1.1',
    headers: [{ name: 'Content-Type', value: 'a/b' }],
    body,
    settings: { length: 'follow', redirects: 0, timeoutMs: 1000 },
  })
  const file = request({ kind: 'file', path: 'files/my cover.png' })
  const recorded = request({ kind: 'recorded', exchange: 'x', length: 9 })
  const withFiles = request({ kind: 'text', text: '--x\r\n< a.png\r\n--x--\r\n', files: true })

  it.each<[CopyFormat, string]>([
    ['curl', "--data-binary '@files/my cover.png'"],
    ['httpie', "< 'files/my cover.png'"],
    ['fetch', 'readFile("files/my cover.png")'],
    ['http', '\n\n< ./files/my cover.png\n'],
  ])('names its file: %s', (format, expected) => {
    expect(copyReplay(file, format, undefined)).toContain(expected)
  })

  it('keeps the variable that stands for its server', () => {
    const text = copyReplay({ ...request(null), url: '{{base}}/a' }, 'curl', 'http://127.0.0.1:1')
    expect(text).toContain("'{{base}}/a'")
  })

  it.each<[CopyFormat, ReplayRequest, string]>([
    ['curl', recorded, '# the body is in the capture, and left out\ncurl '],
    ['fetch', recorded, '// the body is in the capture, and left out\nconst '],
    ['curl', withFiles, '# lines of the body that begin with < stand for files\ncurl '],
    ['http', withFiles, 'PUT http://h/a HTTP/1.1\n'],
  ])('says what is missing: %s', (format, one, expected) => {
    expect(copyReplay(one, format, undefined).startsWith(expected)).toBe(true)
  })
})

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { ReplayRequest } from '../../gateway-core/protocol/replay-request.ts'
import { importRequests } from '../../gateway-core/replay/import/import.ts'
import { copyReplay } from '../../gateway-core/workbench/copy-as.ts'

const read = (text: string, name = 'pasted') => importRequests(text, { name })
const only = (text: string, name?: string): ReplayRequest => {
  const { requests, problems } = read(text, name)
  expect(problems).toEqual([])
  expect(requests).toHaveLength(1)
  return requests[0]!.request
}
const told = (text: string, name?: string) =>
  read(text, name).problems.map(({ what, line }) => (line === undefined ? what : `${line}: ${what}`))
const headersOf = ({ headers }: ReplayRequest) => headers.map(({ name, value }) => `${name}: ${value}`)
const textOf = ({ body }: ReplayRequest) => (body?.kind === 'text' ? body.text : body)

describe('curl', () => {
  it.each<[string, string, string, string[], unknown]>([
    ['a URL alone', 'curl example.com/a', 'GET http://example.com/a', [], null],
    [
      'method and headers',
      `curl -X PUT 'https://h/a?b=c&d' -H 'A: b' -H "C: d e"`,
      'PUT https://h/a?b=c&d',
      ['A: b', 'C: d e'],
      null,
    ],
    ['letters together', 'curl -sSLkXDELETE http://h/a', 'DELETE http://h/a', [], null],
    [
      'data, several times',
      "curl h -d a=1 --data 'b=2'",
      'POST http://h',
      ['Content-Type: application/x-www-form-urlencoded'],
      'a=1&b=2',
    ],
    [
      'a type of its own',
      `curl h -H 'content-type: text/x' --data-raw '@not a file'`,
      'POST http://h',
      ['content-type: text/x'],
      '@not a file',
    ],
    [
      'json',
      `curl --json '{"a":1}' h`,
      'POST http://h',
      ['Content-Type: application/json', 'Accept: application/json'],
      '{"a":1}',
    ],
    ['-G', `curl -G h/a -d q=1 --data-urlencode 'w=a b&c'`, 'GET http://h/a?q=1&w=a%20b%26c', [], null],
    ['-I', 'curl -I h', 'HEAD http://h', [], null],
    [
      'user and cookies',
      'curl -u me:pw -b "a=1; b=2" h',
      'GET http://h',
      ['Authorization: Basic bWU6cHc=', 'Cookie: a=1; b=2'],
      null,
    ],
    [
      'an empty header and one taken away',
      `curl h -H 'X-Empty;' -H 'Content-Type:' -d x`,
      'POST http://h',
      ['X-Empty: '],
      'x',
    ],
    ['lines that go on', "curl \\\n  'http://h/a' \\\n  -H 'A: b'", 'GET http://h/a', ['A: b'], null],
    [
      "$'…'",
      `curl h --data-raw $'a\\'b\\n\\u00fc\\x21'`,
      'POST http://h',
      ['Content-Type: application/x-www-form-urlencoded'],
      "a'b\nü!",
    ],
    [
      'quotes of quotes',
      `curl h --data-raw 'it'\\''s'`,
      'POST http://h',
      ['Content-Type: application/x-www-form-urlencoded'],
      "it's",
    ],
    [
      'variables of the shell',
      'curl "$BASE/a" -H "Authorization: Bearer ${TOKEN}"',
      'GET {{BASE}}/a',
      ['Authorization: Bearer {{TOKEN}}'],
      null,
    ],
    ['--url and =', 'curl --url http://h/x --user-agent me', 'GET http://h/x', ['User-Agent: me'], null],
    ['a prompt in front', '$ curl h', 'GET http://h', [], null],
    ['a URL in braces', 'curl -g "h/{a,b}" --url-query "q=a b"', 'GET http://h/{a,b}?q=a%20b', [], null],
    [
      'a pair that has variables',
      'curl -u "$USER:$PASS" h',
      'GET http://h',
      ['Authorization: Basic {{USER}}:{{PASS}}'],
      null,
    ],
    [
      'what an option stands for, unless it is written out',
      `curl --compressed -A me h -H 'accept-encoding: br' -H 'User-Agent: you'`,
      'GET http://h',
      ['accept-encoding: br', 'User-Agent: you'],
      null,
    ],
    ['TLS and tries', `curl --proto '=https' --tlsv1.2 --retry 3 -4 h`, 'GET http://h', [], null],
    ['-T to a folder', 'curl -T body.json h/in/', 'PUT http://h/in/body.json', [], { kind: 'file', path: 'body.json' }],
    ['a star and a question mark', 'curl http://h/*?a=b', 'GET http://h/*?a=b', [], null],
  ])('reads %s', (_, command, line, headers, body) => {
    const request = only(command)
    expect(`${request.method} ${request.url}`).toBe(line)
    expect(headersOf(request)).toEqual(headers)
    expect(textOf(request)).toEqual(body)
  })

  it('reads a form', () => {
    const request = only(`curl h -F 'a=1' -F 'b=two;type=text/x'`)
    const boundary = /boundary=(.*)$/.exec(headersOf(request)[0]!)![1]!
    expect(textOf(request)).toBe(
      `--${boundary}\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--${boundary}\r\nContent-Disposition: form-data; name="b"\r\nContent-Type: text/x\r\n\r\ntwo\r\n--${boundary}--\r\n`,
    )
  })

  it('gives a form the boundary that its type lacks, and reads files and quotes in it', () => {
    const files: Record<string, string> = { 'a b.json': '{}', more: 'A: 1\nB: {{x}}\n', body: '{"a":"{{x}}"}' }
    const from = { name: '', read: (path: string) => (path in files ? Buffer.from(files[path]!) : undefined) }
    const command = `curl h -H 'content-type: multipart/form-data' -H @more -F 'f=@"a b.json";filename="c.json"' -F 'n="x;y"'`
    const { requests, problems } = importRequests(command, from)
    expect(problems).toEqual([])
    const [type, ...others] = headersOf(requests[0]!.request)
    const boundary = /^content-type: multipart\/form-data; boundary=(.*)$/.exec(type!)![1]!
    expect(others).toEqual(['A: 1', 'B: {{x}}'])
    expect(textOf(requests[0]!.request)).toBe(
      `--${boundary}\r\nContent-Disposition: form-data; name="f"; filename="c.json"\r\nContent-Type: application/json\r\n\r\n{}\r\n--${boundary}\r\nContent-Disposition: form-data; name="n"\r\n\r\nx;y\r\n--${boundary}--\r\n`,
    )
    // What stands in a file is nobody's variable.
    expect(importRequests('curl h --json @body', from).requests[0]!.request.body).toMatchObject({ kind: 'bytes' })
    expect(importRequests(`curl h -F 'a=<body' -F b={{v}}`, from).requests[0]!.request.body).toMatchObject({
      kind: 'bytes',
    })
    expect(textOf(importRequests(`curl h -F a={{v}}`, from).requests[0]!.request)).toContain('{{v}}')
  })

  it.each([
    ['curl -L --max-redirs 3 h', 3],
    ['curl --max-redirs 3 -L h', 3],
    ['curl --max-redirs 3 h', 0],
    ['curl -L h', 20],
    ['curl -L --max-redirs -1 h', 0],
  ])('%s follows at most %i redirects', (command, most) => {
    expect(only(command).settings.redirects).toBe(most)
  })

  it('reads a script: what it sets, and what follows --next', () => {
    const script = `#!/bin/bash\nset -e\nBASE=http://h\nexport KEY='a b'\n# a comment\ncurl "$BASE/a" --next -X POST "$BASE/b" -d x\n`
    const { requests, variables, problems } = read(script, 'try.sh')
    expect(requests.map(({ request }) => [request.method, request.url])).toEqual([
      ['GET', '{{BASE}}/a'],
      ['POST', '{{BASE}}/b'],
    ])
    expect([...variables]).toEqual([
      ['BASE', 'http://h'],
      ['KEY', 'a b'],
    ])
    expect(problems.map(({ what, line }) => `${line}: ${what}`)).toEqual(['2: "set" is not curl, and not taken'])
    expect(read(script).requests).toHaveLength(2)
  })

  it('reads what Replay copies of a body that is no text', () => {
    const request: ReplayRequest = {
      ...only('curl -X PUT http://h/a -H "Content-Type: a/b"'),
      body: { kind: 'bytes', base64: '/wAB' },
    }
    const again = only(copyReplay(request, 'curl', undefined))
    expect(again).toMatchObject({ method: 'PUT', url: 'http://h/a', body: { kind: 'bytes', base64: '/wAB' } })
  })

  it('reads several commands', () => {
    expect(read('curl h/1\ncurl h/2; curl h/3').requests.map(({ request }) => request.url)).toEqual([
      'http://h/1',
      'http://h/2',
      'http://h/3',
    ])
  })

  it('takes options over', () => {
    expect(only('curl -k -L --max-redirs 3 -m 2.5 h').settings).toMatchObject({
      insecure: true,
      redirects: 3,
      timeoutMs: 2500,
    })
    expect(only('curl --http2 h').version).toBe('2')
  })

  it.each([
    ['curl h --fancy', ['1: --fancy is not known, and not taken']],
    ['curl h -!', ['1: -! is not known, and not taken']],
    ['curl h -x http://proxy', ['1: -x http://proxy is not taken']],
    ['curl h | jq .', ['1: what follows "|" is not taken']],
    ['curl http://h/?a=1&b=2', ['1: what follows "&" is not taken']],
    ['curl -H', ['1: -H has no value', '1: the command names no URL']],
    ['curl -H nothing h', ['1: -H nothing is no header']],
    ["curl h\ncurl 'h", ["2: the quote ' is not closed"]],
    ['curl h -d @body.json', ['1: the body is the file body.json']],
    ['curl h -d "$(cat x)"', ['1: a command inside of the command is not run']],
    ['curl h/{a,b}', ['1: curl makes several URLs of the braces or brackets in this one; it is taken as it stands']],
    ['curl h --digest -u a:b', ['1: --digest is not taken']],
    ['curl h -d @-', ['1: the body is what another program prints']],
    ['curl h -H @more', ['1: the headers of the file more are not taken']],
    ['curl h\nwget h', ['2: "wget" is not curl, and not taken']],
  ])('names what it does not take: %s', (command, expected) => {
    expect(told(command)).toEqual(expect.arrayContaining(expected))
  })

  it('reads what Replay copies', () => {
    const word = fc
      .string({ unit: 'binary', minLength: 1, maxLength: 30 })
      .map((text) => text.replaceAll(/[\0\r\n]/g, 'x').trim() || 'x')
    const name = fc.stringMatching(/^X-[A-Za-z0-9-]{1,12}$/)
    fc.assert(
      fc.property(
        fc.constantFrom('GET', 'POST', 'PATCH'),
        fc.stringMatching(/^\/[!-~]{0,30}$/).filter((path) => !/[?#{}[\]\\^|`"<>]/.test(path)),
        fc.array(fc.tuple(name, word), { maxLength: 4 }),
        fc.option(fc.string({ unit: 'binary', minLength: 1, maxLength: 60 }).map((text) => text.replaceAll('\0', ''))),
        (method, path, pairs, body) => {
          const headers = [
            ...pairs.map(([field, value]) => ({ name: field, value })),
            { name: 'Content-Type', value: 'text/x' },
          ]
          const settings = { length: 'follow', redirects: 0, timeoutMs: 30_000 } as const
          const request: ReplayRequest = {
            method,
            url: path,
            version: '1.1',
            headers,
            body: body ? { kind: 'text', text: body } : null,
            settings,
          }
          const again = only(copyReplay(request, 'curl', 'http://h'))
          expect([again.method, again.url]).toEqual([method, `http://h${path}`])
          expect(again.headers).toEqual(headers)
          expect(textOf(again)).toBe(body || null)
        },
      ),
      { numRuns: 400 },
    )
  })
})

describe('curl for the Windows command prompt', () => {
  /** As Chromium and Firefox write a word of a command there. */
  const cmd = (text: string) =>
    `^"${text
      .replaceAll('\\', '\\\\')
      .replaceAll('"', '\\"')
      .replaceAll(/[^a-zA-Z0-9\s_\-:=+~'/.',?;()*\x60]/g, '^$&')
      .replaceAll(/%(?=[a-zA-Z0-9_])/g, '%^')
      .replaceAll(/\r?\n/g, '^\n\n')}^"`

  it('is read as browsers copy it', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'grapheme', maxLength: 40 }).map((text) => text.replaceAll(/[\0\r]/g, '')),
        fc.string({ unit: 'grapheme-ascii', maxLength: 20 }).map((text) => text.trim()),
        (body, value) => {
          const lines = [
            `curl ${cmd('https://h/a?b=%20c&d=1')}`,
            `  -H ${cmd(`X: x${value}`)}`,
            `  --data-raw ${cmd(body)}`,
          ]
          const request = only(lines.join(' ^\r\n'))
          expect(request.url).toBe('https://h/a?b=%20c&d=1')
          expect(headersOf(request)[0]).toBe(`X: x${value}`)
          expect(textOf(request)).toBe(body)
        },
      ),
    )
  })

  it('is read as it was copied before, in quotes of its own', () => {
    const text = `curl "https://h/a?b=1&c=2" ^\n  -H "sec-ch-ua: ""Chromium"";v=""1""" ^\n  --data-raw "{""a"":""C:\\x"",""p"":1"%"}" ^\n  --compressed\ncurl "h" -d x`
    const { requests, problems } = read(text)
    expect(problems).toEqual([])
    expect(requests.map(({ request }) => [request.url, headersOf(request)[0], textOf(request)])).toEqual([
      ['https://h/a?b=1&c=2', 'sec-ch-ua: "Chromium";v="1"', '{"a":"C:\\x","p":1%}'],
      ['http://h', 'Content-Type: application/x-www-form-urlencoded', 'x'],
    ])
  })

  it('is several commands, as all requests are copied', () => {
    const text = `curl ^"http://h/1^" ^\r\n  -H ^"A: b^" &\r\ncurl.exe ^"http://h/2^"`
    expect(read(text).requests.map(({ request }) => request.url)).toEqual(['http://h/1', 'http://h/2'])
  })
})

it.each([
  ['Invoke-WebRequest -UseBasicParsing -Uri "https://h"', 'this is written for PowerShell'],
  [
    '$session = New-Object Microsoft.PowerShell.Commands.WebRequestSession\nInvoke-WebRequest',
    'this is written for PowerShell',
  ],
  ['fetch("https://h/", {\n  "headers": {}\n});', 'this is JavaScript'],
])('%s is named for what it is', (text, what) => {
  expect(told(text)).toEqual([what])
})

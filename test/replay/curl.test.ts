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
  it.each<[string, string, string, string[], string | null]>([
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
    ['a star and a question mark', 'curl http://h/*?a=b', 'GET http://h/*?a=b', [], null],
  ])('reads %s', (_, command, line, headers, body) => {
    const request = only(command)
    expect(`${request.method} ${request.url}`).toBe(line)
    expect(headersOf(request)).toEqual(headers)
    expect(textOf(request)).toBe(body)
  })

  it('reads a form', () => {
    const request = only(`curl h -F 'a=1' -F 'b=two;type=text/x'`)
    const boundary = /boundary=(.*)$/.exec(headersOf(request)[0]!)![1]!
    expect(textOf(request)).toBe(
      `--${boundary}\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--${boundary}\r\nContent-Disposition: form-data; name="b"\r\nContent-Type: text/x\r\n\r\ntwo\r\n--${boundary}--\r\n`,
    )
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
    ['curl h -Z', ['1: -Z is not known, and not taken']],
    ['curl h -x http://proxy', ['1: -x http://proxy is not taken']],
    ['curl h | jq .', ['1: what follows "|" is not taken']],
    ['curl http://h/?a=1&b=2', ['1: what follows "&" is not taken']],
    ['curl -H', ['1: -H has no value', '1: the command names no URL']],
    ['curl -H nothing h', ['1: -H nothing is no header']],
    ["curl h\ncurl 'h", ["2: the quote ' is not closed"]],
    ['curl h -d @body.json', ['1: the body is the file body.json']],
    ['curl h -d "$(cat x)"', ['1: a command inside of the command is not run']],
    ['curl ^"http://h^" ^\n -H a', ['1: this is written for the Windows command prompt']],
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

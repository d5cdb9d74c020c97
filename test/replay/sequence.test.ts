import { describe, expect, it } from 'vitest'
import { CookieJar } from '../../gateway-core/replay/cookie-jar.ts'
import { readSequence } from '../../gateway-core/replay/sequence.ts'
import { readTable } from '../../gateway-core/replay/table.ts'

const tables: Readonly<Record<string, string>> = { 'rows.csv': 'user,pin\nben,"1,2"\n"an ""a""",3\n' }
const read = (text: string) => readSequence(text, 'sequences/a.yaml', (path) => tables[path])
const told = (text: string) =>
  read(text).problems.map(({ what, line, todo }) => `${line}: ${what}${todo ? ` — ${todo}` : ''}`)

describe('a sequence that is wrong', () => {
  it.each([
    [
      'steps:\n  - request: GET /\n    expekt: { status: 200 }\n',
      ['3: steps.0 has no "expekt" — did you mean "expect"?'],
    ],
    [
      'steps:\n  - request: GET /\n    expect: { status: ok }\n',
      ['3: steps.0.expect.status does not have the form of a status — write 403, or 4xx'],
    ],
    ['steps:\n  - requesst: GET /\n', ['2: steps.0 has no "requesst" — did you mean "request"?']],
    ['name: a\n', ['1: the sequence needs "steps"']],
    ['steps:\n  - name: a\n', ['2: steps.0 needs "request"']],
    [
      'to: moon\nsteps: [{ request: GET / }]\n',
      ['1: to is none of those that there are — write one of: gateway, upstream, url'],
    ],
    ['steps:\n  - request: GET /\n    wait: soon\n', ['3: wait "soon" is no time — write it like 500ms or 2s']],
    ['steps:\n  - request: GET /\n    capture: { a: { regex: "(" } }\n', [expect.stringMatching(/^2: capture\.a: /)]],
    [
      'rows: nothing.csv\nsteps: [{ request: GET / }]\n',
      ['1: there is no table nothing.csv — paths start at the workspace'],
    ],
    ['steps: [\n', [expect.stringMatching(/^2: /)]],
    [
      'steps:\n  - request: GET /\n    expect: { answers: { 2xx: 1 } }\n',
      ['3: answers are those of a race — add race: 20'],
    ],
    [
      'steps:\n  - request: GET /\n    race: 5\n    expect: { code: X }\n',
      ['4: "code" is not looked at in a race — a race expects status and answers'],
    ],
    [
      'steps:\n  - request: GET /\n    race: 5\n    capture: { a: /a }\n',
      ['4: nothing is captured of a race — capture it in a step of its own'],
    ],
    [
      'steps:\n  - request: GET /\n    race: 5\n    repeat: 2\n',
      ['4: a race is not repeated — write it as another step'],
    ],
    ['steps:\n  - request: GET /\n    race: 1\n', ['3: steps.0.race must be >= 2']],
  ])('%j says where and what', (text, expected) => {
    expect(told(text)).toEqual(expected)
  })
})

it('a sequence knows its rows and lines', () => {
  const { read: found, problems } = read(
    'name: Two\nrows: rows.csv\nsteps:\n  - request: GET /\n    expect:\n      json: { /a: 1 }\n',
  )
  expect(problems).toEqual([])
  expect(found!.rows).toEqual([
    { user: 'ben', pin: '1,2' },
    { user: 'an "a"', pin: '3' },
  ])
  expect(found!.lineOf(['steps', 0, 'expect', 'json', '/a'])).toBe(6)
  expect(found!.lineOf(['steps', 0, 'capture', 'no'])).toBe(4)
})

describe('a table', () => {
  it.each<[string, string, unknown]>([
    ['semicolons', 'a;b\r\n1;2\r\n', [{ a: '1', b: '2' }]],
    ['tabs and empty lines', 'a\tb\n\n1\t\n', [{ a: '1', b: '' }]],
    ['line breaks in quotes', 'a,b\n"x\ny",2', [{ a: 'x\ny', b: '2' }]],
    ['a byte order mark', '\ufeffa\n1', [{ a: '1' }]],
  ])('is read with %s', (_, text, rows) => {
    expect(readTable(text, 'a.csv')).toEqual({ rows, problems: [] })
  })

  it('is read from YAML', () => {
    expect(readTable('- { a: 1, b: [x], c: }\n', 'a.yaml').rows).toEqual([{ a: '1', b: '["x"]', c: '' }])
  })

  it.each([
    ['a,b\n1\n', 'a.csv', 'a row has 1 values, and there are 2 columns', 2],
    ['a\n"1\n', 'a.csv', 'a quote is not closed', 2],
    ['', 'a.csv', 'it is empty', undefined],
    ['a: 1', 'a.yaml', 'it is no list of rows', undefined],
  ])('%j is named', (text, path, what, line) => {
    expect(readTable(text, path).problems[0]).toMatchObject({ what, ...(line && { line }) })
  })
})

describe('a cookie jar', () => {
  const now = Date.parse('2026-01-01T00:00:00Z')
  const sent = (cookies: readonly string[], from: string, to: string, later = 0) => {
    const jar = new CookieJar()
    for (const cookie of cookies) jar.take(cookie, new URL(from), now)
    return jar.headerFor(new URL(to), now + later)
  }
  it.each<[string, string[], string, string, string | undefined]>([
    ['to its host', ['a=1', 'b=2; Path=/'], 'http://h/x/y', 'http://h/x/z', 'a=1; b=2'],
    ['not above its path', ['a=1; Path=/x'], 'http://h/', 'http://h/xy', undefined],
    ['not to another host', ['a=1'], 'http://h/', 'http://i/', undefined],
    [
      'not below its host, unless it says so',
      ['a=1', 'b=2; Domain=h.test'],
      'http://h.test/',
      'http://www.h.test/',
      'b=2',
    ],
    ['not for a host that is not above', ['a=1; Domain=other.test'], 'http://h.test/', 'http://other.test/', undefined],
    ['not in clear when it is secure', ['a=1; Secure'], 'https://h.test/', 'http://h.test/', undefined],
    ['the newer value', ['a=1', 'a=2'], 'http://h/', 'http://h/', 'a=2'],
    ['not once it is taken away', ['a=1', 'a=; Max-Age=0'], 'http://h/', 'http://h/', undefined],
    ['the longer path first', ['a=1; Path=/', 'b=2; Path=/x'], 'http://h/x/y', 'http://h/x/', 'b=2; a=1'],
  ])('sends %s', (_, cookies, from, to, expected) => {
    expect(sent(cookies, from, to)).toBe(expected)
  })

  it('forgets with time', () => {
    expect(sent(['a=1; Max-Age=10'], 'http://h/', 'http://h/', 9000)).toBe('a=1')
    expect(sent(['a=1; Max-Age=10'], 'http://h/', 'http://h/', 11_000)).toBeUndefined()
    expect(sent(['a=1; Expires=Thu, 01 Jan 2026 00:00:05 GMT'], 'http://h/', 'http://h/', 6000)).toBeUndefined()
  })
})

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { ReplayRequest } from '../../gateway-core/protocol/replay-request.ts'
import { readHttpText } from '../../gateway-core/replay/http-file.ts'
import { httpTextOf, withRequest } from '../../gateway-core/replay/http-file-text.ts'

const settings = { length: 'follow', redirects: 0, timeoutMs: 30_000 } as const
const request = (more: Partial<ReplayRequest> = {}): ReplayRequest => ({
  method: 'GET',
  url: '/books',
  version: '1.1',
  headers: [],
  body: null,
  settings,
  ...more,
})

const file = `# Books of the shop.

@id = 1

### List
GET /books
Accept: */*

### One
@other = 2
# what one asks for most
GET /books/{{id}}

### Add
POST /books
Content-Type: application/json

{"a":1}
`

const put = (name: string, changed: ReplayRequest) => withRequest(file, readHttpText(file), name, changed)

describe('a request that is put into a file', () => {
  it('changes its own section and nothing else', () => {
    const text = put('One', request({ method: 'PATCH', url: '/books/{{id}}', body: { kind: 'text', text: '{}' } }))
    expect(text.startsWith(file.slice(0, file.indexOf('@other')))).toBe(true)
    expect(text.endsWith(file.slice(file.indexOf('### Add')))).toBe(true)
    expect(text).toContain('@other = 2\n# what one asks for most\n# @name One\nPATCH /books/{{id}}\n\n{}\n')
    expect(readHttpText(text).requests.map(({ name }) => name)).toEqual(['List', 'One', 'Add'])
    expect(readHttpText(text).variables).toEqual(readHttpText(file).variables)
  })

  it('is added at the end where there is none of that name', () => {
    const text = put('Remove', request({ method: 'DELETE' }))
    expect(text).toBe(`${file}\n### Remove\n# @name Remove\nDELETE /books\n`)
  })

  it('keeps the line ends of the file', () => {
    const windows = file.replaceAll('\n', '\r\n')
    const text = withRequest(windows, readHttpText(windows), 'List', request())
    expect(text.replaceAll('\r\n', '')).not.toContain('\n')
    expect(readHttpText(text).requests.map(({ name }) => name)).toEqual(['List', 'One', 'Add'])
  })

  it('keeps comments, scripts and what else other tools know of the request', () => {
    const text = `# Of the shop.

@id = 1

@other = 2
# @prompt otp
# @timeout 5
< {%
  request.variables.set("a", "1");
%}
GET /books/{{id}} HTTP/1.1
// why it is asked
Accept: */*

> {%
  client.global.set("token", response.body.token);
%}

>>! out.json

<> 2026-01-01.200.json

###
GET /other
`
    const [one] = readHttpText(text).requests
    const written = withRequest(text, readHttpText(text), one!.name, { ...one!.request, url: '/new' })
    expect(written).toBe(`# Of the shop.
@id = 1
@other = 2
# @prompt otp
< {%
  request.variables.set("a", "1");
%}
// why it is asked
# @name GET /books/{{id}}
# @timeout 5000ms
GET /new
Accept: */*

> {%
  client.global.set("token", response.body.token);
%}
>>! out.json
<> 2026-01-01.200.json

###
GET /other
`)
    const again = withRequest(written, readHttpText(written), one!.name, { ...one!.request, url: '/new' })
    expect(again).toBe(written)
  })

  it('has a variable in the place of each sealed secret', () => {
    const sealed = request({
      headers: [
        { name: 'Authorization', value: 'Bearer ⟦sealed:abc:9⟧' },
        { name: 'Cookie', value: 'a=⟦sealed:x:1⟧; b=⟦sealed:y:1⟧' },
      ],
      settings: { ...settings, literal: true },
    })
    const text = put('Mine', sealed)
    expect(text).toContain('Authorization: Bearer {{authorization}}\nCookie: a={{cookie}}; b={{cookie-2}}\n')
    expect(text).not.toContain('sealed')
  })

  it.each<[string, Partial<ReplayRequest>, RegExp]>([
    ['a body in the capture', { body: { kind: 'recorded', exchange: 'x', length: 1 } }, /stands in the capture/],
    ['a line break in a header', { headers: [{ name: 'A', value: 'b\r\n c' }] }, /line break/],
    ['a body that would end the request', { body: { kind: 'text', text: '{{a}}\n### b' } }, /read as something else/],
  ])('cannot hold %s, and says so', (_, more, expected) => {
    expect(() => put('Mine', request(more))).toThrow(expected)
  })
})

function bytesOf(body: ReplayRequest['body']): string {
  if (body?.kind === 'bytes') return Buffer.from(body.base64, 'base64').toString()
  return body?.kind === 'text' && body.files !== true ? body.text : ''
}

it('what is written is read again', () => {
  const line = fc
    .string({ unit: 'binary', minLength: 1, maxLength: 30 })
    .map((text) => text.replaceAll(/[\r\n\0]/g, 'x').trim() || 'x')
  const body = fc
    .array(fc.oneof(line, fc.constantFrom('### x', '< a.png', '<@ a', '> {%', '', '<> x', '// y')), { maxLength: 5 })
    .chain((all) => fc.constantFrom('\n', '\r\n', '\r').map((end) => all.join(end)))
    .filter((text) => !/\{\{|\$\{/.test(text))
  const types = fc.constantFrom(
    'application/json',
    'multipart/mixed; boundary=x',
    'application/x-www-form-urlencoded',
    'a/b',
  )
  fc.assert(
    fc.property(
      fc.constantFrom('GET', 'POST', 'ODD'),
      fc.stringMatching(/^\/[a-zA-Z0-9/?&=%.~-]{0,30}$/),
      fc.array(
        fc.record({
          name: fc
            .stringMatching(/^[A-Za-z][A-Za-z-]{0,12}$/)
            .filter((name) => name.toLowerCase() !== 'content-length'),
          value: line,
        }),
        { maxLength: 4 },
      ),
      fc.option(body),
      fc.option(types),
      fc.record({
        length: fc.constantFrom('follow' as const, 'asWritten' as const),
        redirects: fc.integer({ min: 0, max: 20 }),
        timeoutMs: fc.integer({ min: 1, max: 9999 }),
      }),
      (method, url, others, text, type, chosen) => {
        const headers = type === null ? others : [{ name: 'Content-Type', value: type }, ...others]
        const written = request({
          method,
          url,
          headers,
          body: text === null ? null : { kind: 'text', text },
          settings: chosen,
        })
        const { requests, problems } = readHttpText(httpTextOf([{ name: 'it', request: written }]))
        expect(problems).toEqual([])
        const [read] = requests.map((one) => one.request)
        expect({ ...read, body: null }).toEqual({ ...written, body: null })
        // Line ends behind JSON and the fields of a form mean nothing; everything else is the same, byte for byte.
        const [was, is] = [bytesOf(written.body), bytesOf(read!.body)]
        if (/json|urlencoded/.test(type ?? '')) expect(is.trimEnd()).toBe(was.trimEnd())
        else expect(is).toBe(was)
      },
    ),
    { numRuns: 500 },
  )
})

it('never breaks, whatever stands in a file', () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.oneof(
          fc.string({ unit: 'binary', maxLength: 40 }),
          fc.constantFrom('###', '< {%', '@a=b', '# @name', 'GET /', '', '> {%', '< x'),
        ),
        { maxLength: 20 },
      ),
      (all) => {
        const text = all.join('\n')
        for (const { start, end } of readHttpText(text).requests)
          expect(text.slice(start, end).length).toBeGreaterThan(0)
      },
    ),
    { numRuns: 1000 },
  )
})

describe('what other tools write', () => {
  const read = (text: string) => readHttpText(text)
  const only = (text: string) => {
    const { requests, problems } = read(text)
    expect(problems).toEqual([])
    return requests[0]!.request
  }

  it('a form of several parts has the line ends of the wire, and files in it', () => {
    const text = `POST http://h/upload
Content-Type: multipart/form-data; boundary=X

--X
Content-Disposition: form-data; name="a"

1
--X
Content-Disposition: form-data; name="f"; filename="my 1.png"

< ./my 1.png
--X--
`
    const { body } = only(text)
    expect(body).toEqual({
      kind: 'text',
      files: true,
      text: '--X\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--X\r\nContent-Disposition: form-data; name="f"; filename="my 1.png"\r\n\r\n< ./my 1.png\r\n--X--\r\n',
    })
    // Written anew it is what it was.
    const again = httpTextOf([{ name: 'it', request: only(text) }])
    expect(again).toContain('\n\n--X\nContent-Disposition')
    expect(only(again).body).toEqual(body)
  })

  it.each<[string, string, Partial<ReplayRequest>]>([
    [
      'fields of a form in lines of their own',
      'POST /a\nContent-Type: application/x-www-form-urlencoded\n\na=1\n&b=2&\n c=3\n',
      { body: { kind: 'text', text: 'a=1&b=2&c=3' } },
    ],
    ['a file with variables', 'POST /a\n\n<@ ./a.xml\n', { body: { kind: 'text', text: '<@ ./a.xml', files: true } }],
    [
      'a file in an encoding',
      'POST /a\n\n<@latin1 a.xml\n',
      { body: { kind: 'text', text: '<@latin1 a.xml', files: true } },
    ],
    ['a URL over lines', 'GET http://h\n    /api\n    ?a=1\n    &b=2\nA: b\n', { url: 'http://h/api?a=1&b=2' }],
    ['a version with a remark', 'GET https://h/ HTTP/2 (Prior Knowledge)\n', { url: 'https://h/', version: '2' }],
    ['times with units', '# @timeout 2 m\nGET /\n', { settings: { ...settings, timeoutMs: 120_000 } }],
    ['milliseconds', '# @timeout 250 ms\nGET /\n', { settings: { ...settings, timeoutMs: 250 } }],
    [
      'a curl command',
      'curl http://h/x -X PUT -d a=1\n',
      { method: 'PUT', url: 'http://h/x', body: { kind: 'text', text: 'a=1' } },
    ],
    [
      'GraphQL of JetBrains',
      'GRAPHQL http://h/g\n\nquery { a }\n',
      { method: 'POST', body: { kind: 'text', text: '{\n  "query": "query { a }",\n  "variables": {}\n}' } },
    ],
    [
      'GraphQL of REST Client, with variables',
      'POST http://h/g\nX-Request-Type: GraphQL\n\nquery ($n: Int) { a(n: $n) }\n\n{ "n": {{n}} }\n',
      {
        headers: [{ name: 'Content-Type', value: 'application/json' }],
        body: { kind: 'text', text: '{\n  "query": "query ($n: Int) { a(n: $n) }",\n  "variables": { "n": {{n}} }\n}' },
      },
    ],
  ])('%s', (_, text, expected) => {
    expect(only(text)).toMatchObject(expected)
  })

  it.each([
    ['# @prompt otp The code\nGET /{{otp}}\n', '1: nobody is asked for {{otp}}'],
    ['WEBSOCKET ws://h/\n', '1: WEBSOCKET is no request of HTTP, and not taken'],
    ['import ./x.http\nrun #login\n', '1: requests of other files are not taken over'],
    ['GET /\n\n>>! out.json\n', '3: the file that the response goes to is not written'],
    ['GET /\n\n> ./handler.js\n', '3: the script after the request is not taken'],
  ])('%j is named', (text, problem) => {
    expect(read(text).problems.map(({ line, what }) => `${line}: ${what}`)).toEqual([problem])
  })
})

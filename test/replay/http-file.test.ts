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
    expect(text).toContain('@other = 2\n# @name One\nPATCH /books/{{id}}\n\n{}\n')
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
    ['a body that would end the request', { body: { kind: 'text', text: 'a\n### b' } }, /begins with ###/],
  ])('cannot hold %s, and says so', (_, more, expected) => {
    expect(() => put('Mine', request(more))).toThrow(expected)
  })
})

it('what is written is read again', () => {
  const line = fc
    .string({ unit: 'binary', minLength: 1, maxLength: 30 })
    .map((text) => text.replaceAll(/[\r\n\0]/g, 'x').trim() || 'x')
  const body = fc
    .array(
      line.filter((text) => !/^\s*(?:<|>|###)/.test(text)),
      { minLength: 1, maxLength: 5 },
    )
    .map((all) => all.join('\n'))
    .filter((text) => text.trimEnd() === text)
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
      fc.record({
        length: fc.constantFrom('follow' as const, 'asWritten' as const),
        redirects: fc.integer({ min: 0, max: 20 }),
        timeoutMs: fc.integer({ min: 1, max: 9999 }),
      }),
      (method, url, headers, text, chosen) => {
        const written = request({
          method,
          url,
          headers,
          body: text === null ? null : { kind: 'text', text },
          settings: chosen,
        })
        const { requests, problems } = readHttpText(httpTextOf([{ name: 'it', request: written }]))
        expect(problems).toEqual([])
        expect(requests.map((one) => one.request)).toEqual([written])
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

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { HeldMessage } from '../../../gateway-core/protocol/intercept.ts'
import { jsonProblem, prettyJson, textOf } from '../../../renderer/intercept/body-text.ts'
import {
  answerNote,
  bytesIn,
  isChanged,
  lengthNote,
  originalEdit,
  readRequest,
  readResponse,
  shownAs,
  typedBody,
} from '../../../renderer/intercept/edits.ts'
import { headText, readHead } from '../../../renderer/intercept/head-text.ts'
import { base64Of, bytesOf, hexText, readHex } from '../../../renderer/ui/bytes.ts'

const bytes = fc.uint8Array({ maxLength: 300 })
const token = fc.stringMatching(/^[A-Za-z0-9-]{1,12}$/)
const value = fc.stringMatching(/^[!-~]([ -~]{0,30}[!-~])?$/)

const held = (more: Partial<HeldMessage> = {}): HeldMessage => ({
  id: 1,
  exchange: 'e',
  side: 'request',
  since: 0,
  until: 60_000,
  method: 'POST',
  host: 'x',
  url: '/a',
  why: '',
  start: { method: 'POST', target: '/a' },
  headers: ['Host', 'x', 'Content-Length', '5'],
  httpVersion: '1.1',
  body: {
    state: 'whole',
    base64: btoa('hello'),
    coded: false,
    coding: null,
    contentType: 'text/plain',
    masked: false,
    bytes: 5,
  },
  masked: false,
  ...more,
})

describe('the text of a head', () => {
  it('comes back as it was: names, order, repeats and all', () => {
    fc.assert(
      fc.property(token, value, fc.array(fc.tuple(token, value), { maxLength: 8 }), (method, path, fields) => {
        const target = `/${path.replaceAll(' ', '')}`
        const headers = fields.flat()
        expect(readHead(headText({ method, target }, headers), 'request')).toEqual({
          kind: 'request',
          method,
          target,
          headers,
        })
        const reason = 'Not So Good'
        expect(readHead(headText({ status: 418, reason }, headers), 'response')).toEqual({
          kind: 'response',
          status: 418,
          reason,
          headers,
        })
      }),
    )
  })

  it.each([
    ['GET /a HTTP/1.1\r\nA: 1\r\n\r\n', 'request', { method: 'GET', target: '/a', headers: ['A', '1'] }],
    ['GET   /a', 'request', { method: 'GET', target: '/a', headers: [] }],
    ['GET /a\nEmpty:\n', 'request', { headers: ['Empty', ''] }],
    ['HTTP/1.1 204 No Content', 'response', { status: 204, reason: 'No Content' }],
    ['200', 'response', { status: 200, reason: '' }],
    ['GET', 'request', { line: 1 }],
    ['GET /a b c', 'request', { line: 1 }],
    ['GET /a\nno colon', 'request', { line: 2, message: 'a header line is a name, a colon and a value' }],
    ['GET /a\nA: 1\n\nbody', 'request', { line: 4 }],
    ['2000 OK', 'response', { line: 1 }],
  ] as const)('%j', (text, kind, wanted) => {
    expect(readHead(text, kind)).toMatchObject(wanted)
  })
})

describe('a body', () => {
  it('of any bytes comes back from base64 and from hex', () => {
    fc.assert(
      fc.property(bytes, (some) => {
        expect(bytesOf(base64Of(some))).toEqual(some)
        expect(readHex(hexText(some))).toEqual(some)
      }),
    )
  })

  it('is text only where an editor gives the same bytes back', () => {
    fc.assert(
      fc.property(bytes, (some) => {
        const text = textOf(some)
        if (text !== undefined) expect(new TextEncoder().encode(text)).toEqual(some)
      }),
    )
    expect(textOf(Uint8Array.from([0xef, 0xbb, 0xbf, 0x61]))).toBe('\u{FEFF}a')
  })

  it('of text keeps its line ends, however they are mixed', () => {
    const text = fc.string({ unit: fc.constantFrom('a', '\n', '\r', '\r\n', '␍', 'ü'), maxLength: 12 })
    fc.assert(
      fc.property(text, (some) => {
        const content = new TextEncoder().encode(some)
        const shown = shownAs(content, 'text')
        if (shown === undefined) {
          expect(some).toMatch(/\r[^]*␍|␍[^]*\r/)
          return
        }
        // What a text area gives back.
        expect(shown.replace(/\r\n?/g, '\n')).toBe(shown)
        const edit = { ...originalEdit(held()), ...typedBody(originalEdit(held()), content, 'text', shown) }
        expect(bytesIn(edit, content)).toEqual(content)
      }),
    )
    const crlf = new TextEncoder().encode('--x\r\nA: 1\r\n\r\none\r\n--x--\r\n')
    const typed = { ...originalEdit(held()), ...typedBody(originalEdit(held()), crlf, 'text', '--x\nA: 2\n') }
    expect(bytesIn(typed, crlf)).toEqual(new TextEncoder().encode('--x\r\nA: 2\r\n'))
  })

  it.each([
    ['ff 00', [255, 0]],
    ['ff00', [255, 0]],
    ['00000000  68 69                                            hi', [104, 105]],
    ['zz', { line: 1 }],
    ['ff\nf', { line: 2 }],
  ] as const)('hex %j', (text, wanted) => {
    const read = readHex(text)
    expect('message' in read ? { line: read.line } : [...read]).toEqual(wanted)
  })

  it('as JSON keeps every digit, and says what is wrong', () => {
    expect(prettyJson('{"a":12345678901234567890,"a":1}')).toBe('{\n  "a": 12345678901234567890,\n  "a": 1\n}')
    expect(prettyJson('hello')).toBeUndefined()
    expect(jsonProblem('{"a":}')).toBeTruthy()
    expect(jsonProblem('{}')).toBeUndefined()
  })
})

describe('an edit', () => {
  it('that nobody made is none', () => {
    const message = held()
    const edit = originalEdit(message)
    expect(isChanged(edit, message)).toBe(false)
    expect(readRequest(edit, message)).toEqual({ edit: { method: 'POST', target: '/a', headers: message.headers } })
  })

  it('carries only what was typed', () => {
    const message = held()
    const edit = { ...originalEdit(message), body: 'other' }
    expect(readRequest(edit, message)).toMatchObject({ edit: { body: { base64: btoa('other'), coded: false } } })
    expect(readResponse({ head: '200 OK', look: 'hex', body: 'f' }, undefined)).toMatchObject({
      problem: { in: 'body', line: 1 },
    })
  })

  it('may be a file in the place of the body', () => {
    const message = held({
      body: { state: 'long', bytes: 3_000_000, coded: false, coding: 'gzip', contentType: 'text/plain' },
    })
    expect(isChanged(originalEdit(message), message)).toBe(false)
    const file = { name: 'photo.png', bytes: Uint8Array.from([0xff, 0, 13]) }
    const edit = { ...originalEdit(message), file }
    expect(isChanged(edit, message)).toBe(true)
    expect(readRequest(edit, message)).toMatchObject({ edit: { body: { base64: base64Of(file.bytes), coded: false } } })
    expect(isChanged({ ...edit, file: undefined }, message)).toBe(false)
  })

  it('of bytes that could not be decoded stays bytes', () => {
    const message = held({ body: { ...(held().body as never as object), coded: true } as HeldMessage['body'] })
    const edit = { ...originalEdit(message), look: 'hex' as const, body: '00 01' }
    expect(readRequest(edit, message)).toMatchObject({ edit: { body: { coded: true } } })
  })

  it('says what becomes of the length', () => {
    const message = held()
    const edit = originalEdit(message)
    expect(lengthNote(edit, message)).toBeUndefined()
    expect(lengthNote({ ...edit, body: 'x' }, message)).toMatchObject({ exact: false })
    expect(lengthNote({ ...edit, head: edit.head.replace('5', '3') }, message)).toMatchObject({ exact: true })
    const answer = held({ side: 'response', start: { status: 200, reason: 'OK' }, headers: ['Content-Length', '5'] })
    const written = { ...originalEdit(answer), head: '200 OK\nContent-Length: 3\n' }
    expect(lengthNote(written, answer)!.text).toContain('the connection ends behind it')
    expect(answerNote(written)!.text).toContain('gets the length of its body')
    expect(answerNote({ ...written, head: '200 OK\nX: 1\n' })).toBeUndefined()
    const single = held({ message: 'text', headers: [] })
    expect(lengthNote({ ...originalEdit(single), body: 'x' }, single)).toBeUndefined()
  })

  it('begins in the look that fits', () => {
    const withBody = (text: string | Uint8Array, contentType: string) => {
      const base64 = typeof text === 'string' ? btoa(text) : base64Of(text)
      return originalEdit(
        held({ body: { state: 'whole', base64, coded: false, coding: null, contentType, masked: false, bytes: 1 } }),
      ).look
    }
    expect(withBody('{"a":1}', 'application/json')).toBe('json')
    expect(withBody('{"a":', 'application/json')).toBe('text')
    expect(withBody(Uint8Array.from([0xff]), 'image/png')).toBe('hex')
    expect(originalEdit(held({ body: { state: 'streams' } })).look).toBe('text')
  })
})

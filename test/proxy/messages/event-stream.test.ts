import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { EventStreamReader, EventTooLong, withData } from '../../../gateway-core/proxy/messages/event-stream.ts'

const texts = (events: { data: string | undefined }[]) => events.map(({ data }) => data)

describe('a stream of server-sent events', () => {
  it.each([
    ['line feeds', 'data: one\n\ndata: two\n\n', ['one', 'two']],
    ['carriage returns and line feeds', 'data: one\r\n\r\ndata: two\r\n\r\n', ['one', 'two']],
    ['several data lines', 'data: a\ndata: b\nid: 7\n\n', ['a\nb']],
    ['no space after the colon, empty data, a field without colon', 'data:x\n\ndata\n\n', ['x', '']],
    ['comments and retry times alone', ': hello\n\nretry: 10\n\n', [undefined, undefined]],
    ['an event that never ends', 'data: one\n\ndata: two\n', ['one']],
  ])('reads %s', (_, stream, expected) => {
    expect(texts(new EventStreamReader(1000).push(Buffer.from(stream)))).toEqual(expected)
  })

  it('gives the same events and bytes however the stream is cut into chunks', () => {
    const line = fc.constantFrom('data: x', 'data: é ☃', 'id: 1', ': c', 'event: e', 'data:', '')
    const ends = fc.constantFrom('\n', '\r\n')
    const stream = fc
      .tuple(fc.array(line, { maxLength: 12 }), ends)
      .map(([lines, end]) => Buffer.from(lines.map((one) => one + end).join('')))
    fc.assert(
      fc.property(stream, fc.array(fc.nat(7), { maxLength: 40 }), (bytes, sizes) => {
        const whole = new EventStreamReader(10_000)
        const cut = new EventStreamReader(10_000)
        const expected = whole.push(bytes)
        const got: typeof expected = []
        let at = 0
        for (const size of sizes) {
          got.push(...cut.push(bytes.subarray(at, at + size)))
          at += size
        }
        got.push(...cut.push(bytes.subarray(at)))
        expect(texts(got)).toEqual(texts(expected))
        const all = Buffer.concat([...got.map((event) => event.bytes), cut.end()])
        expect(all.equals(bytes)).toBe(true)
      }),
    )
  })

  it('refuses an event longer than its limit', () => {
    expect(() => new EventStreamReader(10).push(Buffer.from('data: 0123456789'))).toThrow(EventTooLong)
  })

  it('keeps the other lines of an event whose data changes', () => {
    const [event] = new EventStreamReader(1000).push(Buffer.from('id: 7\r\nevent: note\r\ndata: a\r\ndata: b\r\n\r\n'))
    expect(Buffer.from(withData(event!, 'x\ny')).toString()).toBe('id: 7\nevent: note\ndata: x\ndata: y\n\n')
  })
})

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { jsonLines } from '../../../renderer/traffic/json-pretty.ts'

const printed = (text: string) =>
  jsonLines(text)
    ?.map(({ indent, pieces }) => '  '.repeat(indent) + pieces.map(({ text: piece }) => piece).join(''))
    .join('\n')

describe('JSON for the eye', () => {
  it('is laid out as JSON.stringify does', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        // Numbers keep their own spelling, which JSON.stringify gave them.
        expect(printed(JSON.stringify(value))).toBe(JSON.stringify(value, null, 2))
      }),
    )
  })

  it('keeps every digit and repeated names', () => {
    expect(printed('{"a":12345678901234567890.10,"a":1e400}')).toBe(
      '{\n  "a": 12345678901234567890.10,\n  "a": 1e400\n}',
    )
  })

  it.each(['{', '[1', '{"a" 1', 'nothing', '{]', '<b>', '"open', '{1:2}'])('leaves %s as it is', (text) => {
    const lines = jsonLines(text)
    if (lines) expect(printed(text)).toContain(text[0])
    else expect(lines).toBeUndefined()
  })

  it('names what is a name', () => {
    const [, line] = jsonLines('{"a":"b"}')!
    expect(line!.pieces.map(({ kind }) => kind)).toEqual(['name', 'mark', 'text'])
  })
})

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { editedText } from '../../../renderer/replay/edited-text.ts'

/** As a text field shows it. */
const shown = (text: string) => text.replaceAll(/\r\n?/g, '\n')

describe('an edited body', () => {
  it.each([
    ['a\r\nb\r\nc', 'a\nB\nc', 'a\r\nB\r\nc'],
    ['a\r\nb\r\n', 'a\nb\nnew\nlines\n', 'a\r\nb\r\nnew\r\nlines\r\n'],
    ['a\r\nb\nc\rd', 'a\nb\nC\nd', 'a\r\nb\nC\rd'],
    ['a\r\n', 'a', 'a'],
    ['', 'a\nb', 'a\nb'],
    ['a\nb', 'a\nc\n', 'a\nc\n'],
    ['a\r\nb', 'b', 'b'],
    ['--x\r\n\r\n1\r\n--x--\r\n', '--x\n\n12\n--x--\n', '--x\r\n\r\n12\r\n--x--\r\n'],
  ])('%j as %j is %j', (before, after, expected) => {
    expect(editedText(before, after)).toBe(expected)
  })

  it('is what the field shows, and stays what it was where nothing changed', () => {
    const text = fc
      .array(fc.constantFrom('a', 'b', '\n', '\r\n', '\r', 'c'), { maxLength: 12 })
      .map((all) => all.join(''))
    fc.assert(
      fc.property(text, text, (before, other) => {
        expect(editedText(before, shown(before))).toBe(before)
        expect(shown(editedText(before, shown(other)))).toBe(shown(other))
      }),
      { numRuns: 2000 },
    )
  })
})

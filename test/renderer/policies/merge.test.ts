import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { diffLines } from '../../../renderer/policies/line-diff.ts'
import { keepLineEndings, mixesLineEndings } from '../../../renderer/policies/line-endings.ts'
import { mergeTexts, splitLines } from '../../../renderer/policies/merge.ts'

const base = 'a\nb\nc\nd\ne\n'

describe('merging two edits', () => {
  test.each([
    ['only here', 'a\nB\nc\nd\ne\n', base, 'a\nB\nc\nd\ne\n'],
    ['only there', base, 'a\nb\nc\nD\ne\n', 'a\nb\nc\nD\ne\n'],
    ['both, apart', 'A\nb\nc\nd\ne\n', 'a\nb\nc\nd\nE\n', 'A\nb\nc\nd\nE\n'],
    ['the same edit', 'a\nX\nc\nd\ne\n', 'a\nX\nc\nd\ne\n', 'a\nX\nc\nd\ne\n'],
    ['lines added here, removed there', 'a\na2\nb\nc\nd\ne\n', 'a\nb\nc\ne\n', 'a\na2\nb\nc\ne\n'],
    ['the last line end taken away', 'A\nb\nc\nd\ne\n', 'a\nb\nc\nd\ne', 'A\nb\nc\nd\ne'],
  ])('%s', (_, mine, theirs, text) => {
    expect(mergeTexts(base, mine, theirs)).toEqual({ clean: true, text })
  })

  test.each([
    ['one line, two ways', 'a\nX\nc\nd\ne\n', 'a\nY\nc\nd\ne\n', [2]],
    ['edited here, removed there', 'a\nX\nc\nd\ne\n', 'a\nc\nd\ne\n', [2]],
    ['added at one place, two ways', 'a\nx\nb\nc\nd\ne\n', 'a\ny\nb\nc\nd\ne\n', [2]],
    ['neighbours', 'a\nB\nc\nd\ne\n', 'a\nb\nC\nd\ne\n', [2]],
  ])('asks about %s', (_, mine, theirs, conflicts) => {
    expect(mergeTexts(base, mine, theirs)).toEqual({ clean: false, conflicts })
  })

  const lines = fc
    .array(fc.constantFrom('a\n', 'b\n', 'c\n', '\n', 'd\r\n'), { maxLength: 14 })
    .map((all) => all.join(''))

  test('loses nothing: an edit of one side alone is taken whole', () => {
    fc.assert(
      fc.property(lines, lines, (before, after) => {
        expect(mergeTexts(before, after, before)).toEqual({ clean: true, text: after })
        expect(mergeTexts(before, before, after)).toEqual({ clean: true, text: after })
        expect(mergeTexts(before, after, after)).toEqual({ clean: true, text: after })
      }),
    )
  })

  test('does not matter who is who', () => {
    fc.assert(
      fc.property(lines, lines, lines, (before, one, other) => {
        const there = mergeTexts(before, one, other)
        const back = mergeTexts(before, other, one)
        expect(there.clean).toBe(back.clean)
        if (there.clean && back.clean) expect(there.text).toBe(back.text)
      }),
    )
  })

  test('hunks lead from one text to the other, and lines between them are equal', () => {
    fc.assert(
      fc.property(lines, lines, (before, after) => {
        const [a, b] = [splitLines(before), splitLines(after)]
        let text = ''
        let at = 0
        for (const hunk of diffLines(a, b)) {
          text += a.slice(at, hunk.aStart).join('') + b.slice(hunk.bStart, hunk.bEnd).join('')
          at = hunk.aEnd
        }
        expect(text + a.slice(at).join('')).toBe(after)
      }),
    )
  })

  test('a text that is another altogether is one edit, soon found', () => {
    const a = Array.from({ length: 6000 }, (_, index) => `a${index}`)
    const b = Array.from({ length: 6000 }, (_, index) => `b${index}`)
    expect(diffLines(a, b)).toEqual([{ aStart: 0, aEnd: 6000, bStart: 0, bEnd: 6000 }])
  })
})

describe('line ends', () => {
  test.each([
    ['lines not edited keep theirs', 'a\r\nb\nc\r\n', 'a\r\nB\r\nc\r\n', 'a\r\nB\r\nc\r\n'],
    ['an added line gets the commonest', 'a\nb\r\nc\r\n', 'a\r\nb\r\nx\r\nc\r\n', 'a\nb\r\nx\r\nc\r\n'],
    ['a last line without an end stays without', 'a\nb\r\nc', 'A\nb\nc', 'A\nb\r\nc'],
    ['a lone CR is kept', 'a\rb\nc\n', 'a\nb\nC\n', 'a\rb\nC\n'],
  ])('%s', (_, original, edited, saved) => {
    expect(keepLineEndings(original, edited)).toBe(saved)
  })

  test('without an edit the text is byte for byte the same, whatever the editor made of its line ends', () => {
    const text = fc
      .array(fc.constantFrom('a\n', 'b\r\n', '\r\n', '\n', 'cc\r'), { maxLength: 12 })
      .map((all) => all.join(''))
    fc.assert(
      fc.property(text, fc.constantFrom('\n', '\r\n'), (original, end) => {
        expect(keepLineEndings(original, original.replaceAll(/\r\n|\r|\n/g, end))).toBe(original)
      }),
    )
  })

  test('knows where an editor would change what nobody edited', () => {
    expect(['a\nb\n', 'a\r\nb\r\n', 'a', 'a\nb\r\n'].map(mixesLineEndings)).toEqual([false, false, false, true])
  })
})

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compareBodies } from '../../../renderer/traffic/body-lines.ts'
import { pairedLines } from '../../../renderer/traffic/paired-lines.ts'

describe('two texts beside each other', () => {
  it('a changed line stands beside what it was', () => {
    expect(pairedLines(compareBodies('{"price":12,"title":"x"}', '{"price":0,"title":"x","new":true}'))).toEqual([
      { before: '{', after: '{', same: true },
      { before: '  "price": 12,', after: '  "price": 0,', same: false },
      { before: '  "title": "x"', after: '  "title": "x",', same: false },
      { before: undefined, after: '  "new": true', same: false },
      { before: '}', after: '}', same: true },
    ])
  })

  it('each column holds all lines of its own, in order', () => {
    const text = fc.array(fc.constantFrom('a', 'b', 'c', ''), { maxLength: 6 }).map((lines) => lines.join('\n'))
    fc.assert(
      fc.property(text, text, (before, after) => {
        const lines = compareBodies(before, after)
        // Equal lines far from a change are folded.
        fc.pre(!lines.some(({ kind }) => kind === 'gap'))
        const rows = pairedLines(lines)
        const column = (side: 'before' | 'after') => rows.map((row) => row[side]).filter((line) => line !== undefined)
        expect([column('before'), column('after')]).toEqual([before.split('\n'), after.split('\n')])
        for (const row of rows) expect(row.same).toBe(row.before === row.after)
      }),
    )
  })
})

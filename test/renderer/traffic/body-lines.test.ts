import fc from 'fast-check'
import { expect, test } from 'vitest'
import { compareBodies } from '../../../renderer/traffic/body-lines.ts'

const told = (before: string, after: string) => compareBodies(before, after).map(({ kind, text }) => `${kind} ${text}`)

test.each([
  [
    'one line of JSON',
    '{"a":1,"b":[2,3]}',
    '{"a":1,"b":[2,4]}',
    ['equal   "b": [', 'del     3', 'add     4', 'equal   ]'],
  ],
  ['a number keeps its digits', '{"a":1.0}', '{"a":1.00}', ['del   "a": 1.0', 'add   "a": 1.00']],
  ['text', 'one\ntwo\nthree', 'one\n2\nthree', ['del two', 'add 2']],
  ['JSON that became text stays as it came', '{"a":1}', 'a=1', ['del {"a":1}', 'add a=1']],
  ['a body that was added', '', 'x', ['del ', 'add x']],
])('%s', (_what, before, after, expected) => {
  expect(told(before, after)).toEqual(expect.arrayContaining(expected))
})

test('layout alone is no difference', () => {
  expect(compareBodies('{"a": 1}', '{\n"a":1 }').some(({ kind }) => kind === 'del' || kind === 'add')).toBe(false)
})

test('far from a change lines are folded', () => {
  const lines = Array.from({ length: 40 }, (_, at) => `line ${at}`)
  const changed = lines.with(20, 'other')
  expect(told(lines.join('\n'), changed.join('\n'))).toEqual([
    'gap 17 equal lines',
    'equal line 17',
    'equal line 18',
    'equal line 19',
    'del line 20',
    'add other',
    'equal line 21',
    'equal line 22',
    'equal line 23',
    'gap 16 equal lines',
  ])
})

test('no line is lost: either side can be read off', () => {
  const text = fc.array(fc.constantFrom('a', 'b', 'c', ''), { maxLength: 30 }).map((lines) => lines.join('\n'))
  const count = (lines: ReturnType<typeof compareBodies>, side: 'del' | 'add') =>
    lines.reduce(
      (sum, { kind, text: said }) =>
        sum + (kind === 'gap' ? Number.parseInt(said, 10) : kind === 'equal' || kind === side ? 1 : 0),
      0,
    )
  fc.assert(
    fc.property(text, text, (before, after) => {
      const lines = compareBodies(before, after)
      expect(count(lines, 'del')).toBe(before.split('\n').length)
      expect(count(lines, 'add')).toBe(after.split('\n').length)
    }),
  )
})

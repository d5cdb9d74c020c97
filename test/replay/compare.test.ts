import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { ReplayAnswer } from '../../gateway-core/protocol/replay.ts'
import { compareAnswers } from '../../gateway-core/replay/compare.ts'
import { compareJson, pointerPattern } from '../../gateway-core/replay/compare-json.ts'

const lines = (left: unknown, right: unknown, ignore: string[] = []) =>
  compareJson(left, right, ignore).changes.map(
    ({ kind, pointer, left: was, right: is }) =>
      `${kind} ${pointer} ${[was, is].filter((one) => one !== undefined).join(' → ')}`,
  )

describe('two JSON documents', () => {
  it.each<[string, unknown, unknown, string[]]>([
    ['alike', { a: [1, { b: null }] }, { a: [1, { b: null }] }, []],
    ['in another order of members', { a: 1, b: 2 }, { b: 2, a: 1 }, []],
    ['a value', { a: { b: 1 } }, { a: { b: 2 } }, ['changed /a/b 1 → 2']],
    ['a type', { a: 1 }, { a: '1' }, ['changed /a 1 → "1"']],
    ['members', { a: 1, b: 2 }, { b: 2, c: 3 }, ['removed /a 1', 'added /c 3']],
    ['names with slashes', { 'a/b~c': 1 }, { 'a/b~c': 2 }, ['changed /a~1b~0c 1 → 2']],
    ['an element in front', [2, 3, 4], [1, 2, 3, 4], ['added /0 1']],
    ['an element taken out', ['a', 'b', 'c'], ['a', 'c'], ['removed /1 "b"']],
    ['an element changed in its place', [1, 2, 3], [1, 9, 3], ['changed /1 2 → 9']],
    [
      'an object by its id',
      [
        { id: 1, n: 'a' },
        { id: 2, n: 'b' },
      ],
      [{ id: 2, n: 'B' }],
      ['removed /0 {"id":1,"n":"a"}', 'changed /1/n "b" → "B"'],
    ],
    ['another root', [1], { a: 1 }, ['changed  [1] → {"a":1}']],
  ])('%s', (_, left, right, expected) => {
    expect(lines(left, right)).toEqual(expected)
  })

  it.each<[string, string[], string[]]>([
    ['one value', ['/items/0/at'], ['changed /items/1/at 2 → 9', 'changed /total 1 → 2']],
    ['one step of any name', ['/items/*/at'], ['changed /total 1 → 2']],
    ['any number of steps', ['/**/at', '/total'], []],
    ['all below', ['/items'], ['changed /total 1 → 2']],
  ])('ignore %s', (_, ignore, expected) => {
    const left = { items: [{ at: 1 }, { at: 2 }], total: 1 }
    const right = { items: [{ at: 8 }, { at: 9 }], total: 2 }
    expect(lines(left, right, ignore)).toEqual(expected)
  })

  it('are alike to themselves, and never alike to others', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(lines(value, structuredClone(value))).toEqual([])
      }),
    )
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (a, b) => {
        const [left, right] = [a, b].map((one) => JSON.parse(JSON.stringify(one)) as unknown)
        const alike = JSON.stringify(sorted(left)) === JSON.stringify(sorted(right))
        expect(lines(left, right).length === 0).toBe(alike)
      }),
      { numRuns: 500 },
    )
  })

  it('take the time of what they hold', () => {
    const list = Array.from({ length: 5000 }, (_, at) => ({ id: at, text: 'x'.repeat(50) }))
    const started = performance.now()
    expect(compareJson(list, list.slice(1), []).more).toBeGreaterThan(0)
    expect(performance.now() - started).toBeLessThan(2000)
  })
})

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return ['list', ...value.map(sorted)]
  if (typeof value !== 'object' || value === null) return value
  const pairs = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  return pairs.map(([key, one]) => [key, sorted(one)])
}

it('reads patterns as pointers', () => {
  expect(pointerPattern('/a~1b/*')(['a/b', 'c'])).toBe(true)
  expect(pointerPattern('/a')(['b'])).toBe(false)
  expect(pointerPattern('')(['b'])).toBe(false)
})

describe('two answers', () => {
  const answer = (status: number, headers: [string, string][], more: Partial<ReplayAnswer> = {}): ReplayAnswer => ({
    target: { via: 'gateway' },
    label: 'gateway',
    address: '',
    timings: { total: 5 },
    response: {
      status,
      reason: '',
      version: '1.1',
      headers,
      body: { length: 0, kept: 0, contentType: null, coding: null },
    },
    ...more,
  })
  const side = (one: ReplayAnswer, body: string | Uint8Array = '') => ({ answer: one, body: Buffer.from(body) })
  const nothing = { ignore: [], ignoreHeaders: [] }

  it('are alike, whatever the clock says', () => {
    const left = side(
      answer(200, [
        ['Date', 'now'],
        ['A', '1'],
      ]),
      '{"a":1}',
    )
    const right = side(
      answer(200, [
        ['date', 'then'],
        ['a', '1'],
      ]),
      '{ "a": 1 }',
    )
    expect(compareAnswers(left, right, nothing)).toMatchObject({ same: true, body: { kind: 'same' }, ignored: 1 })
  })

  it('differ in status, headers, decision and body', () => {
    const left = side(
      answer(
        200,
        [
          ['A', '1'],
          ['B', '1'],
        ],
        { decided: { verdict: 'pass' } },
      ),
      'one\ntwo\n',
    )
    const right = side(
      answer(
        403,
        [
          ['A', '2'],
          ['C', '1'],
        ],
        { decided: { verdict: 'deny', policy: 'rbac' } },
      ),
      'one\n2\n',
    )
    expect(compareAnswers(left, right, { ignore: [], ignoreHeaders: ['b'] })).toMatchObject({
      same: false,
      status: [200, 403],
      headers: [
        { name: 'a', left: '1', right: '2' },
        { name: 'c', left: null, right: '1' },
      ],
      decided: ['pass', 'deny rbac'],
      body: { kind: 'text', changes: [{ line: [2, 2], left: ['two'], right: ['2'] }] },
      ignored: 1,
    })
  })

  it('of bytes differ from a byte on', () => {
    const compared = compareAnswers(
      side(answer(200, []), Buffer.from([0, 1, 2])),
      side(answer(200, []), Buffer.from([0, 1, 9, 9])),
      nothing,
    )
    expect(compared.body).toEqual({ kind: 'bytes', at: 2, lengths: [3, 4] })
  })
})

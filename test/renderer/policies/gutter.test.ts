import { describe, expect, test } from 'vitest'
import type { Counters } from '../../../gateway-core/protocol/types.ts'
import { parseFilter } from '../../../gateway-core/filter/grammar.ts'
import {
  countersByLine,
  labelOf,
  type PolicyCounter,
  short,
  spokenLabel,
  time,
  trafficQuery,
} from '../../../renderer/policies/gutter.ts'
import { mapLines, policyAt } from '../../../renderer/policies/lines.ts'

function counter(policy: string, line: number, rest: Partial<PolicyCounter> = {}): PolicyCounter {
  return { policy, file: 'gatehouse.yaml', line, hits: 0, denials: 0, wouldDeny: 0, medianMicros: 0, ...rest }
}
const label = (...policies: PolicyCounter[]) => {
  const [line] = countersByLine({ revision: 'r', policies } satisfies Counters, 'gatehouse.yaml')
  return line!
}
const text = (...policies: PolicyCounter[]) =>
  labelOf(label(...policies))
    .map((part) => part.text)
    .join(' · ')

describe('the label beside a policy', () => {
  test.each([
    ['8,412 · 611 ✕ · 54 µs', { hits: 8412, denials: 611, medianMicros: 54.4 }],
    ['5,906 · 3 ◐ · 18 µs', { hits: 5906, wouldDeny: 3, medianMicros: 18 }],
    ['12 · 4.5 µs', { hits: 12, medianMicros: 4.52 }],
    ['123k · 1.2 ms', { hits: 123_456, medianMicros: 1234 }],
    ['never hit', {}],
  ])('%s', (words, counts) => {
    expect(text(counter('catalogue/jwt-auth', 26, counts))).toBe(words)
  })

  test('adds up what is written once and in force in several places', () => {
    const one = counter('catalogue/rate-limiting', 3, { hits: 30, denials: 1, medianMicros: 10 })
    const other = counter('account/rate-limiting', 3, { hits: 10, denials: 2, medianMicros: 30 })
    expect(text(one, other)).toBe('40 · 3 ✕ · 15 µs')
    expect(spokenLabel(label(one, other))).toBe(
      'catalogue/rate-limiting, account/rate-limiting: 40 requests, 3 denied, median 15 µs',
    )
  })

  test('leaves out other files, and reads from top to bottom', () => {
    const policies = [counter('b', 9), counter('a', 2), { ...counter('c', 1), file: 'policies/limits.yaml' }]
    expect(countersByLine({ revision: 'r', policies }, 'gatehouse.yaml').map(({ line }) => line)).toEqual([2, 9])
    expect(countersByLine(null, 'gatehouse.yaml')).toEqual([])
  })

  test('leads to a query that Traffic can read', () => {
    for (const id of ['jwt-auth', 'catalogue/routes[2]/rbac', 'a b/"x"', 'open/GET /books/{id}/rbac']) {
      expect(() => parseFilter(trafficQuery({ policies: [counter(id, 1), counter('cors', 1)] }))).not.toThrow()
    }
    expect(trafficQuery({ policies: [counter('catalogue/jwt-auth', 1)] })).toBe('policy:catalogue/jwt-auth')
  })

  test.each([
    [0, '0'],
    [99_999, '99,999'],
    [999_999, '999k'],
    [12_345_678, '12.3M'],
  ])('%i requests', (count, words) => expect(short(count)).toBe(words))

  test.each([
    [0.4, '0.4 µs'],
    [999.6, '1.0 ms'],
    [25_000, '25 ms'],
    [1_500_000, '1.5 s'],
  ])('%d µs', (micros, words) => expect(time(micros)).toBe(words))
})

describe('lines while one types', () => {
  const before = 'a\nb\nc\nd'
  test.each([
    ['a line put in above', 'a\nnew\nb\nc\nd', 3, { line: 4, changed: false }],
    ['a line taken away above', 'b\nc\nd', 3, { line: 2, changed: false }],
    ['the line edited', 'a\nb\nC\nd', 3, { line: 3, changed: true }],
    ['the line taken away', 'a\nb\nd', 3, undefined],
    ['nothing', before, 4, { line: 4, changed: false }],
  ])('%s', (_, after, line, now) => {
    expect(mapLines(before, after).now(line)).toEqual(now)
  })
})

describe('the policy at the cursor', () => {
  const lines = [
    'policies:',
    '  - cors:',
    '      origins: [a]',
    '      # why',
    '      methods:',
    '        - GET',
    '  - request-validation',
    '',
    'apis:',
    '  - name: x',
    '    policies:',
    '      - any-of:',
    '          - jwt-auth: { issuer: y }',
    '          - key-auth # comment',
  ]
  const types = new Set(['cors', 'request-validation', 'jwt-auth', 'key-auth'])
  test.each([
    [1, undefined],
    [2, { line: 2, type: 'cors' }],
    [3, { line: 2, type: 'cors' }],
    [6, { line: 2, type: 'cors' }],
    [7, { line: 7, type: 'request-validation' }],
    [8, undefined],
    [10, undefined],
    [13, { line: 13, type: 'jwt-auth' }],
    [14, { line: 14, type: 'key-auth' }],
  ])('line %i', (line, policy) => {
    expect(policyAt(lines, line, (type) => types.has(type))).toEqual(policy)
  })
})

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { TraceEntry } from '../../../gateway-core/pipeline/outcome.ts'
import type { WhatIfGroup } from '../../../gateway-core/protocol/what-if.ts'
import {
  factText,
  isDifferent,
  missingFacts,
  outcomeText,
  pairSteps,
  sameTexts,
  stretches,
} from '../../../renderer/policies/what-if.ts'
import { exchangesIn, itemAt, lineOf } from '../../../renderer/policies/what-if-lines.ts'

function step(policy: string, changes: Partial<TraceEntry> = {}): TraceEntry {
  return {
    policy,
    type: policy,
    phase: 'requestHeaders',
    verdict: 'pass',
    mode: 'enforce',
    at: 0,
    micros: 1,
    now: 0,
    sequence: 0,
    position: { file: 'gatehouse.yaml', line: 1, column: 1 },
    ...changes,
  }
}

const names = (pairs: ReturnType<typeof pairSteps>) =>
  pairs.map(({ before, after }) => `${before?.policy ?? '–'}|${after?.policy ?? '–'}`)

describe('steps side by side', () => {
  it.each([
    ['alike', 'a b c', 'a b c', ['a|a', 'b|b', 'c|c']],
    ['one that the edit adds', 'a c', 'a b c', ['a|a', '–|b', 'c|c']],
    ['one that it removes', 'a b c', 'a c', ['a|a', 'b|–', 'c|c']],
    ['two in another order', 'a b c', 'b a c', ['a|–', 'b|b', '–|a', 'c|c']],
    ['nothing before', '', 'a', ['–|a']],
    ['nothing at all', '', '', []],
  ])('pairs %s', (_name, before, after, expected) => {
    const trace = (text: string) => (text === '' ? [] : text.split(' ').map((name) => step(name)))
    const pairs = pairSteps(trace(before), trace(after))
    // Which of two swapped steps is the common one is not promised; that each appears on its side is.
    if (_name.includes('another order')) expect(names(pairs)).toHaveLength(expected.length)
    else expect(names(pairs)).toEqual(expected)
  })

  it('keeps every step of both sides, in order, whatever they are', () => {
    const trace = fc.array(
      fc.constantFrom('a', 'b', 'c', 'd').map((name) => step(name)),
      { maxLength: 8 },
    )
    fc.assert(
      fc.property(trace, trace, (before, after) => {
        const pairs = pairSteps(before, after)
        expect(pairs.flatMap((pair) => pair.before ?? [])).toEqual(before)
        expect(pairs.flatMap((pair) => pair.after ?? [])).toEqual(after)
        for (const pair of pairs) if (pair.before && pair.after) expect(pair.before.policy).toBe(pair.after.policy)
      }),
    )
  })

  it('tells what decides from how long it took', () => {
    const pair = (changes: Partial<TraceEntry>) => ({ key: '', before: step('a'), after: step('a', changes) })
    expect(isDifferent(pair({ micros: 500, at: 9, now: 1, sequence: 4 }))).toBe(false)
    expect(isDifferent(pair({ verdict: 'deny', code: 'IP_DENIED' }))).toBe(true)
    expect(isDifferent(pair({ evidence: [{ at: { in: 'client' }, observed: '10.0.0.1' }] }))).toBe(true)
    expect(isDifferent({ key: '', before: step('a'), after: undefined })).toBe(true)
  })

  it('folds what is alike, and shows the step before a difference', () => {
    const before = ['a', 'b', 'c', 'd', 'e'].map((name) => step(name))
    const after = before.map((one) => (one.policy === 'e' ? { ...one, verdict: 'deny' as const } : one))
    const shown = (whole: boolean) =>
      stretches(pairSteps(before, after), whole).map((one) =>
        one.kind === 'alike' ? `${one.names.length} alike` : one.pair.before!.policy,
      )
    expect(shown(false)).toEqual(['3 alike', 'd', 'e'])
    expect(shown(true)).toEqual(['a', 'b', 'c', 'd', 'e'])
  })
})

describe('the list', () => {
  const groups: WhatIfGroup[] = [3, 1, 2].map((exchanges, at) => ({ code: `C${at}`, exchanges, warming: 0 }))

  it('puts the head of each group before its exchanges', () => {
    const lines = Array.from({ length: 10 }, (_, line) => itemAt(groups, line))
    const shown = lines.map((item) => (item === undefined ? '–' : item.kind === 'group' ? item.group.code : item.at))
    expect(shown).toEqual(['C0', 0, 1, 2, 'C1', 3, 'C2', 4, 5, '–'])
  })

  it('finds the line of every exchange', () => {
    for (let at = 0; at < exchangesIn(groups); at++) {
      expect(itemAt(groups, lineOf(groups, at))).toEqual({ kind: 'row', at })
    }
  })
})

describe('words', () => {
  it('name an outcome by its code, or by its verdict', () => {
    expect(outcomeText({ verdict: 'deny', code: 'LIMIT_REACHED', status: 429 })).toBe('LIMIT_REACHED 429')
    expect(outcomeText({ verdict: 'undecidable' })).toBe('undecidable')
  })

  it('list what is missing, the most frequent first', () => {
    expect(missingFacts({ missing: { geo: 2, introspection: 7 } })).toEqual([
      ['introspection', 7],
      ['geo', 2],
    ])
  })

  it.each([
    ['signature|header:authorization|bearer|issuer:https://id.example|RS256', 'signature of header authorization'],
    ['tag|query:key', 'tag of query key'],
    ['header:cookie', 'header cookie'],
    ['upstream-response', 'upstream-response'],
    ['message-sealed', 'forgotten secrets of a message'],
  ])('say what lacks: %s', (key, text) => expect(factText(key)).toBe(text))

  it('know an edit again', () => {
    const one = [{ path: 'a', text: 'x' }]
    expect(sameTexts(one, [{ path: 'a', text: 'x' }])).toBe(true)
    expect(sameTexts(one, [{ path: 'a', text: 'y' }])).toBe(false)
    expect(sameTexts(one, [])).toBe(false)
  })
})

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { barHeight, momentOf, partOf, parts, placeOf, resetText } from '../../../renderer/traffic/time-places.ts'

const span = { from: 1000, to: 4000 }

describe('the recorded time', () => {
  it('ends a part where the next one begins, and the last one with the newest exchange', () => {
    expect(momentOf(0, span, 3)).toBe(2000)
    expect(momentOf(1, span, 3)).toBe(3000)
    expect(momentOf(2, span, 3)).toBe(4000)
    expect(momentOf(9, span, 3)).toBe(4000)
  })

  it('finds the part of its own moment again, however long the time is', () => {
    const time = fc.tuple(fc.integer({ min: 0, max: 2e12 }), fc.integer({ min: parts * 4, max: 1e10 }))
    fc.assert(
      fc.property(time, fc.integer({ min: 0, max: parts - 1 }), ([from, length], part) => {
        const density = { from, to: from + length }
        expect(partOf(momentOf(part, density), density)).toBe(part)
      }),
    )
  })

  it.each([
    [500, 0],
    [1000, 0],
    [2500, 0.5],
    [4000, 1],
    [9000, 1],
  ])('puts %d at %d', (at, place) => expect(placeOf(at, span)).toBe(place))

  it('has one place where everything came at once', () => expect(placeOf(7, { from: 7, to: 7 })).toBe(1))

  it('shows a single exchange beside a thousand', () => {
    expect(barHeight(1, 1000)).toBe(2)
    expect(barHeight(1000, 1000)).toBe(24)
  })
})

describe('until a counter begins anew', () => {
  it.each([
    [-5, 'now'],
    [0, 'now'],
    [1, '1 s'],
    [20_000, '20 s'],
    [240_000, '4 min'],
    [10_800_000, '3 h'],
    [259_200_000, '3 days'],
  ])('%d ms: %s', (ms, text) => expect(resetText(ms)).toBe(text))
})

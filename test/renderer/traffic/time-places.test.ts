import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  barHeight,
  busyPlace,
  countsOf,
  momentOf,
  partOf,
  parts,
  placeOf,
  placesOf,
  resetText,
} from '../../../renderer/traffic/time-places.ts'

const span = { from: 1000, to: 4000 }

describe('the recorded time', () => {
  it('ends a part where the next one begins, and the last one with the newest exchange', () => {
    expect(momentOf(0, span, 3)).toBe(2000)
    expect(momentOf(1, span, 3)).toBe(3000)
    expect(momentOf(2, span, 3)).toBe(4000)
    expect(momentOf(9, span, 3)).toBe(4000)
  })

  it('finds the part of its own moment again, however long the time is', () => {
    const time = fc.tuple(fc.integer({ min: 0, max: 2e12 }), fc.integer({ min: 1, max: 1e10 }))
    fc.assert(
      fc.property(time, fc.nat(), ([from, length], any) => {
        const density = { from, to: from + length }
        const places = placesOf(density)
        const place = any % places
        expect(partOf(momentOf(place, density, places), density, places)).toBe(place)
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

  it('goes to what came next, and no further than the ends', () => {
    const counts = [0, 2, 0, 0, 1, 0]
    expect([0, 1, 4].map((from) => busyPlace(counts, from, 1))).toEqual([1, 4, 5])
    expect([6, 4, 1].map((from) => busyPlace(counts, from, -1))).toEqual([5, 1, 0])
    expect(busyPlace(counts, 5, 1)).toBe(5)
    expect(busyPlace(counts, 0, -1)).toBe(0)
  })

  it('counts nothing twice and loses nothing where there are fewer places than bars', () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(9), { minLength: 1, maxLength: parts }),
        fc.integer({ min: 1, max: parts }),
        (all, places) => {
          const counts = countsOf(all, Math.min(places, all.length))
          expect(counts).toHaveLength(Math.min(places, all.length))
          const sum = (list: readonly number[]) => list.reduce((before, one) => before + one, 0)
          expect(sum(counts)).toBe(sum(all))
        },
      ),
    )
  })

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

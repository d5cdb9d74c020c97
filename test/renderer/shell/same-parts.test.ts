import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { samePartsOf } from '../../../renderer/shell/same-parts.ts'

const json = fc.jsonValue().map((value) => JSON.parse(JSON.stringify(value)) as unknown)

describe('what is the same as before', () => {
  it('says exactly what the next value says', () => {
    fc.assert(
      fc.property(json, json, (before, next) => {
        expect(samePartsOf(before, next)).toEqual(next)
      }),
    )
  })

  it('is the value before when nothing changed', () => {
    fc.assert(
      fc.property(json, (value) => {
        expect(samePartsOf(value, structuredClone(value))).toBe(value)
      }),
    )
  })

  it('keeps what did not change beside what did', () => {
    const before = { rate: 1, problems: [{ line: 3 }], gateway: { http: 'a' } }
    const after = samePartsOf(before, { rate: 2, problems: [{ line: 3 }], gateway: { http: 'b' } })
    expect(after).not.toBe(before)
    expect(after.problems).toBe(before.problems)
    expect(after.gateway).toEqual({ http: 'b' })
  })

  it('takes no list for a mapping, and no missing key for an undefined one', () => {
    expect(samePartsOf({}, [])).toEqual([])
    expect(Object.keys(samePartsOf({ a: 1 }, { b: undefined }))).toEqual(['b'])
  })
})

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { textOfWire, utf8Of, wireOfText } from '../../gateway-core/replay/wire-text.ts'

describe('header values', () => {
  it.each([
    ['plain', 'plain'],
    ['caf\u00c3\u00a9', 'café'],
    ['\u00e9', '\udce9'],
    ['\u00f0\u009f\u0098\u0080', '😀'],
    ['\u00ed\u00a0\u0080', '\udced\udca0\udc80'],
    ['\u00c0\u00af', '\udcc0\udcaf'],
  ])('%j on the wire is read as %j', (wire, text) => {
    expect(textOfWire(wire)).toBe(text)
    expect(wireOfText(text)).toBe(wire)
  })

  it('come back byte for byte, whatever they hold', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        const wire = Buffer.from(bytes).toString('latin1')
        expect(wireOfText(textOfWire(wire))).toBe(wire)
      }),
      { numRuns: 2000 },
    )
  })

  it('of UTF-8 are read as a decoder reads them', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 20 }), (text) => {
        expect(textOfWire(Buffer.from(text, 'utf8').toString('latin1'))).toBe(text)
      }),
    )
  })
})

it('tells text from bytes', () => {
  expect(utf8Of(Buffer.from('ü\n'))).toBe('ü\n')
  expect(utf8Of(Buffer.from([0xff]))).toBeUndefined()
  expect(utf8Of(Buffer.from('a\0b'))).toBeUndefined()
})

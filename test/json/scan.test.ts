import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { bytesAsText, decoded, encoded, scanJson, stringValue, textAsBytes } from '../../gateway-core/json/scan.ts'

const silent = { open: () => {}, close: () => {}, key: () => {}, scalar: () => {} }

/** Puts a text together again from what the visitor was told. */
function told(text: string): unknown {
  const stack: { object: boolean; items: unknown[]; names: string[] }[] = []
  let root: unknown
  const put = (value: unknown) => (stack.length === 0 ? (root = value) : stack.at(-1)!.items.push(value))
  scanJson(text, {
    open: (object) => stack.push({ object, items: [], names: [] }),
    close: () => {
      const { object, items, names } = stack.pop()!
      put(object ? { names, items } : items)
    },
    key: (start, end) => stack.at(-1)!.names.push(stringValue(text.slice(start, end))),
    scalar: (start, end, quoted) =>
      put(quoted ? stringValue(text.slice(start, end)) : JSON.parse(text.slice(start, end))),
  })
  return root
}

function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain)
  if (typeof value !== 'object' || value === null) return value
  return { names: Object.keys(value), items: Object.values(value).map(plain) }
}

describe('the JSON scanner', () => {
  it('reads what JSON.parse reads', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.constantFrom(0, 1, '\t'), (value, indent) => {
        const text = encoded(JSON.stringify(value, null, indent))
        expect(told(text)).toEqual(plain(JSON.parse(JSON.stringify(value))))
      }),
    )
  })

  it('accepts and refuses what JSON.parse accepts and refuses', () => {
    const pieces = fc.constantFrom(
      '{',
      '}',
      '[',
      ']',
      ',',
      ':',
      '"a"',
      '"',
      '\\',
      '1',
      '-',
      '0',
      '.',
      'e',
      '+',
      'true',
      'nul',
      'null',
      ' ',
      '\n',
      '\u0001',
      '\\u12',
      'x',
      '"\\u0041"',
    )
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 12 }), (parts) => {
        const text = parts.join('')
        let good = true
        try {
          JSON.parse(text)
        } catch {
          good = false
        }
        expect(scanJson(text, silent) === undefined, text).toBe(good)
      }),
      { numRuns: 2000 },
    )
  })

  it.each([
    ['', 0],
    ['{"a":1,}', 7],
    ['[1 2]', 3],
    ['{"a" 1}', 5],
    ['"abc', 4],
    ['"a\\x"', 3],
    ['"a\u0000"', 2],
    ['01', 1],
    ['[1]x', 3],
    ["{'a':1}", 1],
  ])('says where %j is wrong', (text, offset) => {
    expect(scanJson(text, silent)).toMatchObject({ offset })
  })

  it('tells of each of several equal keys, passes over a byte order mark, and is not impressed by depth', () => {
    expect(told('\u00ef\u00bb\u00bf{"a":1,"a":2}')).toEqual({ names: ['a', 'a'], items: [1, 2] })
    const deep = 500_000
    expect(scanJson('['.repeat(deep) + ']'.repeat(deep), silent)).toBe(undefined)
    expect(scanJson('{"a":'.repeat(deep), silent)).toMatchObject({ offset: deep * 5 })
  })

  it('any bytes survive being read as text', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        expect(textAsBytes(bytesAsText(bytes))).toEqual(Buffer.from(bytes))
      }),
    )
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        expect(decoded(encoded(text))).toBe(text)
      }),
    )
  })
})

import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { normalizePath, plainPath } from '../../gateway-core/proxy/path.ts'

describe('the normalized path', () => {
  it.each([
    ['/', '/'],
    ['/books/42', '/books/42'],
    ['/a%7Eb%2d', '/a~b-'],
    ['/%e2%82%ac', '/%E2%82%AC'],
    ['/a/./b', '/a/b'],
    ['/a/../b', '/b'],
    ['/a/%2e%2E/b', '/b'],
    ['/a/.%2e/b', '/b'],
    ['/a/.', '/a/'],
    ['/a/b/..', '/a/'],
    ['/a/..', '/'],
    ['/.', '/'],
    ['/.well-known/x', '/.well-known/x'],
    ['/...', '/...'],
    ['/..a/b', '/..a/b'],
    ['//a//b', '//a//b'],
    ['/a;v=1/b', '/a;v=1/b'],
    ['/a%3Bb', '/a%3Bb'],
    ['/a%3fb%23', '/a%3Fb%23'],
    ['/%252e%252e/', '/%252e%252e/'],
    ['/{id}|x^y', '/%7Bid%7D%7Cx%5Ey'],
    ['/[1]', '/%5B1%5D'],
    ['/x%0d%0ay', '/x%0D%0Ay'],
  ])('%s is %s', (raw, path) => {
    expect(normalizePath(raw)).toEqual({ path })
  })

  it.each([
    ['/a%2fb', /slash/, 2],
    ['/a%2Fb', /slash/, 2],
    ['/a%5cb', /backslash/, 2],
    ['/a\\b', /backslash/, 2],
    ['/a%00', /NUL/, 2],
    ['/a/..;/b', /parameter/, 3],
    ['/a/..;x=1/b', /parameter/, 3],
    ['/a/.;/b', /parameter/, 3],
    ['/a/%2e%2e;/b', /parameter/, 3],
    ['/a/..%3b/b', /parameter/, 3],
    ['/..', /root/, 1],
    ['/a/../../b', /root/, 6],
    ['/%2e%2e/b', /root/, 1],
    ['/%', /hexadecimal/, 1],
    ['/%4', /hexadecimal/, 1],
    ['/%4g', /hexadecimal/, 1],
    ['/%u002f', /hexadecimal/, 1],
    ['/%c0%af', /UTF-8/, 1],
    ['/%e0%80%af', /UTF-8/, 4],
    ['/%f0%80%80%af', /UTF-8/, 4],
    ['/%ed%a0%80', /UTF-8/, 4],
    ['/%ff', /UTF-8/, 1],
    ['/%e2%82', /UTF-8/, 7],
    ['/%e2x', /UTF-8/, 4],
    ['/%80', /UTF-8/, 1],
    ['a', /begin/, 0],
    ['', /begin/, 0],
  ])('%s has none', (raw, problem, offset) => {
    expect(normalizePath(raw)).toEqual({ problem: expect.stringMatching(problem), offset })
  })

  it('gives a plain path back as it is', () => {
    const raw = '/books/42/reviews'
    expect(plainPath(raw)).toBe(raw)
    expect(normalizePath(raw)).toEqual({ path: raw })
  })
})

const piece = fc.constantFrom(
  '/',
  '/',
  '.',
  '..',
  'a',
  'B',
  '7',
  '~',
  '%2e',
  '%2E',
  '%41',
  '%c3%a9',
  '%20',
  ';',
  '%3b',
  '{',
  '%',
  '%2f',
  '\\',
  '%00',
  '%C0',
  '-',
  ':',
)
const path = fc.array(piece, { maxLength: 14 }).map((pieces) => `/${pieces.join('')}`)
const anyPath = fc.oneof(
  path,
  fc.string({ unit: 'binary', maxLength: 20 }).map((text) => `/${text}`),
)

function decodeSegments(text: string): string[] {
  return text.split('/').map(decodeURIComponent)
}

function normalOf(raw: string): string | undefined {
  const normal = normalizePath(raw)
  return 'path' in normal ? normal.path : undefined
}

describe('every normalized path', () => {
  it('is its own normal form', () => {
    fc.assert(
      fc.property(anyPath, (raw) => {
        const once = normalOf(raw)
        if (once !== undefined) expect(normalizePath(once)).toEqual({ path: once })
      }),
      { numRuns: 3_000 },
    )
  })

  it('holds no dot segment, encoded or not, no encoded slash, and decodes', () => {
    fc.assert(
      fc.property(anyPath, (raw) => {
        const once = normalOf(raw)
        if (once === undefined) return
        expect(once).toMatch(/^\/[\x21-\x7e]*$/)
        expect(once).not.toMatch(/[\\#?"<>^`{|}]|%2F|%5C|%00|%(?![0-9A-F]{2})/)
        for (const segment of once.split('/')) {
          const decoded = decodeURIComponent(segment)
          expect(decoded.split(';')[0]).not.toMatch(/^\.\.?$/)
        }
      }),
      { numRuns: 3_000 },
    )
  })

  it('names what WHATWG URL names, where both accept', () => {
    fc.assert(
      fc.property(path, (raw) => {
        const once = normalOf(raw)
        if (once === undefined) return
        expect(decodeSegments(once)).toEqual(decodeSegments(new URL(`http://h${raw}`).pathname))
      }),
      { numRuns: 3_000 },
    )
  })

  it('is the same for every spelling of unreserved characters', () => {
    const segment = fc.string({
      unit: fc.constantFrom('a', 'b', 'X', 'Y', '0', '9', '-', '_', '~'),
      minLength: 1,
      maxLength: 8,
    })
    fc.assert(
      fc.property(
        fc.array(segment, { minLength: 1, maxLength: 4 }),
        fc.infiniteStream(fc.boolean()),
        (segments, coins) => {
          const plain = `/${segments.join('/')}`
          const spelled = plain.replace(/[^/]/g, (character) =>
            coins.next().value ? `%${character.charCodeAt(0).toString(16)}` : character,
          )
          expect(normalizePath(spelled)).toEqual({ path: plain })
        },
      ),
    )
  })
})

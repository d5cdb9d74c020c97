import { expect, test } from 'vitest'
import { evidenceText, placeText } from '../gateway-core/evidence.ts'
import type { Evidence, Place } from '../gateway-core/exchange.ts'

test.each<[Evidence, string]>([
  [{ at: { in: 'header', name: 'Origin' }, observed: 'http://a' }, 'saw header Origin = http://a'],
  [{ at: { in: 'header', name: 'Age', of: 'response' }, observed: 5 }, 'saw response header Age = 5'],
  [{ at: { in: 'query', name: 'q' }, observed: '' }, 'saw query q = ""'],
  [{ at: { in: 'cookie', name: 'sid' }, observed: 'x', secret: true }, 'saw cookie sid (a secret, not shown)'],
  [{ at: { in: 'client' }, observed: null, expected: 'an address' }, 'saw no client address, wanted an address'],
  [{ at: { in: 'consumer' }, observed: ['a', '\u001b[31m'] }, 'saw caller = ["a", "\\u001b[31m"]'],
  [{ at: { in: 'path' } }, 'saw path'],
  [{ at: { in: 'path', name: 'id' }, observed: true }, 'saw path parameter id = true'],
  [{ at: { in: 'body', pointer: '/a/0', of: 'response' }, observed: 1 }, 'saw response body /a/0 = 1'],
  [
    { at: { in: 'state' }, observed: 0, detail: { limit: 5, retryAfterMs: 1200, minutesLeft: 3, keys: ['a', 'b'] } },
    'saw left in this window = 0 (limit 5, next one admitted after 1200 ms, minutes left 3, keys a, b)',
  ],
])('%j in words', (evidence, text) => {
  expect(evidenceText(evidence)).toBe(text)
})

test('a place never brings control characters along', () => {
  const place: Place = { in: 'claim', name: 'a\u0007b' }
  expect(placeText(place)).not.toContain('\u0007')
})

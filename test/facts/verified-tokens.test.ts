import { expect, it } from 'vitest'
import { KeySet } from '../../gateway-core/facts/key-set.ts'
import { VerifiedTokens } from '../../gateway-core/facts/verified-tokens.ts'

const keySet = new KeySet([], [])
const check = { source: 's', algorithm: 'RS256', keySet, answer: { value: { valid: true } } } as const
const reading = { value: { form: 'jws', header: {}, claims: {} } } as const

it('forgets what nobody uses, and keeps what is used, however many tokens come', () => {
  const tokens = new VerifiedTokens(100, 1_000_000)
  tokens.add('used', undefined, reading, check)
  for (let index = 0; index < 1000; index++) {
    tokens.add(`token-${index}`, undefined, reading, check)
    expect(tokens.get('used', undefined)).toBeDefined()
  }
  const kept = Array.from({ length: 1000 }, (_, index) => tokens.get(`token-${index}`, undefined)).filter(Boolean)
  expect(kept.length).toBeLessThanOrEqual(100)
  expect(tokens.get('token-999', undefined)).toBeDefined()
})

const long = (index: number) => `${index}${'x'.repeat(2000)}`

it('is bounded by characters too', () => {
  const tokens = new VerifiedTokens(100, 10_000)
  for (let index = 0; index < 50; index++) tokens.add(long(index), undefined, reading, check)
  const kept = Array.from({ length: 50 }, (_, index) => tokens.get(long(index), undefined)).filter(Boolean)
  expect(kept.length).toBeLessThanOrEqual(5)
})

it('answers only for the same keys, source, algorithm and scheme', () => {
  const tokens = new VerifiedTokens()
  tokens.add('t', 'Bearer', reading, check)
  const known = tokens.get('t', 'Bearer')!
  const source = { id: 's', jwks: 'x' }
  expect(tokens.check(known, source, 'RS256', keySet)).toBe(check.answer)
  expect(tokens.check(known, source, 'RS384', keySet)).toBeUndefined()
  expect(tokens.check(known, { ...source, id: 'other' }, 'RS256', keySet)).toBeUndefined()
  expect(tokens.check(known, source, 'RS256', new KeySet([], []))).toBeUndefined()
  expect(tokens.get('t', undefined)).toBeUndefined()
})

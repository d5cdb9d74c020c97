import fc from 'fast-check'
import { expect, it } from 'vitest'
import { queryTokens } from '../../../renderer/ui/query-tokens.ts'

it('coloured pieces give the query again, whatever it is', () => {
  fc.assert(
    fc.property(fc.string(), (query) => {
      const pieces = queryTokens(query).map(({ text }) => text)
      expect(pieces.join('')).toBe(query)
    }),
  )
})

it('tells fields from words', () => {
  const kinds = queryTokens('status:403 or not "a b" path~^/books').filter(({ kind }) => kind !== 'space')
  expect(kinds.map(({ text, kind }) => `${kind} ${text}`)).toEqual([
    'field status',
    'word :403',
    'logic or',
    'logic not',
    'word "a b"',
    'field path',
    'word ~^/books',
  ])
})

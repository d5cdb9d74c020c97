import { describe, expect, test } from 'vitest'
import type { Problem } from '../../../gateway-core/protocol/types.ts'
import { countProblems, replacementOf, shownProblems } from '../../../renderer/policies/problems.ts'

function problem(message: string, suggestion: string | undefined, place: Partial<Problem> = {}): Problem {
  const where = { file: 'gatehouse.yaml', line: 3, column: 1, severity: 'error', code: 'UNKNOWN_KEY' } as const
  return { ...where, message, ...(suggestion && { suggestion }), ...place }
}

/** Applies the fix to the line, with the place of the problem marked by « ». */
function fixed(marked: string, message: string, suggestion?: string): string | undefined {
  const column = marked.indexOf('«') + 1
  const endColumn = marked.indexOf('»')
  const line = marked.replace(/[«»]/g, '')
  const found = replacementOf(problem(message, suggestion, { column, endColumn, endLine: 3 }), line)
  return found && line.slice(0, found.column - 1) + found.text + line.slice(found.endColumn - 1)
}

describe('did you mean', () => {
  test.each([
    [
      '  - «rate-limitting»: { limit: 60 }',
      'there is no policy "rate-limitting"',
      'rate-limiting',
      '  - rate-limiting: { limit: 60 }',
    ],
    ['upstream: «shp» # comment', 'there is no upstream "shp"', 'shop', 'upstream: shop # comment'],
    [
      'keys: [«"${secret:mobil-key}"»]',
      'there is no secret "mobil-key"',
      'mobile-key',
      'keys: ["${secret:mobile-key}"]',
    ],
    ["by: «'consumr'»", '"by" is "consumr"', 'consumer', "by: 'consumer'"],
    ['limit: «limt»', 'this is not a key', 'limit', 'limit: limit'],
  ])('%s', (marked, message, meant, line) => {
    expect(fixed(marked, message, `did you mean "${meant}"?`)).toBe(line)
  })

  test('replaces the word itself, not one that holds it', () => {
    expect(fixed('«[rbac-x, rbac]»', 'there is no "rbac"', 'did you mean "acl"?')).toBe('[rbac-x, acl]')
  })

  test.each([
    ['a sentence is for a person', 'write it like: limit: 100'],
    ['nothing was meant', undefined],
  ])('%s', (_, suggestion) => {
    expect(fixed('«limit»: x', 'this is "x"', suggestion)).toBeUndefined()
  })

  test('leaves alone a line that has changed since', () => {
    expect(fixed('«{ a: b, c: d }»', 'there is no "shp"', 'did you mean "shop"?')).toBeUndefined()
  })
})

test('what is shown: the newest check of the file in front, the own of other open ones, the rest from disk', () => {
  const at = (file: string, message: string, severity: Problem['severity'] = 'error') =>
    problem(message, undefined, { file, severity })
  const onDisk = [at('gatehouse.yaml', 'old'), at('policies/limits.yaml', 'disk')]
  const checked = {
    'gatehouse.yaml': { problems: [at('gatehouse.yaml', 'new'), at('policies/limits.yaml', 'seen from here')] },
    'policies/limits.yaml': { problems: [at('policies/limits.yaml', 'own', 'warning'), at('gatehouse.yaml', 'old')] },
  }
  const messages = (active: string | null) => shownProblems(onDisk, checked, active).map(({ message }) => message)
  expect(shownProblems(onDisk, {}, 'gatehouse.yaml').map(({ message }) => message)).toEqual(['old', 'disk'])
  expect(messages('gatehouse.yaml')).toEqual(['new', 'own'])
})

test('counts in words', () => {
  const warning = problem('b', undefined, { severity: 'warning' })
  expect([[], [problem('a', undefined)], [problem('a', undefined), warning, warning]].map(countProblems)).toEqual([
    'no problems',
    '1 error',
    '1 error, 2 warnings',
  ])
})

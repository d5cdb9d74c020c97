import { describe, expect, it } from 'vitest'
import { closest } from '../../gateway-core/config/closest.ts'
import { formatProblem, formatProblems, type Problem } from '../../gateway-core/config/diagnostics.ts'

const problem: Problem = {
  file: 'gatehouse.yaml',
  line: 2,
  column: 2,
  endLine: 2,
  endColumn: 6,
  severity: 'error',
  code: 'UNKNOWN_KEY',
  message: 'unknown key "naem"',
  suggestion: 'did you mean "name"?',
}

describe('a problem', () => {
  it('is one line, or three with its source', () => {
    expect(formatProblem(problem)).toBe(
      'gatehouse.yaml:2:2 error UNKNOWN_KEY unknown key "naem" — did you mean "name"?',
    )
    expect(formatProblem(problem, 'a\r\n\tnaem: x\r\n').split('\n').slice(1)).toEqual([
      '  2 | \tnaem: x',
      '    | \t^^^^',
    ])
  })

  it('cannot steer a terminal', () => {
    const hostile = { ...problem, message: 'unknown key "\u{1b}[31m\u{202e}"' }
    const shown = formatProblem(hostile, '\n\u{1b}]0;x\u{7}')
    for (const character of ['\u{1b}', '\u{7}', '\u{202e}']) expect(shown).not.toContain(character)
  })

  it('is counted with the others', () => {
    expect(formatProblems([])).toBe('no problems')
    expect(formatProblems([problem, problem, { ...problem, severity: 'warning' }])).toMatch(/\n2 errors, 1 warning$/)
  })
})

describe('the closest name', () => {
  const names = ['rate-limiting', 'jwt-auth', 'key-auth', 'cors', 'allow', 'matches']
  it.each([
    ['rate-limitting', 'rate-limiting'],
    ['jwt-atuh', 'jwt-auth'],
    ['CORS', 'cors'],
    ['match', 'matches'],
    ['x', undefined],
    ['', undefined],
    ['completely-different', undefined],
  ])('to %j is %j', (text, expected) => {
    expect(closest(text, names)).toBe(expected)
  })
})

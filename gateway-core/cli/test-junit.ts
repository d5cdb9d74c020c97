import type { Problem } from '../config/diagnostics.ts'
import type { TestResult } from '../tests/run-test.ts'
import type { JunitCase } from './junit.ts'

/** Results of policy tests as cases of a report: one for each test; a file that could not be read is an error. */
export function testCases(problems: readonly Problem[], results: readonly TestResult[]): JunitCase[] {
  const errors = problems.filter(({ severity }) => severity === 'error')
  return [
    ...results.map(caseOf),
    ...[...new Set(errors.map(({ file }) => file))].map((file): JunitCase => {
      const own = errors.filter((problem) => problem.file === file)
      const lines = own.map(({ line, column, code, message }) => `${file}:${line}:${column} ${code} ${message}`)
      return { file, name: 'the file is sound', wrong: { kind: 'error', type: 'problem', lines } }
    }),
  ]
}

function caseOf({ name, file, position, state, milliseconds, failures, missing }: TestResult): JunitCase {
  const one = { file, line: position.line, name, milliseconds }
  if (state === 'passed') return one
  if (missing) {
    const lines = [`${file}:${position.line}: missing fact ${missing.fact}`, missing.todo]
    return { ...one, wrong: { kind: 'error', type: 'undecidable', lines } }
  }
  const lines = failures.map(
    ({ name: what, position: at, expected, got }) =>
      `${at.file}:${at.line}:${at.column}: ${what}: expected ${expected}, got ${got}`,
  )
  return { ...one, wrong: { kind: 'failure', type: 'expectation', lines } }
}

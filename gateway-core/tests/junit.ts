import junit, { type Builder } from 'junit-report-builder'
import type { Problem } from '../config/diagnostics.ts'
import { visibleLines } from '../visible.ts'
import type { TestResult } from './run-test.ts'

// The package exports its builder itself, and not as `default` as its types say.
const reports = junit as unknown as Builder

/** Results as a JUnit report: a suite for each file, a case for each test; a file that could not be read is an error. */
export function junitReport(problems: readonly Problem[], results: readonly TestResult[]): string {
  const builder = reports.newBuilder()
  builder.name('policy tests')
  for (const file of new Set(results.map((result) => result.file))) {
    const suite = builder.testSuite().name(plain(file))
    for (const { name, position, state, milliseconds, failures, missing } of results.filter(
      (one) => one.file === file,
    )) {
      const test = suite
        .testCase()
        .name(plain(name))
        .className(plain(file))
        .file(`${plain(file)}:${position.line}`)
        .time(milliseconds / 1000)
      if (state === 'passed') continue
      const lines = missing
        ? [`${file}:${position.line}: missing fact ${missing.fact}`, missing.todo]
        : failures.map(
            ({ name: what, position: at, expected, got }) =>
              `${at.file}:${at.line}:${at.column}: ${what}: expected ${expected}, got ${got}`,
          )
      if (missing) test.error(plain(lines[0]!), 'undecidable', plain(lines.join('\n')))
      else test.failure(plain(lines[0]!), 'expectation').stacktrace(plain(lines.join('\n')))
    }
  }
  const errors = problems.filter(({ severity }) => severity === 'error')
  for (const file of new Set(errors.map((problem) => problem.file))) {
    const own = errors.filter((problem) => problem.file === file)
    const lines = own.map(({ line, column, code, message }) => `${file}:${line}:${column} ${code} ${message}`)
    const suite = builder.testSuite().name(plain(file))
    suite
      .testCase()
      .name('the file is sound')
      .className(plain(file))
      .error(plain(lines[0]!), 'problem', plain(lines.join('\n')))
  }
  return builder.build()
}

/** XML has no place for most control characters, not even as entities, and none for the end of CDATA inside of it. */
function plain(text: string): string {
  return visibleLines(text.toWellFormed()).replaceAll(']]>', ']] >')
}

/** The part of vitest's JSON report that is read here. */
export interface VitestReport {
  testResults: {
    name: string
    status: string
    message?: string
    assertionResults: { status: string; fullName: string }[]
  }[]
}

/** What vitest found: counts, and a line for everything that failed without being an ordinary failed test. */
export interface TestCount {
  passed: number
  failed: number
  complaints: string[]
}

/** How vitest ended. */
export interface VitestRun {
  /** Its exit code; null when a signal ended it. */
  exitCode: number | null
  /** Its JSON report; nothing when it wrote none, or broke while writing. */
  report: VitestReport | undefined
  /** Whether tests were selected by name: the others are then reported as skipped without anyone having switched them off. */
  selectedByName?: boolean
}

/**
 * Counts tests so that nothing goes by quietly: a skipped or unfinished test, a file that could not be loaded, an empty
 * run and a crash of vitest itself all count as failed.
 */
export function countTests({ exitCode, report, selectedByName = false }: VitestRun): TestCount {
  const count: TestCount = { passed: 0, failed: 0, complaints: [] }
  const complain = (text: string) => {
    count.failed += 1
    count.complaints.push(text)
  }
  if (report === undefined) {
    complain(`vitest wrote no report (exit code ${exitCode ?? 'none, ended by a signal'}); what it said stands above`)
    return count
  }
  for (const file of report.testResults) {
    for (const test of file.assertionResults) {
      if (test.status === 'passed') count.passed += 1
      else if (test.status === 'failed') count.failed += 1
      else if (!selectedByName) complain(`${test.status}, which counts as failed: ${file.name}: ${test.fullName}`)
    }
    const noneFailed = file.assertionResults.every(({ status }) => status !== 'failed')
    if (file.status === 'failed' && noneFailed) {
      const reason = file.message?.trim().split('\n')[0] ?? ''
      complain(`not one of its tests failed, yet the file did: ${file.name}: ${reason}`)
    }
  }
  if (count.passed + count.failed === 0) complain('no test was found')
  else if (exitCode !== 0 && count.failed === 0) {
    complain(
      `vitest ended with ${exitCode ?? 'a signal'} although no test failed: an error outside of the tests, see above`,
    )
  }
  return count
}

/** One line of the table at the end of a run. */
export interface StepResult {
  name: string
  passed: number
  failed: number
  seconds: number
}

/** The table of all steps, and as the last line the sum: `N passed, N failed`. */
export function summarize(steps: readonly StepResult[]): { text: string; failed: number } {
  const width = Math.max(...steps.map(({ name }) => name.length))
  const rows = steps.map(({ name, passed, failed, seconds }) => {
    const verdict = failed > 0 ? 'FAILED' : 'ok'
    const tests = passed + failed > 1 ? `   ${passed} passed, ${failed} failed` : ''
    return `  ${name.padEnd(width)}  ${verdict.padEnd(6)} ${seconds.toFixed(1).padStart(7)} s${tests}`
  })
  const sum = (key: 'passed' | 'failed') => steps.reduce((total, step) => total + step[key], 0)
  return { text: [...rows, '', `${sum('passed')} passed, ${sum('failed')} failed`].join('\n'), failed: sum('failed') }
}

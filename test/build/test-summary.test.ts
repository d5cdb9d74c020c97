import { expect, test } from 'vitest'
import { countTests, summarize } from '../../build/test-summary.ts'
import type { VitestReport } from '../../build/test-summary.ts'

const report = (statuses: string[], file = 'passed', message = ''): VitestReport => ({
  testResults: [
    {
      name: 'test/a.test.ts',
      status: file,
      message,
      assertionResults: statuses.map((status, index) => ({ status, fullName: `test ${index}` })),
    },
  ],
})

test.each([
  ['all passed', { exitCode: 0, report: report(['passed', 'passed']) }, 2, 0],
  ['one failed', { exitCode: 1, report: report(['passed', 'failed'], 'failed') }, 1, 1],
  ['a skipped test', { exitCode: 0, report: report(['passed', 'skipped']) }, 1, 1],
  ['a test to be done', { exitCode: 0, report: report(['todo']) }, 0, 1],
  ['a pending test', { exitCode: 0, report: report(['passed', 'pending']) }, 1, 1],
  [
    'skipped because others were named',
    { exitCode: 0, report: report(['passed', 'skipped']), selectedByName: true },
    1,
    0,
  ],
  ['nothing selected by that name', { exitCode: 0, report: report(['skipped']), selectedByName: true }, 0, 1],
  ['a file that cannot be loaded', { exitCode: 1, report: report([], 'failed', 'SyntaxError: x') }, 0, 1],
  ['a hook that broke after good tests', { exitCode: 1, report: report(['passed'], 'failed', 'afterAll broke') }, 1, 1],
  ['no test at all', { exitCode: 0, report: { testResults: [] } }, 0, 1],
  ['an error outside of the tests', { exitCode: 1, report: report(['passed']) }, 1, 1],
  ['a crash without a report', { exitCode: null, report: undefined }, 0, 1],
])('%s', (_case, run, passed, failed) => {
  expect(countTests(run)).toMatchObject({ passed, failed })
})

test('what counts as failed without being a failed test is named', () => {
  expect(countTests({ exitCode: 0, report: report(['skipped']) }).complaints).toEqual([
    'skipped, which counts as failed: test/a.test.ts: test 0',
  ])
})

test('the last line is the sum over all steps', () => {
  const summary = summarize([
    { name: 'types', passed: 1, failed: 0, seconds: 2 },
    { name: 'lint', passed: 0, failed: 1, seconds: 2 },
    { name: 'tests', passed: 40, failed: 2, seconds: 12.34 },
  ])
  expect(summary.failed).toBe(3)
  expect(summary.text.split('\n').at(-1)).toBe('41 passed, 3 failed')
  expect(summary.text).toContain('lint   FAILED')
})

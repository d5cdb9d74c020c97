import { resolve } from 'node:path'
import type { LoadResult } from '../config/load.ts'
import type { Coverage } from '../protocol/what-if.ts'
import type { TestOutcome, TestResult } from '../tests/run-test.ts'
import { TestRunner, type TestSuite } from '../tests/run-tests.ts'
import { version } from '../version.ts'
import { visible } from '../visible.ts'
import { coverageOfTests } from '../workbench/tests-coverage.ts'
import { printCoverage } from './coverage-text.ts'
import { CannotRun, defineCommand, type ExitCode } from './command.ts'
import { type Io, printJson } from './io.ts'
import { writeJunit } from './junit.ts'
import { isWorkspace, positionsIn, problemsText, shownPath, workspaceFolder } from './load.ts'
import { testCases } from './test-junit.ts'
import { failureLines, summaryLine } from './test-lines.ts'
import { printedStep } from './trace-table.ts'
import { watchTests } from './test-watch.ts'

export const test = defineCommand({
  usage: 'test [workspace] [--only text] [--watch] [--coverage] [--junit file] [--env name] [--make id]',
  about: `Runs the policy tests of tests/*.yaml: requests, and what has to come out. The same parser, router, policies and
runner as the gateway's, on a virtual clock and fresh counters; nothing outside is asked, and no real secret is needed.
Exit code 0 when all pass, 1 when one fails, 2 when they could not run or there are none.`,
  options: {
    only: { type: 'string', short: 'o', value: 'text', help: 'Tests whose file or name has this text in it.' },
    watch: { type: 'boolean', short: 'w', help: 'Stay, and run again what an edit touches.' },
    coverage: {
      type: 'boolean',
      help: 'Tell what the tests exercised: each policy, and each thing that it can answer.',
    },
    junit: { type: 'string', value: 'file', help: 'Write a JUnit report (XML) too.' },
    make: { type: 'string', value: 'id', help: 'Write a test of a recorded exchange, and run nothing.' },
    env: { type: 'string', value: 'name', help: 'Environment for files that name none.' },
  },
  words: 1,
  examples: [
    ['test samples/bookshop', 'all tests'],
    ['test samples/bookshop --only reader --watch', 'some of them, again at each save'],
    ['test samples/bookshop --coverage', 'and what no test has tried'],
    ['test --junit report.xml --json', 'for a build'],
    ['test samples/bookshop --make 01j9zk…', 'of an exchange, as Ctrl-M does'],
  ],
  json: `{passed, failed, tests: [{id, name, file, line, state: passed|failed|undecidable, milliseconds,
  failures: [{name, file, line, column, expected, got}], missing: {fact, policy, todo} or null,
  outcome: {method, url, verdict, status, code, decidedBy, trace} or null}],
  problems: [{file, line, column, severity, code, message, suggestion}]}; with --coverage also coverage: {requests, judged,
  policies: [{policy, type, mode, file, line, reached, notReached, branches: [{outcome, requests}]}]}; with --make: {path, line, name, note}`,
  async run({ options, words, io }) {
    if (words[0] !== undefined && !isWorkspace(io, words[0])) workspaceFolder(io, words[0])
    const folder = workspaceFolder(io, words[0])
    if (options.make !== undefined) {
      return (await import('./test-make.ts')).makeTestOf(io, folder, options.make, options.json === true)
    }
    const runner = new TestRunner(folder, {
      env: io.env,
      engineVersion: version,
      ...(options.env !== undefined && { environment: options.env }),
    })
    const only = options.only?.toLowerCase()
    const wanted = (id: string) => only === undefined || id.toLowerCase().includes(only)
    if (options.watch) {
      if (options.json || options.junit) throw new CannotRun('--watch goes neither with --json nor with --junit')
      if (options.coverage) throw new CannotRun('--watch does not go with --coverage', 'run the tests once for it')
      return watchTests(io, runner, wanted)
    }
    const suite = await runner.read()
    if (suite.paths.length === 0) throw noTests(io, folder)
    refuseBroken(io, suite)
    const results: TestResult[] = []
    for await (const result of runner.run(suite, wanted)) results.push(result)
    if (results.length === 0 && suite.problems.length === 0) throw nothingMatches(options.only)
    if (options.junit !== undefined) {
      writeJunit(io, options.junit, 'policy tests', testCases(suite.problems, results))
    }
    const { workspace } = (await runner.load({ environment: undefined })).result
    const coverage = options.coverage && workspace ? coverageOfTests(workspace, results) : undefined
    if (options.json) printJson(io, { ...printed(suite, results), ...(coverage && { coverage: plain(coverage) }) })
    else {
      print(io, suite, results)
      if (coverage) io.print('')
      if (coverage) printCoverage(io, coverage, positionsIn(io, folder), 'request')
    }
    return exitCode(suite, results)
  },
})

function noTests(io: Io, folder: string): CannotRun {
  const example = `tests:
  - name: nobody gets in without a token
    request: GET /books/1
    expect: { verdict: deny, status: 401 }`
  io.tell(`Write ${shownPath(io, resolve(folder, 'tests/first.yaml'))}:\n\n${example.replaceAll(/^/gm, '    ')}\n`)
  return new CannotRun(
    `${visible(shownPath(io, folder))} has no tests`,
    'write tests/first.yaml as above, or press Ctrl-M on a recorded exchange',
  )
}

function nothingMatches(only: string | undefined): CannotRun {
  if (only === undefined) return new CannotRun('the files of tests hold no test', 'write one under tests:')
  return new CannotRun(`no test has "${visible(only, 60)}" in its name or file`)
}

/** An environment that does not load says so before anything else: its tests could not run. */
export function refuseBroken(io: Io, suite: TestSuite): void {
  const [broken] = suite.broken.values()
  if (!broken) return
  io.tell(problemsText(io, broken as LoadResult, io.paintError))
  throw new CannotRun('the workspace has errors, so nothing was tested')
}

export function exitCode(suite: TestSuite, results: readonly TestResult[]): ExitCode {
  if (suite.problems.some(({ severity }) => severity === 'error')) return 2
  return results.every(({ state }) => state === 'passed') ? 0 : 1
}

/** Problems, failures one after the other, and the count. */
export function print(io: Io, suite: TestSuite, results: readonly TestResult[]): void {
  const { folder, problems } = suite
  if (problems.length > 0) io.print(`${problemsText(io, { folder, problems }, io.paint)}\n`)
  const show = positionsIn(io, folder)
  for (const result of results) {
    if (result.state === 'passed') continue
    for (const line of failureLines(result, io.paint, show)) io.print(line)
    io.print('')
  }
  const errors = problems.filter(({ severity }) => severity === 'error')
  io.print(summaryLine(results, new Set(errors.map(({ file }) => file)).size, io.paint))
}

function printed({ problems }: TestSuite, results: readonly TestResult[]) {
  const passed = results.filter(({ state }) => state === 'passed').length
  return {
    passed,
    failed: results.length - passed,
    tests: results.map(({ id, name, file, position, state, milliseconds, failures, missing, outcome }) => ({
      id,
      name,
      file,
      line: position.line,
      state,
      milliseconds,
      failures: failures.map(({ position: at, ...failure }) => ({ ...at, ...failure })),
      missing: missing ?? null,
      outcome: outcome ? printedOutcome(outcome) : null,
    })),
    problems,
  }
}

/** Without the queries that find exchanges in a capture: requests of tests are in none. */
function plain({ exchanges, judged, policies }: Coverage) {
  return {
    requests: exchanges,
    judged,
    policies: policies.map(({ policy, type, mode, file, line, reached, notReached, branches }) => ({
      policy,
      type,
      mode,
      file,
      line,
      reached,
      notReached,
      branches: branches.map(({ outcome, exchanges: requests }) => ({ outcome, requests })),
    })),
  }
}

function printedOutcome({ method, url, which, verdict, status, code, decidedBy, detail, route, trace }: TestOutcome) {
  return {
    method,
    url,
    which: which ?? null,
    verdict,
    status,
    code: code ?? null,
    decidedBy: decidedBy ?? null,
    detail: detail ?? null,
    route: route ?? null,
    trace: trace.map(printedStep),
  }
}

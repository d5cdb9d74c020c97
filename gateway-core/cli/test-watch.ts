import { once } from 'node:events'
import type { Problem } from '../config/diagnostics.ts'
import type { TestResult } from '../tests/run-test.ts'
import type { TestRunner } from '../tests/run-tests.ts'
import { watchTestFiles } from '../tests/watch-test-files.ts'
import type { ExitCode } from './command.ts'
import type { Io } from './io.ts'
import { positionsIn, problemsText } from './load.ts'
import { failureLines, summaryLine } from './test-lines.ts'

/**
 * Runs tests again whenever a file of the workspace is saved: after an edit of a file of tests only that file's, after
 * any other edit all. Ends with Ctrl-C.
 */
export async function watchTests(io: Io, runner: TestRunner, wanted: (id: string) => boolean): Promise<ExitCode> {
  const results = new Map<string, TestResult>()
  let problems: readonly Problem[] = []
  let code: ExitCode = 0
  let turn: Promise<void> = Promise.resolve()
  const show = positionsIn(io, runner.folder)
  const round = async (paths: readonly string[] | undefined) => {
    if (paths === undefined) runner.forget()
    const suite = await runner.read(paths)
    const files = paths && new Set(paths)
    problems = [...problems.filter(({ file }) => files && !files.has(file)), ...suite.problems]
    for (const [id, { file }] of results) if (!files || files.has(file)) results.delete(id)
    const [broken] = suite.broken.values()
    if (broken) {
      code = 2
      return io.print(`${problemsText(io, broken, io.paint)}\n${waiting(io)}`)
    }
    if (problems.length > 0) io.print(`${problemsText(io, { folder: runner.folder, problems }, io.paint)}\n`)
    for await (const result of runner.run(suite, wanted)) {
      results.set(result.id, result)
      if (result.state === 'passed') continue
      io.print(`${failureLines(result, io.paint, show).join('\n')}\n`)
    }
    const all = [...results.values()]
    const errors = new Set(problems.filter(({ severity }) => severity === 'error').map(({ file }) => file))
    code = errors.size > 0 ? 2 : all.every(({ state }) => state === 'passed') ? 0 : 1
    io.print(`${summaryLine(all, errors.size, io.paint)}\n${waiting(io)}`)
  }
  const run = (paths: readonly string[] | undefined) => {
    turn = turn.then(() => round(paths))
    return turn
  }
  // Before the first run, so that no edit meanwhile is missed.
  const watch = watchTestFiles(runner.folder, (changed) => {
    const tests = changed.filter((path) => path.startsWith('tests/'))
    void run(tests.length === changed.length ? tests : undefined)
  })
  await run(undefined)
  await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')])
  watch.close()
  await turn
  return code
}

function waiting(io: Io): string {
  return io.paint('dim', 'waiting for an edit; Ctrl-C ends')
}

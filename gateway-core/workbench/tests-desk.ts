import type { Problem } from '../config/diagnostics.ts'
import type { TestFileState, TestRow, TestsState } from '../protocol/tests.ts'
import type { ExchangeDetail } from '../protocol/types.ts'
import type { Coverage } from '../protocol/what-if.ts'
import { testFilesIn, TestRunner, type TestSuite } from '../tests/run-tests.ts'
import type { TestResult } from '../tests/run-test.ts'
import type { PolicyTest, TestFile } from '../tests/policy-test.ts'
import { watchTestFiles } from '../tests/watch-test-files.ts'
import { detailOfJudgement } from './judged-detail.ts'
import type { OpenedWorkspace } from './opened-workspace.ts'
import { Pace } from './pace.ts'
import { coverageOfTests } from './tests-coverage.ts'

interface KnownFile {
  environment: TestFile['environment']
  problems: readonly Problem[]
  tests: readonly PolicyTest[]
}

/** How long tests run before others get their turn, in ms. */
const turnMs = 20

/**
 * The policy tests of an open workspace with what came of them. While a screen looks they run again by themselves: after
 * an edit of a file of tests its own, after any other edit all.
 */
export class TestsDesk {
  readonly #opened: OpenedWorkspace
  #runner: TestRunner
  readonly #files = new Map<string, KnownFile>()
  readonly #results = new Map<string, TestResult>()
  readonly #viewers = new Set<(state: TestsState) => void>()
  readonly #tell = new Pace(60, () => this.#tellNow())
  #broken: Problem | undefined
  #running: TestsState['running'] = null
  #watch: { close(): void } | undefined
  #turn: Promise<void> | undefined
  /** What changed since the last run began; undefined: everything. */
  #wanted: Set<string> | 'all' = new Set()
  #cancelled = false

  constructor(opened: OpenedWorkspace) {
    this.#opened = opened
    this.#runner = runnerOf(opened)
  }

  /** Begins to look; the returned function ends it. */
  view(viewer: (state: TestsState) => void): () => void {
    this.#viewers.add(viewer)
    if (!this.#watch) {
      this.#watch = watchTestFiles(this.#opened.folder, (paths) => void this.#changed(paths).catch(ignore), {
        persistent: false,
      })
      this.run(undefined).catch(ignore)
    }
    return () => {
      this.#viewers.delete(viewer)
      if (this.#viewers.size > 0) return
      this.#watch?.close()
      this.#watch = undefined
    }
  }

  state(): TestsState {
    const files = [...this.#files].sort(([one], [other]) => (one < other ? -1 : 1))
    return {
      files: files.map(([path, file]) => this.#fileState(path, file)),
      running: this.#running,
      ...(this.#broken && { broken: this.#broken }),
    }
  }

  /** What the shown request of a test met; undefined before it ran. */
  async trace(id: string): Promise<ExchangeDetail | undefined> {
    const outcome = this.#results.get(id)?.outcome
    const path = id.slice(0, id.indexOf(' › '))
    const file = this.#files.get(path)
    if (!outcome || !file) return undefined
    const { result } = await this.#runner.load(file)
    return result.workspace && detailOfJudgement(`test:${id}`, outcome.judgement, result.workspace)
  }

  /** What the tests exercised of the workspace, as far as they have run. */
  async coverage(): Promise<Coverage | undefined> {
    const { result } = await this.#runner.load({ environment: undefined })
    return result.workspace && coverageOfTests(result.workspace, this.#results.values())
  }

  /** Runs tests by their ids or files; all without. What is asked while a run goes on runs after it. */
  async run(only: readonly string[] | undefined): Promise<TestsState> {
    if (only === undefined) this.#wanted = 'all'
    else if (this.#wanted !== 'all') for (const one of only) this.#wanted.add(one)
    this.#cancelled = false
    // A wish that comes while the last turn ends begins another.
    while (this.#turn || this.#wanted === 'all' || this.#wanted.size > 0) {
      await (this.#turn ??= this.#runWanted().finally(() => (this.#turn = undefined)))
    }
    return this.state()
  }

  /** Leaves out what has not run yet. */
  cancel(): void {
    this.#cancelled = true
  }

  async #changed(paths: readonly string[]): Promise<void> {
    const tests = paths.filter((path) => path.startsWith('tests/'))
    await this.run(tests.length === paths.length ? tests : undefined)
  }

  async #runWanted(): Promise<void> {
    for (;;) {
      const wanted = this.#wanted
      if (wanted !== 'all' && wanted.size === 0) return
      this.#wanted = new Set()
      await this.#round(wanted)
    }
  }

  async #round(wanted: ReadonlySet<string> | 'all'): Promise<void> {
    const paths = testFilesIn(this.#opened.folder)
    if (wanted === 'all') this.#runner = runnerOf(this.#opened)
    const touched = paths.filter(
      (path) => wanted === 'all' || [...wanted].some((one) => one === path || one.startsWith(`${path} › `)),
    )
    const suite = await this.#runner.read(touched)
    this.#take(suite, paths)
    const isWanted = (id: string, path: string) => wanted === 'all' || wanted.has(path) || wanted.has(id)
    const total = suite.files.flatMap(({ path, tests }) => tests.filter(({ id }) => isWanted(id, path))).length
    this.#running = { done: 0, total }
    this.#tell.ask()
    let rested = performance.now()
    for await (const result of this.#runner.run(suite, (id) => isWanted(id, id.slice(0, id.indexOf(' › '))))) {
      this.#results.set(result.id, result)
      this.#running = { done: this.#running.done + 1, total }
      this.#tell.ask()
      if (this.#cancelled) break
      if (performance.now() - rested < turnMs) continue
      await new Promise((resolve) => setImmediate(resolve))
      rested = performance.now()
    }
    this.#running = null
    this.#tellNow()
  }

  #take(suite: TestSuite, paths: readonly string[]): void {
    const there = new Set(paths)
    for (const path of this.#files.keys()) if (!there.has(path)) this.#files.delete(path)
    for (const path of suite.paths) {
      const file = suite.files.find((one) => one.path === path)
      const problems = suite.problems.filter((problem) => problem.file === path)
      this.#files.set(path, { problems, tests: file?.tests ?? [], environment: file?.environment })
    }
    const known = new Set([...this.#files.values()].flatMap(({ tests }) => tests.map(({ id }) => id)))
    for (const id of this.#results.keys()) if (!known.has(id)) this.#results.delete(id)
    const [broken] = suite.broken.values()
    if (suite.files.length > 0) this.#broken = broken?.problems.find(({ severity }) => severity === 'error')
    if (broken) this.#results.clear()
  }

  #fileState(path: string, { problems, tests }: KnownFile): TestFileState {
    return { path, problems: [...problems], tests: tests.map((test) => this.#row(test)) }
  }

  #row({ id, name, position }: PolicyTest): TestRow {
    const result = this.#results.get(id)
    const row: TestRow = {
      id,
      name,
      line: position.line,
      state: result?.state ?? 'unknown',
      milliseconds: result?.milliseconds ?? 0,
      failures: (result?.failures ?? []).map(({ position: place, ...failure }) => ({ ...failure, place })),
    }
    if (result?.missing) row.missing = result.missing
    if (!result?.outcome) return row
    const { method, url, which, verdict, status, code, decidedBy, trace } = result.outcome
    const decided = trace.find(
      (entry) => entry.policy === decidedBy && entry.verdict !== 'pass' && entry.verdict !== 'skipped',
    )
    row.outcome = {
      request: `${method} ${url}`.slice(0, 500),
      verdict,
      status,
      ...(which !== undefined && { which }),
      ...(code !== undefined && { code }),
      ...(decidedBy !== undefined && { decidedBy }),
      ...(decided && { decidedAt: decided.position }),
    }
    return row
  }

  #tellNow(): void {
    const state = this.state()
    for (const viewer of this.#viewers) viewer(state)
  }
}

/** Nobody waits for a run that begins by itself; whoever asks for one is told why it fails. */
function ignore(): void {}

/** As the command line runs them: files that name no environment have the default one, whichever is active here. */
function runnerOf(opened: OpenedWorkspace): TestRunner {
  const { environment: _, ...loading } = opened.loading()
  return new TestRunner(opened.folder, loading)
}

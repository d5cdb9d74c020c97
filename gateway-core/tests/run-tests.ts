import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Problem } from '../config/diagnostics.ts'
import { WorkspaceFiles } from '../config/files.ts'
import type { LoadOptions, LoadResult } from '../config/load.ts'
import type { Workspace } from '../config/workspace.ts'
import { Router } from '../proxy/router.ts'
import { checkEnvironment, checkTests } from './check-tests.ts'
import { loadForTests } from './load-for-tests.ts'
import type { TestFile } from './policy-test.ts'
import { readTestFile } from './read-test-file.ts'
import { runTest, type TestResult } from './run-test.ts'

/** What there is to test, and what is wrong with it. */
export interface TestSuite {
  readonly folder: string
  /** Paths of all files of tests, sound or not. */
  readonly paths: readonly string[]
  readonly files: readonly TestFile[]
  /** What is wrong with files of tests. */
  readonly problems: readonly Problem[]
  /** Environments that do not load, with what is wrong with them; `''` is the workspace without one. */
  readonly broken: ReadonlyMap<string, LoadResult>
}

interface Loaded {
  readonly result: LoadResult
  readonly router: Router | undefined
}

/** The tests of a workspace with everything they need. Read again after an edit: what did not change is kept. */
export class TestRunner {
  readonly folder: string
  readonly #options: LoadOptions
  readonly #loaded = new Map<string, Promise<Loaded>>()

  /** `options` say how the workspace is loaded; their environment is for files that name none. */
  constructor(folder: string, options: LoadOptions = {}) {
    this.folder = folder
    this.#options = options
  }

  /** Something of the workspace besides its tests has changed. */
  forget(): void {
    this.#loaded.clear()
  }

  /** Reads all files of tests, or those given, and checks them against the workspace. */
  async read(paths: readonly string[] = testFilesIn(this.folder)): Promise<TestSuite> {
    const disk = new WorkspaceFiles(this.folder, this.#options.overlay)
    const files: TestFile[] = []
    const problems: Problem[] = []
    const broken = new Map<string, LoadResult>()
    for (const path of paths) {
      const text = disk.text(path)
      if (text === undefined) continue
      const reading = readTestFile(path, text)
      problems.push(...reading.problems)
      if (!reading.file) continue
      const unknown = checkEnvironment(reading.file, this.folder)
      problems.push(...unknown)
      if (unknown.length > 0) continue
      const { result } = await this.load(reading.file)
      const found = result.workspace ? checkTests(reading.file, result.workspace) : []
      problems.push(...found)
      if (found.some(({ severity }) => severity === 'error')) continue
      if (!result.workspace) broken.set(reading.file.environment?.name ?? '', result)
      files.push(reading.file)
    }
    return { folder: this.folder, paths, files, problems, broken }
  }

  /** Runs tests one after the other. Those whose environment does not load are left out. */
  async *run(suite: TestSuite, wanted: (id: string) => boolean = () => true): AsyncGenerator<TestResult> {
    for (const file of suite.files) {
      const { result, router } = await this.load(file)
      if (!result.workspace || !router) continue
      for (const test of file.tests) if (wanted(test.id)) yield await runTest(result.workspace, router, test)
    }
  }

  /** The workspace that the tests of a file are judged by. */
  load({ environment }: Pick<TestFile, 'environment'>): Promise<Loaded> {
    const name = environment?.name ?? this.#options.environment ?? ''
    let loaded = this.#loaded.get(name)
    if (!loaded) this.#loaded.set(name, (loaded = this.#load(name)))
    return loaded
  }

  async #load(environment: string): Promise<Loaded> {
    const { environment: _, ...options } = this.#options
    const result = await loadForTests(this.folder, environment === '' ? options : { ...options, environment })
    return { result, router: result.workspace && new Router(result.workspace.routes) }
  }
}

/** What is wrong with the files of tests of a workspace, without running them. */
export function problemsOfTests(folder: string, workspace: Workspace | undefined): Problem[] {
  const disk = new WorkspaceFiles(folder)
  return testFilesIn(folder).flatMap((path) => {
    const { file, problems } = readTestFile(path, disk.text(path) ?? '')
    if (!file) return problems
    return [...problems, ...checkEnvironment(file, folder), ...(workspace ? checkTests(file, workspace) : [])]
  })
}

/** Paths of the files of tests, relative, sorted. Folders in `tests/` are looked into, hidden ones are not. */
export function testFilesIn(folder: string): string[] {
  const found: string[] = []
  const folders = ['tests']
  for (let at = 0; at < folders.length && folders.length < 200; at++) {
    const inside = folders[at]!
    for (const entry of entriesOf(join(folder, inside))) {
      if (entry.name.startsWith('.')) continue
      const path = `${inside}/${entry.name}`
      if (entry.isDirectory()) folders.push(path)
      else if (entry.isFile() && /\.ya?ml$/.test(entry.name)) found.push(path)
    }
  }
  return found.sort()
}

function entriesOf(path: string) {
  try {
    return readdirSync(path, { withFileTypes: true })
  } catch {
    return []
  }
}

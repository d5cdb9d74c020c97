import { create } from 'zustand'
import type { TestRow, TestsState } from '../../gateway-core/protocol/tests.ts'
import { core } from '../core/core.ts'
import { tellFailure } from '../shell/notices.ts'
import { useWorkbench } from '../shell/workbench.ts'
import { isMac } from '../ui/shortcut.ts'

/** The key that makes a test of an exchange; ⌘M puts a window away. */
export const makeTestKey = isMac ? 'Mod+E' : 'Mod+M'

interface Tests {
  /** Undefined until the core told it. */
  state: TestsState | undefined
  /** Id of a test, or path of a file. */
  selected: string | undefined
  /** A person chose it: it stays, whatever fails elsewhere. */
  chosen: boolean
  shown: 'all' | 'failed'
  /** What the tests exercise stands in the place of the chosen one. */
  report: boolean
}

const beginning: Tests = { state: undefined, selected: undefined, chosen: false, shown: 'all', report: false }

/** The policy tests of the open workspace, as the core tells them. */
export const useTests = create<Tests>(() => beginning)

let following = false
let folder: string | undefined

/** Begins to follow the tests; from then on they run by themselves after each save. */
export function followTests(): void {
  if (following) return
  following = true
  core.on('tests.changed', take)
  core.onSync(ask)
  useWorkbench.subscribe(({ state }) => {
    const now = state?.workspace?.folder
    if (now === folder) return
    folder = now
    useTests.setState(beginning)
    if (now !== undefined) ask()
  })
  folder = useWorkbench.getState().state?.workspace?.folder
  if (folder !== undefined) ask()
}

function ask(): void {
  core.call('tests.state').then(take, tellFailure)
}

function take(state: TestsState): void {
  useTests.setState({ state })
}

/** A person chose a line of the list. */
export function choose(key: string): void {
  useTests.setState({ selected: key, chosen: true, report: false })
}

/** Runs tests by their ids or files, or all. */
export async function runTests(only?: readonly string[]): Promise<void> {
  take(await core.call('tests.run', only === undefined ? {} : { only: [...only] }))
}

/** How many came to what. */
export function countTests(state: TestsState | undefined): { passed: number; failed: number; unknown: number } {
  const count = { passed: 0, failed: 0, unknown: 0 }
  for (const { tests, problems } of state?.files ?? []) {
    for (const test of tests) count[test.state === 'passed' || test.state === 'unknown' ? test.state : 'failed']++
    if (tests.length === 0 && problems.some(({ severity }) => severity === 'error')) count.failed++
  }
  return count
}

export function isFailed({ state }: TestRow): boolean {
  return state === 'failed' || state === 'undecidable'
}

/** One line of the list. */
export type TestLine =
  | { kind: 'file'; key: string; path: string; passed: number; failed: number; broken: boolean }
  | { kind: 'test'; key: string; path: string; test: TestRow }

/** Whether a line says that something does not pass, or cannot be read. */
export function isWrong(line: TestLine): boolean {
  return line.kind === 'test' ? isFailed(line.test) : line.broken
}

/** Files with their tests below them; with `failed` only what did not pass. */
export function testLines(state: TestsState | undefined, shown: 'all' | 'failed'): TestLine[] {
  return (state?.files ?? []).flatMap(({ path, tests, problems }) => {
    const failed = tests.filter(isFailed)
    const broken = problems.some(({ severity }) => severity === 'error')
    if (shown === 'failed' && failed.length === 0 && !broken) return []
    const passed = tests.filter((test) => test.state === 'passed').length
    const rows = (shown === 'failed' ? failed : tests).map(
      (test): TestLine => ({ kind: 'test', key: test.id, path, test }),
    )
    return [{ kind: 'file', key: path, path, passed, failed: failed.length, broken } satisfies TestLine, ...rows]
  })
}

import { core } from '../core/core.ts'
import type { Action } from '../shell/actions.ts'
import { useNavigation } from '../shell/navigation.ts'
import { choose, isFailed, runTests, testLines, useTests } from './tests-store.ts'

const group = 'Tests'

const lines = () => {
  const { state, shown } = useTests.getState()
  return testLines(state, shown)
}
const selectedLine = () => {
  const { selected } = useTests.getState()
  return lines().find(({ key }) => key === selected)
}
const failedIds = () => lines().flatMap((line) => (line.kind === 'test' && isFailed(line.test) ? [line.key] : []))
const hasSelection = () => selectedLine() !== undefined

function step(by: number): void {
  const all = lines()
  if (all.length === 0) return
  const at = all.findIndex(({ key }) => key === useTests.getState().selected)
  const next = at < 0 ? 0 : Math.max(0, Math.min(all.length - 1, at + by))
  choose(all[next]!.key)
}

/** What can be done on the Tests screen. */
export const testsActions: readonly Action[] = [
  { id: 'tests.runAll', title: 'Run all tests', group, shortcut: 'a', run: () => runTests() },
  {
    id: 'tests.runFailed',
    title: 'Run the tests that failed',
    group,
    shortcut: 'f',
    enabled: () => failedIds().length > 0,
    run: () => runTests(failedIds()),
  },
  {
    id: 'tests.run',
    title: 'Run the selected test',
    group,
    shortcut: 'r',
    enabled: hasSelection,
    run: () => runTests([selectedLine()!.key]),
  },
  {
    id: 'tests.open',
    title: 'Open the test in the editor',
    group,
    shortcut: 'Enter o',
    enabled: hasSelection,
    run: openSelected,
  },
  {
    id: 'tests.openPolicy',
    title: 'Open the line of the policy that decided',
    group,
    shortcut: 'p',
    enabled: () => decidedAt() !== undefined,
    run() {
      const place = decidedAt()
      if (place) useNavigation.getState().openPolicy(place.file, place.line, place.column)
    },
  },
  {
    id: 'tests.shown',
    title: 'Show failed tests only, or all',
    group,
    shortcut: 'Shift+F',
    run: () => useTests.setState(({ shown }) => ({ shown: shown === 'all' ? 'failed' : 'all' })),
  },
  {
    id: 'tests.coverage',
    title: 'Show what the tests exercise, and what none has tried',
    group,
    shortcut: 'c',
    keywords: 'coverage never hit report',
    run: () => useTests.setState(({ report }) => ({ report: !report })),
  },
  {
    id: 'tests.write',
    title: 'Write the first policy test',
    group,
    enabled: () => useTests.getState().state?.files.length === 0,
    run: writeFirst,
  },
  { id: 'tests.next', title: 'Next test', group, shortcut: 'j ArrowDown', hidden: true, run: () => step(1) },
  { id: 'tests.previous', title: 'Previous test', group, shortcut: 'k ArrowUp', hidden: true, run: () => step(-1) },
]

const firstFile = 'tests/first.yaml'
const firstText = `# Policy tests. Run them: gatehouse test, or the Tests screen.
tests:
  - name: nobody gets in without saying who they are
    request: GET /
    expect: { verdict: deny }
`

async function writeFirst(): Promise<void> {
  await core.call('files.write', { path: firstFile, text: firstText, base: '' })
  useNavigation.getState().openPolicy(firstFile, 3)
}

function decidedAt() {
  const line = selectedLine()
  return line?.kind === 'test' ? line.test.outcome?.decidedAt : undefined
}

/** To the expectation that was not met, else to the test; of a file that cannot be read to what is wrong with it. */
function openSelected(): void {
  const line = selectedLine()
  if (!line) return
  const { openPolicy } = useNavigation.getState()
  if (line.kind === 'file') {
    const file = useTests.getState().state?.files.find(({ path }) => path === line.path)
    return openPolicy(line.path, file?.problems[0]?.line ?? 1, file?.problems[0]?.column ?? 1)
  }
  const place = line.test.failures[0]?.place
  openPolicy(line.path, place?.line ?? line.test.line, place?.column ?? 1)
}

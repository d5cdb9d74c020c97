import { Play, RotateCw } from 'lucide-react'
import { useEffect, useRef } from 'react'
import { visible } from '../../gateway-core/visible.ts'
import { runAction, useActions, useShortcut } from '../shell/actions.ts'
import { useNavigation } from '../shell/navigation.ts'
import { useOpenedHere } from '../ui/borrowed-focus.ts'
import { Button } from '../ui/button.tsx'
import { Chip } from '../ui/chip.tsx'
import { EmptyState } from '../ui/empty-state.tsx'
import { Keys } from '../ui/keys.tsx'
import { SplitPane } from '../ui/split-pane.tsx'
import { Segments } from '../ui/tabs.tsx'
import { VerdictMark } from '../ui/verdict-mark.tsx'
import { FileDetail, PlaceLink, TestDetail } from './test-detail.tsx'
import { testsActions } from './tests-actions.ts'
import { TestsCoverage } from './tests-coverage.tsx'
import {
  choose,
  countTests,
  followTests,
  isFailed,
  isWrong,
  makeTestKey,
  type TestLine,
  testLines,
  useTests,
} from './tests-store.ts'
import './tests-screen.css'

/** The policy tests of the workspace: what passes, what does not, and why. */
export function TestsScreen() {
  const { state, selected, chosen, shown, report } = useTests()
  useActions(testsActions)
  useEffect(followTests, [])
  const opened = useOpenedHere(report)
  const lines = testLines(state, shown)
  // Something is shown from the start: what failed before anything else.
  useEffect(() => {
    const current = lines.find(({ key }) => key === selected)
    if (current && (chosen || isWrong(current))) return
    const first = lines.find(isWrong) ?? lines.find(({ kind }) => kind === 'test') ?? lines[0]
    if (first && first.key !== selected) useTests.setState({ selected: first.key, chosen: false })
  })
  if (state === undefined) return <div className="pane" />
  if (state.files.length === 0 && !state.running) return <NoTests />
  const line = lines.find(({ key }) => key === selected)
  const file = line && state.files.find(({ path }) => path === line.path)
  return (
    <SplitPane
      id="tests"
      minimum={[320, 400]}
      secondSize={58}
      first={<TestList lines={lines} />}
      second={
        report ? (
          <TestsCoverage opened={opened} />
        ) : line?.kind === 'test' ? (
          <TestDetail key={line.key} test={line.test} path={line.path} />
        ) : file ? (
          <FileDetail file={file} />
        ) : (
          <section className="pane" aria-label="Test" />
        )
      }
    />
  )
}

function TestList({ lines }: { lines: readonly TestLine[] }) {
  const { state, selected, shown } = useTests()
  const { passed, failed } = countTests(state)
  const running = state!.running
  const list = useRef<HTMLDivElement>(null)
  const at = lines.findIndex(({ key }) => key === selected)
  useEffect(() => {
    list.current?.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: 'nearest' })
  }, [selected])
  // Who came by a key goes on by keys.
  useEffect(() => {
    if (document.activeElement === document.body) list.current?.focus()
  }, [])
  return (
    <section className="pane" aria-label="Tests">
      <div className="bar">
        <h2>Policy tests</h2>
        <span role="status" className="row">
          {running ? (
            <Chip>
              running {running.done} of {running.total}
            </Chip>
          ) : (
            <>
              {passed > 0 && <Chip tone="pass">{passed} passed</Chip>}
              {failed > 0 && <Chip tone="deny">{failed} failed</Chip>}
            </>
          )}
        </span>
        <span className="grow" />
        <Segments
          label="Which tests"
          options={[
            { id: 'all', title: 'All' },
            { id: 'failed', title: 'Failed' },
          ]}
          value={shown}
          onChange={(next) => useTests.setState({ shown: next })}
        />
        <Button
          label="Run the tests that failed"
          shortcut={useShortcut('tests.runFailed')}
          disabled={!lines.some((line) => line.kind === 'test' && isFailed(line.test))}
          onClick={() => runAction('tests.runFailed')}
        >
          <RotateCw aria-hidden="true" />
        </Button>
        <Button tip="Run all tests" shortcut={useShortcut('tests.runAll')} onClick={() => runAction('tests.runAll')}>
          <Play aria-hidden="true" />
          Run all
        </Button>
      </div>
      {state!.broken && (
        <p className="tests-broken" role="alert">
          <span className="tone-deny" aria-hidden="true">
            ✕{' '}
          </span>
          Nothing can be tested until the files load: {visible(state!.broken.message, 300)}{' '}
          <PlaceLink place={state!.broken} />
        </p>
      )}
      <div
        ref={list}
        className="scroll tests-list"
        role="listbox"
        aria-label="Tests"
        aria-activedescendant={at < 0 ? undefined : optionId(at)}
        tabIndex={0}
      >
        {lines.length === 0 && <p className="tests-none dim">Every test passes.</p>}
        {lines.map((line, index) =>
          line.kind === 'file' ? (
            <FileLine key={line.key} id={optionId(index)} line={line} selected={index === at} />
          ) : (
            <TestRowLine key={line.key} id={optionId(index)} line={line} selected={index === at} />
          ),
        )}
      </div>
    </section>
  )
}

const optionId = (index: number) => `test-${index}`

interface LineProps<Kind extends TestLine['kind']> {
  id: string
  line: Extract<TestLine, { kind: Kind }>
  selected: boolean
}

function FileLine({ id, line, selected }: LineProps<'file'>) {
  const { path, passed, failed, broken } = line
  return (
    <div id={id} className="tests-file" role="option" aria-selected={selected} onClick={() => choose(path)}>
      <code className="cut">{visible(path, 200)}</code>
      <span className="grow" />
      {broken && <span className="tone-deny">✕ cannot be read</span>}
      {failed > 0 && <span className="tone-deny num">✕ {failed}</span>}
      {passed > 0 && <span className="tone-pass num">● {passed}</span>}
    </div>
  )
}

/** How the state of a test looks, by a verdict that looks the same. */
const looks = { passed: 'pass', failed: 'failed', undecidable: 'undecidable', unknown: 'skipped' } as const
const words = { passed: 'passed', failed: 'failed', undecidable: 'undecidable', unknown: 'not run yet' } as const

function TestRowLine({ id, line, selected }: LineProps<'test'>) {
  const { test } = line
  return (
    <div
      id={id}
      className="tests-row"
      role="option"
      aria-selected={selected}
      onClick={() => choose(test.id)}
      onDoubleClick={() => runAction('tests.open')}
    >
      <VerdictMark verdict={looks[test.state]}>
        <span className="only-read">{words[test.state]}: </span>
        <span className="tests-name">{visible(test.name, 300)}</span>
      </VerdictMark>
      <span className="faint num">
        {test.state === 'unknown' ? '' : `${Math.max(1, Math.round(test.milliseconds))} ms`}
      </span>
    </div>
  )
}

function NoTests() {
  const go = useNavigation((navigation) => navigation.go)
  return (
    <section className="pane" aria-label="Tests">
      <EmptyState
        title="No policy tests yet"
        action={
          <>
            <Button kind="main" onClick={() => go('traffic')}>
              Make one of a recorded exchange
            </Button>
            <Button onClick={() => runAction('tests.write')}>Write one</Button>
          </>
        }
      >
        A test says what a request has to meet: who passes, who is denied, by which policy and why. Tests need no
        network, no clock and no secret, and run again at each save. The quickest way: open an exchange in Traffic and
        press <Keys shortcut={makeTestKey} />.
      </EmptyState>
    </section>
  )
}

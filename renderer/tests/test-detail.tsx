import { Play } from 'lucide-react'
import { useEffect, useState } from 'react'
import type { TestFileState, TestPlace, TestRow } from '../../gateway-core/protocol/tests.ts'
import type { ExchangeDetail } from '../../gateway-core/protocol/types.ts'
import { visible } from '../../gateway-core/visible.ts'
import { core } from '../core/core.ts'
import { runAction, useShortcut } from '../shell/actions.ts'
import { useNavigation } from '../shell/navigation.ts'
import { tellFailure } from '../shell/notices.ts'
import { EvidenceSentences } from '../traffic/evidence.tsx'
import { StepDetail } from '../traffic/step-detail.tsx'
import { decisive, traceRows } from '../traffic/trace-rows.ts'
import { Waterfall } from '../traffic/waterfall.tsx'
import { Button } from '../ui/button.tsx'
import { Chip } from '../ui/chip.tsx'
import { instanceName, sentence } from '../ui/format.ts'
import { VerdictMark } from '../ui/verdict-mark.tsx'

/** One test: what was expected and what came, which line decided, and the whole trace. */
export function TestDetail({ test, path }: { test: TestRow; path: string }) {
  const openPolicy = useNavigation((navigation) => navigation.openPolicy)
  const detail = useTrace(test)
  const { failures, missing, outcome, state } = test
  return (
    <section className="pane" aria-label="Test">
      <div className="bar">
        <h2 className="cut" title={visible(test.name, 300)}>
          {visible(test.name, 300)}
        </h2>
        <StateChip state={state} />
        <span className="grow" />
        <CoverageButton />
        <Button tip="Run this test" shortcut={useShortcut('tests.run')} onClick={() => runAction('tests.run')}>
          <Play aria-hidden="true" />
          Run
        </Button>
        <Button
          kind="main"
          tip="Open the test in the editor"
          shortcut={useShortcut('tests.open')}
          onClick={() => runAction('tests.open')}
        >
          Open
        </Button>
      </div>
      <div className="scroll test-detail">
        <p className="test-place">
          <button type="button" className="link code" onClick={() => openPolicy(path, test.line)}>
            {visible(path, 200)}:{test.line}
          </button>
        </p>
        {failures.map((failure, at) => (
          <Failure key={at} failure={failure} />
        ))}
        {missing && (
          <div className="card test-missing">
            <VerdictMark verdict="undecidable">
              <b>A fact is missing, so this cannot be decided</b>
            </VerdictMark>
            <p>
              <code>{visible(missing.fact, 300)}</code>
              {missing.policy !== '' && (
                <span className="dim"> asked by {visible(instanceName(missing.policy), 60)}</span>
              )}
            </p>
            <p className="dim">{sentence(visible(missing.todo, 600))}</p>
          </div>
        )}
        {outcome && <Outcome test={test} detail={detail} />}
        {detail && <Trace detail={detail} />}
      </div>
    </section>
  )
}

function CoverageButton() {
  return (
    <Button
      kind="quiet"
      tip="What the tests exercise, and what none has tried"
      shortcut={useShortcut('tests.coverage')}
      onClick={() => runAction('tests.coverage')}
    >
      Coverage
    </Button>
  )
}

function StateChip({ state }: Pick<TestRow, 'state'>) {
  if (state === 'passed') return <Chip tone="pass">passed</Chip>
  if (state === 'failed') return <Chip tone="deny">failed</Chip>
  return state === 'undecidable' ? <Chip tone="unknown">undecidable</Chip> : <Chip>not run yet</Chip>
}

function Failure({ failure }: { failure: TestRow['failures'][number] }) {
  const { name, place, expected, got } = failure
  return (
    <div className="card test-failure">
      <div className="row">
        <b>{visible(name, 120)}</b>
        <span className="grow" />
        <PlaceLink place={place} />
      </div>
      <dl className="facts">
        <dt>expected</dt>
        <dd className="tone-pass">
          <code>{visible(expected, 600)}</code>
        </dd>
        <dt>got</dt>
        <dd className="tone-deny">
          <code>{visible(got, 600)}</code>
        </dd>
      </dl>
    </div>
  )
}

export function PlaceLink({ place: { file, line, column } }: { place: TestPlace }) {
  const openPolicy = useNavigation((navigation) => navigation.openPolicy)
  return (
    <button
      type="button"
      className="link code"
      title="Open in the editor"
      onClick={() => openPolicy(file, line, column)}
    >
      {visible(file, 120)}:{line}
    </button>
  )
}

function Outcome({ test, detail }: { test: TestRow; detail: ExchangeDetail | undefined }) {
  const { request, which, verdict, status, code, decidedBy, decidedAt } = test.outcome!
  const entry = detail && decisive(detail.exchange)
  const by = decidedBy === undefined ? '' : ` by ${visible(instanceName(decidedBy), 60)}`
  return (
    <div className="test-outcome">
      <div className="exchange-heading">
        <h3>What came</h3>
        {which && <span className="faint">{which}</span>}
      </div>
      <div className="row">
        <code className="cut" title={visible(request, 500)}>
          {visible(request, 300)}
        </code>
        <span aria-hidden="true" className="faint">
          →
        </span>
        <VerdictMark verdict={verdict}>{`${wordOf(verdict)}${by}`}</VerdictMark>
        {verdict !== 'pass' && <Chip>{status}</Chip>}
        {code && <code className="faint">{code}</code>}
        <span className="grow" />
        {decidedAt && <PlaceLink place={decidedAt} />}
      </div>
      {entry?.evidence && decidedBy !== undefined && <EvidenceSentences evidence={entry.evidence} />}
    </div>
  )
}

const verdictWords: Readonly<Record<string, string>> = {
  pass: 'passed',
  deny: 'denied',
  respond: 'answered',
  refused: 'refused by the gateway',
}

function wordOf(verdict: string): string {
  return verdictWords[verdict] ?? verdict
}

function Trace({ detail }: { detail: ExchangeDetail }) {
  const rows = traceRows(detail)
  const main = decisive(detail.exchange)
  const [open, setOpen] = useState<string>()
  return (
    <>
      <div className="exchange-heading">
        <h3>What ran</h3>
        {detail.exchange.route && <span className="faint">route {visible(detail.exchange.route.id, 120)}</span>}
      </div>
      {rows.length === 0 ? (
        <p className="dim">No policy ran.</p>
      ) : (
        <Waterfall
          rows={rows}
          decisive={rows.find((row) => row.kind === 'step' && row.entry === main)?.key}
          open={open}
          onOpen={(key) => setOpen(key === open ? undefined : key)}
        >
          {(entry) => <StepDetail entry={entry} detail={detail} />}
        </Waterfall>
      )}
    </>
  )
}

/** What the test met, asked for again whenever it has run. What was there before stays until then, if it will. */
function useTrace(test: TestRow): ExchangeDetail | undefined {
  const [detail, setDetail] = useState<ExchangeDetail>()
  useEffect(() => {
    let current = true
    if (test.state === 'unknown') return setDetail(undefined)
    core.call('tests.trace', { id: test.id }).then((found) => {
      if (current) setDetail(found ?? undefined)
    }, tellFailure)
    return () => {
      current = false
    }
  }, [test])
  return detail
}

/** A file that cannot be read says why; a sound one how its tests stand. */
export function FileDetail({ file }: { file: TestFileState }) {
  const openPolicy = useNavigation((navigation) => navigation.openPolicy)
  return (
    <section className="pane" aria-label="Test">
      <div className="bar">
        <h2 className="cut">
          <code>{visible(file.path, 200)}</code>
        </h2>
        <span className="grow" />
        <CoverageButton />
        <Button tip="Run its tests" shortcut={useShortcut('tests.run')} onClick={() => runAction('tests.run')}>
          <Play aria-hidden="true" />
          Run
        </Button>
        <Button kind="main" shortcut={useShortcut('tests.open')} onClick={() => runAction('tests.open')}>
          Open
        </Button>
      </div>
      <div className="scroll test-detail">
        {file.problems.length === 0 && (
          <p className="dim">
            {file.tests.length === 0 ? 'This file holds no test yet.' : `${file.tests.length} tests, no problems.`}
          </p>
        )}
        {file.problems.map(({ line, column, message, suggestion, severity }, at) => (
          <div key={at} className="card test-failure">
            <div className="row">
              <VerdictMark verdict={severity === 'error' ? 'error' : 'would-deny'}>{sentence(message)}</VerdictMark>
              <span className="grow" />
              <button type="button" className="link code" onClick={() => openPolicy(file.path, line, column)}>
                {line}:{column}
              </button>
            </div>
            {suggestion && <p className="dim">{sentence(suggestion)}</p>}
          </div>
        ))}
      </div>
    </section>
  )
}

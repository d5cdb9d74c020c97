import { ChevronDown, Play, Plus, Square } from 'lucide-react'
import { useEffect, useState } from 'react'
import type { SequenceOutline, SequenceReport, StepReport } from '../../gateway-core/protocol/replay-reports.ts'
import { visible } from '../../gateway-core/visible.ts'
import { core } from '../core/core.ts'
import { useActions, useShortcut } from '../shell/actions.ts'
import { useNavigation } from '../shell/navigation.ts'
import { tellFailure } from '../shell/notices.ts'
import { useWorkbench } from '../shell/workbench.ts'
import { Button } from '../ui/button.tsx'
import { EmptyState } from '../ui/empty-state.tsx'
import { durationText, instanceName, plural } from '../ui/format.ts'
import { Menu, MenuChoice } from '../ui/menu.tsx'
import { SplitPane } from '../ui/split-pane.tsx'
import { loadList, statusTone, useReplay } from './replay-store.ts'
import './runs.css'

const example = `# Several requests, one after the other: what one answers is used in the next.
name: First sequence
steps:
  - name: ask for health
    request: GET /health
    expect: { status: 200, time: 1s }
`

interface Running {
  stop: AbortController
  steps: StepReport[]
  done: number
  total: number
}

/** Sequences of the workspace: run as a whole, each step with what it found. */
export function SequencesView() {
  const sequences = useReplay((replay) => replay.list?.sequences)
  const [path, setPath] = useState<string>()
  const shown = sequences?.find((one) => one.path === path) ?? sequences?.[0]
  if (sequences === undefined) return null
  if (!shown) return <NoSequences />
  const list = (
    <section className="pane" aria-label="Sequences">
      <div className="bar">
        <h2>Sequences</h2>
        <span className="grow" />
        <Button label="New sequence" onClick={() => void makeSequence(sequences).then(setPath)}>
          <Plus aria-hidden="true" />
        </Button>
      </div>
      <ul className="replay-items scroll">
        {sequences.map((one) => (
          <li key={one.path} className="replay-item" data-open={one === shown || undefined}>
            <button
              type="button"
              className="replay-item-open"
              aria-current={one === shown}
              title={one.path}
              onClick={() => setPath(one.path)}
            >
              <span className="cut grow">{visible(one.name, 100)}</span>
              <span className={one.problem ? 'tone-deny' : 'faint num'}>{one.problem ? '✕' : one.steps}</span>
            </button>
          </li>
        ))}
      </ul>
    </section>
  )
  return (
    <SplitPane
      id="replay-sequences"
      minimum={[180, 520]}
      secondSize={80}
      first={list}
      second={<OneSequence key={shown.path} path={shown.path} />}
    />
  )
}

/** Writes a small one to begin with, under a name that is free; gives its path. */
async function makeSequence(known: readonly { path: string }[]): Promise<string | undefined> {
  const free = (number: number): string => {
    const path = number === 1 ? 'sequences/first.yaml' : `sequences/sequence-${number}.yaml`
    return known.some((one) => one.path === path) ? free(number + 1) : path
  }
  const path = free(1)
  try {
    await core.call('files.write', { path, text: example, base: '' })
    await loadList()
    return path
  } catch (error) {
    tellFailure(error)
    return undefined
  }
}

function NoSequences() {
  return (
    <EmptyState
      title="Several requests, run as one"
      action={
        <Button kind="main" onClick={() => void makeSequence([])}>
          Make sequences/first.yaml
        </Button>
      }
    >
      A sequence signs in, takes the token out of the answer, and uses it in the next request; it checks statuses,
      values and who decided, once or for each row of a table. It is a YAML file in <code>sequences/</code>, and runs in
      CI: <code>gatehouse replay sequences/first.yaml</code>
    </EmptyState>
  )
}

function OneSequence({ path }: { path: string }) {
  const [outline, setOutline] = useState<SequenceOutline>()
  const [running, setRunning] = useState<Running>()
  const [report, setReport] = useState<SequenceReport>()
  const [environment, setEnvironment] = useState<string>()
  const environments = useReplay((replay) => replay.list?.environments ?? [])
  const stamp = useReplay((replay) => replay.list)
  const openPolicy = useNavigation((navigation) => navigation.openPolicy)
  useEffect(() => {
    core.call('replay.sequence', { file: path }).then(setOutline, tellFailure)
  }, [path, stamp])
  const run = async () => {
    if (running) return running.stop.abort()
    const stop = new AbortController()
    const job = crypto.randomUUID()
    const steps: StepReport[] = []
    const params = { file: path, job, ...(environment !== undefined && { environment }) }
    setReport(undefined)
    setRunning({ stop, steps, done: 0, total: 0 })
    const off = core.on('replay.progress', (progress) => {
      if (progress.job !== job) return
      if (progress.step) steps.push(progress.step)
      setRunning({ stop, steps: [...steps], done: progress.done, total: progress.total })
    })
    useWorkbench.getState().setJob({ title: 'Running a sequence', cancel: () => stop.abort() })
    try {
      setReport(await core.callWith('replay.runSequence', params, stop.signal))
    } catch (error) {
      if (stop.signal.aborted) setReport(endedReport(path, steps))
      else tellFailure(error)
    } finally {
      off()
      useWorkbench.getState().setJob(undefined)
      setRunning(undefined)
    }
  }
  useActions([{ id: 'replay.runSequence', title: 'Run the sequence', group: 'Replay', shortcut: 'Mod+Enter', run }])
  const shortcut = useShortcut('replay.runSequence')
  if (!outline) return null
  const steps = report?.steps ?? running?.steps ?? []
  return (
    <section className="pane" aria-label="Sequence">
      <div className="bar">
        <h2 className="cut">{visible(outline.name, 100)}</h2>
        <button type="button" className="link cut" onClick={() => openPolicy(path, 1)}>
          {path}
        </button>
        <span className="grow" />
        {running && (
          <span className="dim num">
            {running.done} of {running.total}
          </span>
        )}
        {report && (
          <span role="status" className={report.failed > 0 ? 'tone-deny' : 'tone-pass'}>
            {report.failed > 0 ? '✕' : '●'} {report.passed} passed
            {report.failed > 0 && `, ${report.failed} failed`}
            {report.skipped > 0 && `, ${report.skipped} skipped`}
          </span>
        )}
        {environments.length > 0 && (
          <Menu
            align="end"
            trigger={
              <Button tip="By which environment it is judged; another one than the active gets a gateway of its own">
                {environment ?? 'Environment'}
                <ChevronDown aria-hidden="true" />
              </Button>
            }
          >
            <MenuChoice checked={environment === undefined} onSelect={() => setEnvironment(undefined)}>
              As the sequence says
            </MenuChoice>
            {environments.map((name) => (
              <MenuChoice key={name} checked={name === environment} onSelect={() => setEnvironment(name)}>
                {visible(name, 60)}
              </MenuChoice>
            ))}
          </Menu>
        )}
        <Button kind="main" shortcut={shortcut} disabled={outline.problems.length > 0} onClick={() => void run()}>
          {running ? <Square aria-hidden="true" /> : <Play aria-hidden="true" />}
          {running ? 'Cancel' : 'Run'}
        </Button>
      </div>
      <div className="scroll replay-steps">
        {outline.problems.map(({ what, line, todo }, at) => (
          <p key={at} className="replay-problem">
            <button type="button" className="link" onClick={() => openPolicy(path, line ?? 1)}>
              {path}:{line ?? 1}
            </button>{' '}
            {visible(what, 300)}
            {todo && ` — ${visible(todo, 200)}`}
          </p>
        ))}
        {steps.length > 0 ? (
          <StepTable steps={steps} path={path} />
        ) : (
          <ol className="replay-outline">
            {outline.steps.map(({ name, method, url, line, assertions, captures }) => (
              <li key={line}>
                <button type="button" className="link" onClick={() => openPolicy(path, line)}>
                  {visible(name, 100)}
                </button>
                <code className="dim cut">
                  {method} {visible(url, 200)}
                </code>
                <span className="faint">
                  {[
                    assertions > 0 && plural(assertions, 'assertion'),
                    captures.length > 0 && `takes ${captures.join(', ')}`,
                  ]
                    .filter(Boolean)
                    .join(' · ')}
                </span>
              </li>
            ))}
          </ol>
        )}
      </div>
    </section>
  )
}

function endedReport(path: string, steps: StepReport[]): SequenceReport {
  const count = (...states: string[]) => steps.filter(({ state }) => states.includes(state)).length
  const failed = count('failed', 'error')
  return {
    name: path,
    path,
    rows: 1,
    passed: count('passed'),
    failed,
    skipped: count('skipped'),
    milliseconds: 0,
    steps,
  }
}

const marks = { passed: '●', failed: '✕', error: '✕', skipped: '–' } as const
const tones = { passed: 'tone-pass', failed: 'tone-deny', error: 'tone-deny', skipped: 'faint' } as const

function StepTable({ steps, path }: { steps: readonly StepReport[]; path: string }) {
  const { openPolicy, openTraffic } = useNavigation.getState()
  const rows = new Set(steps.map(({ row }) => row)).size
  return (
    <table className="replay-diff replay-run">
      <thead>
        <tr>
          <th>Step</th>
          <th>Status</th>
          <th>Decided</th>
          <th>Time</th>
        </tr>
      </thead>
      <tbody>
        {steps.map((step, at) => (
          <tr key={at}>
            <td>
              <span className={tones[step.state]}>{marks[step.state]}</span>{' '}
              {rows > 1 && <span className="faint">row {step.row + 1} · </span>}
              <button type="button" className="link" onClick={() => openPolicy(path, step.line)}>
                {visible(step.name, 100)}
              </button>
              {step.race?.groups.map((group) => (
                <p key={`${group.copies[0]}`} className="dim">
                  {group.copies.length} × <span className={statusTone(group.status)}>{group.status}</span>{' '}
                  {visible(group.decided ?? group.sample, 100)}
                </p>
              ))}
              {step.problem && <p className="tone-deny">{visible(step.problem, 400)}</p>}
              {step.assertions
                .filter(({ passed }) => !passed)
                .map(({ says, found, line }) => (
                  <p key={says} className="tone-deny">
                    <button type="button" className="link" onClick={() => openPolicy(path, line)}>
                      line {line}
                    </button>{' '}
                    {visible(says, 200)}, and found {visible(found ?? 'nothing', 200)}
                  </p>
                ))}
              {step.captured.map(({ name, value }) => (
                <p key={name} className="faint">
                  {visible(name, 60)} = {visible(value, 100)}
                </p>
              ))}
            </td>
            <td className={step.status > 0 ? statusTone(step.status) : 'faint'}>
              {step.status > 0 ? step.status : '–'}
            </td>
            <td>
              {step.exchange === undefined ? (
                <span className="faint">{step.state === 'skipped' ? 'not sent' : ''}</span>
              ) : (
                <button type="button" className="link" onClick={() => openTraffic(`id:${step.exchange!}`)}>
                  {step.decided?.policy === undefined
                    ? (step.decided?.verdict ?? 'trace')
                    : `${instanceName(step.decided.policy)} ${step.decided.code ?? ''}`}
                </button>
              )}
            </td>
            <td className="num faint">{step.status > 0 && durationText(step.micros)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}

import { Play, Square } from 'lucide-react'
import { useState } from 'react'
import { type CaptureReport, type DecisionChange, relationWords } from '../../gateway-core/protocol/replay-reports.ts'
import type { ReplayTarget } from '../../gateway-core/protocol/replay-request.ts'
import { visible } from '../../gateway-core/visible.ts'
import { core } from '../core/core.ts'
import { useActions, useShortcut } from '../shell/actions.ts'
import { useNavigation } from '../shell/navigation.ts'
import { refusalOf } from '../shell/notices.ts'
import { useWorkbench, useWorkspace } from '../shell/workbench.ts'
import { Button } from '../ui/button.tsx'
import { EmptyState } from '../ui/empty-state.tsx'
import { countText, instanceName, plural } from '../ui/format.ts'
import { Menu, MenuItem } from '../ui/menu.tsx'
import { QueryBar } from '../ui/query-bar.tsx'
import { Segments } from '../ui/tabs.tsx'
import { targetName, useReplay } from './replay-store.ts'
import './runs.css'

type Pace = 'max' | 'recorded' | '2x' | '10x'

interface Running {
  stop: AbortController
  done: number
  total: number
  changes: DecisionChange[]
}

/** Recorded traffic sent again: what is decided otherwise now? */
export function RecordedView() {
  const [query, setQuery] = useState('')
  const [pace, setPace] = useState<Pace>('max')
  const [target, setTarget] = useState<ReplayTarget>({ via: 'gateway' })
  const [unsafe, setUnsafe] = useState(false)
  const [running, setRunning] = useState<Running>()
  const [report, setReport] = useState<CaptureReport>()
  const [failure, setFailure] = useState<string>()
  const environments = useReplay((replay) => replay.list?.environments ?? [])
  const recorded = useWorkspace()!.captures.exchanges
  const run = async () => {
    if (running) return running.stop.abort()
    const stop = new AbortController()
    const job = crypto.randomUUID()
    const changes: DecisionChange[] = []
    setReport(undefined)
    setFailure(undefined)
    setRunning({ stop, done: 0, total: 0, changes })
    const off = core.on('replay.progress', (progress) => {
      if (progress.job !== job) return
      changes.push(...(progress.changes ?? []))
      setRunning({ stop, done: progress.done, total: progress.total, changes: [...changes] })
    })
    useWorkbench.getState().setJob({ title: 'Sending recorded traffic', cancel: () => stop.abort() })
    try {
      const params = { query, job, pace, target, concurrency: 8, unsafe }
      setReport(await core.callWith('replay.runCapture', params, stop.signal))
    } catch (error) {
      setFailure(stop.signal.aborted ? `Ended after ${plural(changes.length, 'difference')}` : refusalOf(error).what)
    } finally {
      off()
      useWorkbench.getState().setJob(undefined)
      setRunning(undefined)
    }
  }
  useActions([
    { id: 'replay.runRecorded', title: 'Send the recorded traffic again', group: 'Replay', shortcut: 'Mod+Enter', run },
  ])
  const shortcut = useShortcut('replay.runRecorded')
  const targets: ReplayTarget[] = [
    { via: 'gateway' },
    ...environments.map((environment): ReplayTarget => ({ via: 'gateway', environment })),
    { via: 'upstream' },
  ]
  const changes = report?.changes ?? running?.changes ?? []
  return (
    <section className="pane" aria-label="Recorded traffic">
      <div className="bar">
        <QueryBar
          value={query}
          placeholder="Which: path~^/books method:GET, or nothing for all"
          problem={undefined}
          complete={(text, at) => core.call('traffic.complete', { text, at })}
          onChange={setQuery}
          onEnter={() => void run()}
          onEscape={() => setQuery('')}
        />
      </div>
      <div className="bar">
        <Segments
          label="Pace"
          value={pace}
          onChange={setPace}
          options={[
            { id: 'max', title: 'As fast as possible' },
            { id: 'recorded', title: 'As recorded' },
            { id: '2x', title: '2×' },
            { id: '10x', title: '10×' },
          ]}
        />
        <label className="replay-check">
          <input type="checkbox" checked={unsafe} onChange={({ target: { checked } }) => setUnsafe(checked)} />
          Yes, also methods that change something
        </label>
        <span className="grow" />
        <Menu align="end" trigger={<Button className="replay-target">{targetName(target)}</Button>}>
          {targets.map((one) => (
            <MenuItem key={targetName(one)} onSelect={() => setTarget(one)}>
              {targetName(one)}
            </MenuItem>
          ))}
        </Menu>
        <Button kind="main" shortcut={shortcut} disabled={recorded === 0} onClick={() => void run()}>
          {running ? <Square aria-hidden="true" /> : <Play aria-hidden="true" />}
          {running ? 'Cancel' : 'Send again'}
        </Button>
      </div>
      {running && (
        <p className="replay-summary num" role="status">
          {countText(running.done)} of {countText(running.total)} · {plural(running.changes.length, 'difference')}
        </p>
      )}
      {failure && (
        <p className="replay-problem" role="alert">
          {visible(failure, 400)}
        </p>
      )}
      {report && <Summary report={report} />}
      {changes.length > 0 ? (
        <div className="scroll">
          <Changes changes={changes} />
        </div>
      ) : (
        !running && !report && <Explained recorded={recorded} />
      )}
    </section>
  )
}

function Explained({ recorded }: { recorded: number }) {
  return (
    <EmptyState title="Send yesterday’s traffic through today’s policies">
      {recorded === 0
        ? 'Nothing is recorded yet. Send something through the gateway first.'
        : `${plural(recorded, 'exchange')} recorded. They are sent as they were, and each decision is compared with the one that was recorded. Only methods that change nothing are sent, unless you say otherwise.`}
    </EmptyState>
  )
}

const tones: Readonly<Record<DecisionChange['relation'], string>> = {
  same: 'tone-pass',
  newlyDenied: 'tone-deny',
  newlyAllowed: 'tone-would',
  otherPolicy: 'tone-modify',
  otherStatus: 'tone-modify',
  failed: 'tone-deny',
}

function Summary({ report }: { report: CaptureReport }) {
  const kinds = ['newlyDenied', 'newlyAllowed', 'otherPolicy', 'otherStatus', 'failed'] as const
  return (
    <div className="replay-summary" role="status">
      <span className="num">{plural(report.sent, 'request')} sent</span>
      <span className="tone-pass num">● {countText(report.same)} same</span>
      {kinds.map((kind) =>
        report[kind] > 0 ? (
          <span key={kind} className={`num ${tones[kind]}`}>
            ◆ {countText(report[kind])} {relationWords[kind]}
          </span>
        ) : null,
      )}
      {report.leftOut.map(({ reason, exchanges }) => (
        <span key={reason} className="faint cut" title={reason}>
          {exchanges} left out: {reason.replace(' (--unsafe sends it)', '')}
        </span>
      ))}
    </div>
  )
}

function Changes({ changes }: { changes: readonly DecisionChange[] }) {
  const openTraffic = useNavigation((navigation) => navigation.openTraffic)
  const shown = ({ status, policy, code, problem }: DecisionChange['after']) =>
    problem ?? [status, policy === undefined ? '' : instanceName(policy), code].filter(Boolean).join(' ')
  return (
    <table className="replay-diff replay-run">
      <thead>
        <tr>
          <th>Difference</th>
          <th>Request</th>
          <th>Recorded</th>
          <th>Now</th>
        </tr>
      </thead>
      <tbody>
        {changes.map((change, at) => (
          <tr key={at}>
            <td className={tones[change.relation]}>{relationWords[change.relation]}</td>
            <td>
              <code className="replay-cut">{visible(`${change.method} ${change.url}`, 300)}</code>
            </td>
            <td>
              <button type="button" className="link" onClick={() => openTraffic(`id:${change.id}`)}>
                {visible(shown(change.before), 120)}
              </button>
            </td>
            <td>
              {change.now === undefined ? (
                visible(shown(change.after), 200)
              ) : (
                <button type="button" className="link" onClick={() => openTraffic(`id:${change.now!}`)}>
                  {visible(shown(change.after), 120)}
                </button>
              )}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}

import { useEffect, useState } from 'react'
import type { TraceEntry } from '../../gateway-core/pipeline/outcome.ts'
import type { ExchangeDetail } from '../../gateway-core/protocol/types.ts'
import { visible } from '../../gateway-core/visible.ts'
import { durationText, instanceName } from '../ui/format.ts'
import { Button } from '../ui/button.tsx'
import { useActions, useShortcut } from '../shell/actions.ts'
import { useNavigation } from '../shell/navigation.ts'
import { isObserved, ObservedNote } from '../own-traffic/observed-note.tsx'
import { VerdictMark } from '../ui/verdict-mark.tsx'
import { denialHelp, denialTitle, upstreamHelp } from './decision.ts'
import { EvidenceSentences } from './evidence.tsx'
import { ExchangeFacts } from './exchange-facts.tsx'
import { JudgeUnder } from './judge-under.tsx'
import { PolicyLine } from './policy-line.tsx'
import { StepDetail } from './step-detail.tsx'
import { Waterfall } from './waterfall.tsx'
import { decisive, traceRows, wouldDeny } from './trace-rows.ts'
import './decisions.css'

/** The answer first, then what ran, then what else is known. */
export function Decisions({ detail }: { detail: ExchangeDetail }) {
  const { exchange } = detail
  const rows = traceRows(detail)
  const main = decisive(exchange)
  const mainKey = rows.find((row) => row.kind === 'step' && row.entry === main)?.key
  const [open, setOpen] = useState<string | undefined>(undefined)
  useEffect(() => setOpen(undefined), [exchange.id])
  const { policyMicros, upstreamMicros } = exchange.timings
  const openPolicy = useNavigation((navigation) => navigation.openPolicy)
  useActions([
    {
      id: 'traffic.openPolicy',
      title: 'Open the line that decided',
      group: 'Traffic',
      shortcut: 'o',
      enabled: () => main !== undefined,
      run() {
        if (!main) return
        const { file, line } = detail.lines[main.policy]?.now ?? main.position
        openPolicy(file, line)
      },
    },
  ])
  return (
    <div className="exchange-body">
      <Answer detail={detail} entry={main} />
      {isObserved(exchange) && <ObservedNote exchange={exchange} />}
      <div className="exchange-heading">
        <h3>What ran</h3>
        <span className="grow" />
        <span className="faint">
          policies {durationText(policyMicros)}
          {upstreamMicros !== undefined && ` · upstream ${durationText(upstreamMicros)}`} · total{' '}
          {durationText(exchange.durationMicros)}
        </span>
      </div>
      {rows.length === 0 ? (
        <p className="dim">No policy stands before this route.</p>
      ) : (
        <Waterfall rows={rows} decisive={mainKey} open={open} onOpen={(key) => setOpen(key === open ? undefined : key)}>
          {(entry) => <StepDetail entry={entry} detail={detail} />}
        </Waterfall>
      )}
      <JudgeUnder detail={detail} />
      <ExchangeFacts exchange={exchange} />
    </div>
  )
}

function Answer({ detail, entry }: { detail: ExchangeDetail; entry: TraceEntry | undefined }) {
  const { exchange } = detail
  const { verdict, code, error } = exchange
  if (verdict === 'pass' && !entry) return null
  const tone =
    entry?.verdict === 'would-deny' && verdict === 'pass'
      ? 'would'
      : verdict === 'respond'
        ? 'modify'
        : verdict === 'aborted'
          ? 'skip'
          : 'deny'
  const also = wouldDeny(exchange).filter((one) => one !== entry)
  const help = code === undefined ? undefined : denialHelp(code)
  return (
    <div className={`card answer answer-${tone}`}>
      <div className="row">
        <span className="answer-title">
          <VerdictMark verdict={entry?.verdict ?? verdict}>
            <b>{titleOf(exchange, entry)}</b>
          </VerdictMark>
        </span>
        <span className="grow" />
        {entry && <OpenButton entry={entry} detail={detail} />}
      </div>
      {(entry?.code ?? code) && (
        <p className="answer-why">
          {denialTitle((entry?.code ?? code)!)} <code className="faint">{entry?.code ?? code}</code>
        </p>
      )}
      {entry?.evidence && <EvidenceSentences evidence={entry.evidence} />}
      {entry?.reason && <p className="dim">{visible(entry.reason, 400)}</p>}
      {error && <p className="code">{visible(error, 400)}</p>}
      {!entry && help && (
        <p className="dim">
          {help} {upstreamHelp(code)}
        </p>
      )}
      {also.length > 0 && (
        <p className="dim">
          Also would be denied by {also.map(({ policy }) => visible(instanceName(policy), 60)).join(', ')}.
        </p>
      )}
      {entry && (
        <div className="answer-line">
          <PolicyLine entry={entry} detail={detail} />
        </div>
      )}
    </div>
  )
}

/** The step that leads on: change the line that decided. */
function OpenButton({ entry, detail }: { entry: TraceEntry; detail: ExchangeDetail }) {
  const openPolicy = useNavigation((navigation) => navigation.openPolicy)
  const shortcut = useShortcut('traffic.openPolicy')
  const known = detail.lines[entry.policy]
  if (known?.now === null) return null
  const { file, line } = known?.now ?? entry.position
  return (
    <Button kind="main" shortcut={shortcut} showKeys onClick={() => openPolicy(file, line)}>
      Open in Policies
    </Button>
  )
}

function titleOf({ verdict, decidedBy }: ExchangeDetail['exchange'], entry: TraceEntry | undefined): string {
  const name = visible(instanceName(entry?.policy ?? decidedBy ?? ''), 60)
  if (verdict === 'pass') return `Passed, though ${name} would deny it`
  if (verdict === 'respond') return `Answered by ${name}`
  if (verdict === 'aborted') return 'The client left before the answer'
  if (verdict === 'error') return `${name || 'The gateway'} broke; the request was not let through`
  if (verdict === 'refused') return 'Refused by the gateway'
  if (verdict === 'failed') return 'The upstream did not answer'
  return name ? `Denied by ${name}` : 'Denied by the gateway'
}

import { ChevronRight } from 'lucide-react'
import { Fragment, type ReactNode } from 'react'
import type { TraceEntry } from '../../gateway-core/pipeline/outcome.ts'
import { visible } from '../../gateway-core/visible.ts'
import { durationText, instanceName, phaseTitles } from '../ui/format.ts'
import { verdictLook } from '../../gateway-core/verdict.ts'
import { VerdictMark } from '../ui/verdict-mark.tsx'
import { stepSummary } from './evidence-summary.ts'
import type { TraceRow } from './trace-rows.ts'
import './waterfall.css'

interface WaterfallProps {
  rows: readonly TraceRow[]
  decisive: string | undefined
  open: string | undefined
  onOpen: (key: string) => void
  children: (entry: TraceEntry) => ReactNode
}

/** The steps in run order, each with its verdict, what it saw, its share of the time; a click shows the evidence. */
export function Waterfall({ rows, decisive, open, onOpen, children }: WaterfallProps) {
  return (
    <ol className="waterfall" aria-label="Decision trace">
      {rows.map((row, at) => {
        const phase = row.kind === 'step' ? row.entry.phase : undefined
        const before = rows[at - 1]
        const begins = phase !== undefined && !(before?.kind === 'step' && before.entry.phase === phase)
        return (
          <Fragment key={row.key}>
            {begins && <li className="waterfall-phase">{phaseTitles[phase] ?? phase}</li>}
            {row.kind === 'upstream' ? (
              <UpstreamRow row={row} />
            ) : (
              <StepRow row={row} chosen={row.key === decisive} open={row.key === open} onOpen={() => onOpen(row.key)}>
                {row.key === open && children(row.entry)}
              </StepRow>
            )}
          </Fragment>
        )
      })}
    </ol>
  )
}

interface StepRowProps {
  row: Extract<TraceRow, { kind: 'step' }>
  chosen: boolean
  open: boolean
  onOpen: () => void
  children: ReactNode
}

function StepRow({ row, chosen, open, onOpen, children }: StepRowProps) {
  const { entry, from, to } = row
  const skipped = entry.verdict === 'skipped'
  const { tone } = verdictLook(entry.verdict)
  return (
    <li className="waterfall-step">
      <button
        type="button"
        className={`waterfall-row${chosen ? ' waterfall-chosen' : ''}`}
        aria-expanded={open}
        onClick={onOpen}
      >
        <ChevronRight className="waterfall-turn" size={12} aria-hidden="true" />
        <VerdictMark verdict={entry.verdict}>
          {entry.branch && <span className="faint">{visible(entry.branch, 20)} </span>}
          {visible(instanceName(entry.policy), 60)}
        </VerdictMark>
        <span className={`cut ${skipped ? 'faint' : chosen ? '' : 'dim'}`}>{stepSummary(entry)}</span>
        <span className="waterfall-bar" aria-hidden="true">
          {!skipped && (
            <i
              className={`bar-${tone}`}
              style={{ left: `${Math.min(98, from * 100)}%`, width: `max(2px, ${(to - from) * 100}%)` }}
            />
          )}
        </span>
        <span className="waterfall-time faint">{skipped ? '' : durationText(entry.micros)}</span>
      </button>
      {open && <div className="waterfall-detail">{children}</div>}
    </li>
  )
}

function UpstreamRow({ row }: { row: Extract<TraceRow, { kind: 'upstream' }> }) {
  const { name, called, micros, error } = row
  return (
    <li className="waterfall-row waterfall-upstream">
      <span />
      <span className={called ? 'cut' : 'cut faint'}>
        <span className="waterfall-arrow" aria-hidden="true">
          {called ? '→' : '–'}
        </span>
        upstream {visible(name, 60)}
      </span>
      <span className="cut dim">
        {error ? visible(error.split('\n')[0]!, 200) : called ? 'answered' : 'not called'}
      </span>
      <span className="waterfall-bar" aria-hidden="true">
        {called && <i className="bar-upstream" />}
      </span>
      <span className="waterfall-time faint">{micros === undefined ? '' : durationText(micros)}</span>
    </li>
  )
}

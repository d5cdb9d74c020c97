import { ChevronLeft, ChevronRight, X } from 'lucide-react'
import { type KeyboardEvent, useEffect, useRef } from 'react'
import type { TraceEntry } from '../../gateway-core/pipeline/outcome.ts'
import type { ExchangeThere, SteppedThrough } from '../../gateway-core/protocol/what-if.ts'
import { visible } from '../../gateway-core/visible.ts'
import { useActions, useShortcut } from '../shell/actions.ts'
import { Button } from '../ui/button.tsx'
import { Chip } from '../ui/chip.tsx'
import { instanceName, phaseTitles } from '../ui/format.ts'
import { verdictLook } from '../../gateway-core/verdict.ts'
import { VerdictMark } from '../ui/verdict-mark.tsx'
import { denialTitle } from './decision.ts'
import { stepSummary } from './evidence-summary.ts'
import { EvidenceList } from './evidence.tsx'
import { changeWords, messageTitle, type ValueChange } from './step-changes.ts'
import { StepPlace } from './step-place.tsx'
import { sealedWords } from './sealed-text.tsx'
import { goToStep, undoChange, undoChanges, useSteps, useStepsOf } from './step-store.ts'
import './step-through.css'

/** One exchange step by step, forwards and backwards; a value changed on the way shows what would have come of it. */
export function StepThrough({ id }: { id: string }) {
  useStepsOf(id)
  const { stepped, problem, at, changes } = useSteps()
  useActions([
    {
      id: 'traffic.step.next',
      title: 'Next step of the exchange',
      group: 'Traffic',
      shortcut: 'n',
      enabled: () => stepped !== undefined,
      run: () => goToStep(at + 1),
    },
    {
      id: 'traffic.step.back',
      title: 'Step of the exchange before',
      group: 'Traffic',
      shortcut: 'p',
      enabled: () => stepped !== undefined,
      run: () => goToStep(at - 1),
    },
  ])
  const stepping = useRef<HTMLDivElement>(null)
  const focusRail = () => stepping.current?.querySelector<HTMLElement>('.step-rail')?.focus()
  // What one changed, or undid, may be gone with its field or its button.
  useEffect(() => {
    if (changes.length > 0 && document.activeElement === document.body) focusRail()
  }, [stepped, changes])
  return (
    <div className="stepping" ref={stepping}>
      {problem && (
        <p className="stepping-problem" role="alert">
          <span className="tone-deny" aria-hidden="true">
            ✕{' '}
          </span>
          {problem.what}
          {problem.todo && ` — ${problem.todo}`}
        </p>
      )}
      {changes.length > 0 && <Hypothetical changes={changes} onUndo={focusRail} />}
      {stepped ? (
        <>
          <Rail stepped={stepped} at={at} first={changes[0]?.step} />
          <Here stepped={stepped} at={at} />
        </>
      ) : (
        !problem && <p className="stepping-problem faint">Going through it step by step…</p>
      )}
    </div>
  )
}

/** Never to be taken for what happened. */
function Hypothetical({ changes, onUndo }: { changes: readonly ValueChange[]; onUndo: () => void }) {
  return (
    <div className="hypothetical" role="status">
      <b>Hypothetical</b>
      {changes.map((change) => (
        <Chip key={`${change.step} ${change.of} ${change.kind} ${change.name}`}>
          <span className="faint">step {change.step + 1}</span> {visible(sealedWords(changeWords(change)), 60)}
          <button
            type="button"
            className="chip-close"
            aria-label={`Undo: ${sealedWords(changeWords(change))}`}
            onClick={() => {
              onUndo()
              undoChange(change)
            }}
          >
            <X aria-hidden="true" size={11} />
          </button>
        </Chip>
      ))}
      <span className="grow" />
      <Button
        kind="quiet"
        onClick={() => {
          onUndo()
          undoChanges()
        }}
      >
        As it was
      </Button>
    </div>
  )
}

/** Every step as a mark; the arrows go from one to the next. */
function Rail({ stepped, at, first }: { stepped: SteppedThrough; at: number; first: number | undefined }) {
  const { trace, before } = stepped
  const rail = useRef<HTMLDivElement>(null)
  useEffect(() => {
    rail.current?.querySelector('[aria-current="step"]')?.scrollIntoView({ block: 'nearest', inline: 'nearest' })
  }, [at])
  const keys = (event: KeyboardEvent) => {
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: trace.length }[event.key]
    if (to === undefined) return
    event.preventDefault()
    event.stopPropagation()
    goToStep(to)
  }
  return (
    <div className="rail-bar">
      <Button
        label="Step back"
        shortcut={useShortcut('traffic.step.back')}
        disabled={at === 0}
        onClick={() => goToStep(at - 1)}
      >
        <ChevronLeft aria-hidden="true" />
      </Button>
      <div
        ref={rail}
        className="step-rail"
        role="slider"
        tabIndex={0}
        aria-label="Step"
        aria-valuemin={1}
        aria-valuemax={trace.length + 1}
        aria-valuenow={at + 1}
        aria-valuetext={at === trace.length ? 'the end' : `before ${instanceName(trace[at]!.policy)}`}
        onKeyDown={keys}
      >
        {trace.map((entry, index) => (
          <RailMark
            key={`${index} ${entry.policy}`}
            entry={entry}
            here={index === at}
            begins={entry.phase !== trace[index - 1]?.phase || begins(before[index - 1], before[index])}
            message={before[index]?.message}
            imagined={first !== undefined && index >= first}
            onGo={() => goToStep(index)}
          />
        ))}
        <i
          className="step-mark step-end"
          aria-current={at === trace.length ? 'step' : undefined}
          title="How it ended"
          onMouseDown={() => goToStep(trace.length)}
        >
          ■
        </i>
      </div>
      <Button
        label="Step on"
        shortcut={useShortcut('traffic.step.next')}
        disabled={at === trace.length}
        onClick={() => goToStep(at + 1)}
      >
        <ChevronRight aria-hidden="true" />
      </Button>
    </div>
  )
}

/** Whether another message is judged. */
function begins(one: ExchangeThere | undefined, other: ExchangeThere | undefined): boolean {
  return one?.message?.number !== other?.message?.number
}

interface MarkProps {
  entry: TraceEntry
  here: boolean
  begins: boolean
  message: ExchangeThere['message']
  imagined: boolean
  onGo(): void
}

function RailMark({ entry, here, begins, message, imagined, onGo }: MarkProps) {
  const { tone, mark, word } = verdictLook(entry.verdict)
  return (
    <i
      className={`step-mark tone-${tone}${begins ? ' step-begins' : ''}${imagined ? ' step-imagined' : ''}`}
      aria-current={here ? 'step' : undefined}
      title={`${instanceName(entry.policy)}: ${word} (${message ? messageTitle(message) : (phaseTitles[entry.phase] ?? entry.phase)})`}
      onMouseDown={onGo}
    >
      {mark}
    </i>
  )
}

function Here({ stepped, at }: { stepped: SteppedThrough; at: number }) {
  const { trace, before, outcome } = stepped
  const entry = trace[at]
  const there = before[at]
  return (
    <>
      <div className="step-here">
        {entry ? (
          <>
            <div className="row">
              <span className="faint num">
                {at + 1} of {trace.length}
              </span>
              <VerdictMark verdict={entry.verdict}>
                <b>{visible(instanceName(entry.policy), 60)}</b>
              </VerdictMark>
              <span className="cut dim">{stepSummary(entry)}</span>
              <span className="grow" />
              <span className="faint">
                {there?.message ? messageTitle(there.message) : (phaseTitles[entry.phase] ?? entry.phase)}
              </span>
            </div>
            {entry.evidence && entry.evidence.length > 0 && <EvidenceList evidence={entry.evidence} />}
          </>
        ) : (
          <div className="row">
            <span className="faint">The end</span>
            <VerdictMark verdict={outcome.verdict}>
              <b>{outcome.code === undefined ? outcome.verdict : denialTitle(outcome.code)}</b>
            </VerdictMark>
            <b className="num">{outcome.status}</b>
            {outcome.code !== undefined && <code className="faint">{outcome.code}</code>}
            {outcome.decidedBy !== undefined && (
              <span className="dim cut">by {visible(instanceName(outcome.decidedBy), 60)}</span>
            )}
          </div>
        )}
      </div>
      {there && <StepPlace there={there} before={before[at - 1]} step={at} phase={entry?.phase} />}
    </>
  )
}

import type { ReactNode } from 'react'
import { type WhatIfCounts, type WhatIfList, whatIfLists } from '../../gateway-core/protocol/what-if.ts'
import { useShortcut } from '../shell/actions.ts'
import { useWorkspace } from '../shell/workbench.ts'
import { useTraffic } from '../traffic/traffic-store.ts'
import { countText, plural } from '../ui/format.ts'
import { Segments } from '../ui/tabs.tsx'
import { Tooltip } from '../ui/tooltip.tsx'
import { factText, kindLooks, missingFacts } from './what-if.ts'
import { openKind, setScope } from './what-if-live.ts'
import { useWhatIf } from './what-if-store.ts'
import './what-if-strip.css'

/** What recorded traffic would meet by the text as typed. Always as high, so that nothing moves while one types. */
export function WhatIfStrip() {
  const state = useWhatIf((whatIf) => whatIf.state)
  const counts = useWhatIf((whatIf) => whatIf.counts)
  const open = useWhatIf((whatIf) => whatIf.kind)
  const stale = state !== 'done' && !(state === 'judging' && counts !== undefined && !counts.done)
  return (
    <section data-part className="what-if" aria-label="What if" data-state={state} data-stale={stale}>
      <div className="what-if-notes">
        <Standing />
      </div>
      {state === 'idle' ? (
        <Idle />
      ) : (
        <div className="what-if-counts">
          {whatIfLists.map((kind) => (
            <Count key={kind} kind={kind} counts={counts} open={open === kind} />
          ))}
        </div>
      )}
      <ScopeSwitch />
      <Progress />
    </section>
  )
}

/** Before anything is edited there is nothing to count: what will stand here instead. */
function Idle() {
  const recorded = useWorkspace(({ captures }) => captures.exchanges) ?? 0
  const judged =
    recorded === 0
      ? 'Recorded traffic is judged again as you type'
      : `${plural(recorded, 'exchange')} ${recorded === 1 ? 'is' : 'are'} judged again as you type`
  return (
    <p className="what-if-idle">
      {judged}: what stays the same, whom the edit would newly deny or allow, and which of its lines did it, before you
      save.
    </p>
  )
}

function Count({ kind, counts, open }: { kind: WhatIfList; counts: WhatIfCounts | undefined; open: boolean }) {
  const { title, tone, mark, says } = kindLooks[kind]
  const shortcut = useShortcut(`whatIf.${kind}`)
  const count = counts?.[kind]
  const some = count !== undefined && count > 0
  return (
    <Tooltip text={<CountTip kind={kind} counts={counts} says={says} />} shortcut={shortcut}>
      <button
        type="button"
        className="what-if-count"
        data-kind={kind}
        aria-expanded={open}
        aria-disabled={!some && !open}
        aria-label={count === undefined ? title : `${countText(count)} ${title}`}
        onClick={() => (open ? openKind(undefined) : some && openKind(kind))}
      >
        <b className={some && kind !== 'same' ? `num tone-${tone}` : 'num'}>
          {count === undefined ? '–' : countText(count)}
        </b>
        <span>
          <span className={some ? `tone-${tone}` : 'faint'} aria-hidden="true">
            {mark}{' '}
          </span>
          {title}
        </span>
      </button>
    </Tooltip>
  )
}

function CountTip({ kind, counts, says }: { kind: WhatIfList; counts: WhatIfCounts | undefined; says: string }) {
  const missing = kind === 'undecidable' && counts ? missingFacts(counts) : []
  return (
    <>
      Exchanges {says}.
      {missing.slice(0, 4).map(([name, exchanges]) => (
        <span key={name} className="what-if-missing">
          {countText(exchanges)} lack {factText(name)} <code className="faint">{name}</code>
        </span>
      ))}
    </>
  )
}

/** In words: how many, how fast, what was taken from the record; or why nothing can be said. */
function Standing() {
  const { state, counts, problem } = useWhatIf()
  const recorded = useWorkspace(({ captures }) => captures.exchanges) ?? 0
  if (state === 'idle') {
    return <Note>{recorded === 0 ? 'nothing recorded yet' : `${plural(recorded, 'exchange')} recorded`}</Note>
  }
  if (state === 'problem' && problem) {
    const text = `${problem.where ? `${problem.where} ` : ''}${problem.what}`
    return (
      <Note title={problem.todo ? `${text} — ${problem.todo}` : text}>
        <span className="tone-deny" aria-hidden="true">
          ✕{' '}
        </span>
        <span className="what-if-problem">{text}</span>
      </Note>
    )
  }
  if (!counts) return <Note>judging…</Note>
  const { exchanges, judged, reused, warming, milliseconds } = counts
  const [lacking] = missingFacts(counts)
  return (
    <Note
      title={measuredTip(counts)}
      beside={`${countText(judged)}${judged === exchanges ? '' : ` of ${countText(exchanges)}`} judged in ${timeText(milliseconds)}`}
    >
      {countText(reused)} reused
      {warming > 0 && <span className="tone-would"> · {countText(warming)} warming</span>}
      {lacking !== undefined && <span className="tone-unknown"> · lacks {factText(lacking[0])}</span>}
    </Note>
  )
}

function Note({ beside, title, children }: { beside?: string; title?: string; children: ReactNode }) {
  const busy = useWhatIf((whatIf) => whatIf.state === 'judging' || whatIf.state === 'waiting')
  return (
    <div role="status" aria-busy={busy} title={title}>
      <p className="cut">
        <b>What if</b> <span className="num dim">{beside}</span>
      </p>
      <p className="cut num faint">{children}</p>
    </div>
  )
}

function measuredTip({ reused, warming }: WhatIfCounts): string {
  const parts = [`${countText(reused)} reused: the edit cannot touch them, so they were taken from the record.`]
  if (warming > 0) {
    parts.push(
      `${countText(warming)} warming: their verdict rests on a counter that the edit begins anew, so it may be milder than it would have been.`,
    )
  }
  return parts.join(' ')
}

function timeText(ms: number): string {
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`
}

function ScopeSwitch() {
  const scope = useWhatIf((whatIf) => whatIf.scope)
  const query = useTraffic((traffic) => traffic.query)
  return (
    <Segments
      label="Which traffic"
      value={scope}
      onChange={setScope}
      options={[
        { id: 'all', title: 'all', tip: 'All recorded traffic' },
        {
          id: 'query',
          title: 'query',
          disabled: query === '' && scope === 'all',
          tip:
            query === ''
              ? 'Write a query in Traffic to try the edit on a part'
              : `What the Traffic screen shows: ${query}`,
        },
      ]}
    />
  )
}

function Progress() {
  const state = useWhatIf((whatIf) => whatIf.state)
  const counts = useWhatIf((whatIf) => whatIf.counts)
  if (state !== 'judging') return null
  const part = counts && !counts.done && counts.exchanges > 0 ? counts.judged / counts.exchanges : 0
  return <div className="what-if-progress" style={{ transform: `scaleX(${part})` }} aria-hidden="true" />
}

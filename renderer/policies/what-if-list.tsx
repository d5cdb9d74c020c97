import { useVirtualizer } from '@tanstack/react-virtual'
import { type KeyboardEvent, useEffect, useRef } from 'react'
import type { WhatIfGroup, WhatIfList, WhatIfOutcome, WhatIfRow } from '../../gateway-core/protocol/what-if.ts'
import { visible } from '../../gateway-core/visible.ts'
import { denialTitle } from '../traffic/decision.ts'
import { sealedWords } from '../traffic/sealed-text.tsx'
import { clockText, countText, instanceName } from '../ui/format.ts'
import { VerdictMark } from '../ui/verdict-mark.tsx'
import { factText, kindLooks, outcomeText } from './what-if.ts'
import { explain } from './what-if-live.ts'
import { exchangesIn, itemAt, lineOf } from './what-if-lines.ts'
import { useRows } from './what-if-rows.ts'
import { useWhatIf } from './what-if-store.ts'

const rowHeight = 26

/** The exchanges behind a count, by reason. Arrows move, Enter goes to what explains the chosen one. */
export function ExchangesList({ kind, onEnter, onLeave }: { kind: WhatIfList; onEnter(): void; onLeave(): void }) {
  const groups = useWhatIf((whatIf) => whatIf.groups)
  const run = useWhatIf((whatIf) => whatIf.run)
  const selected = useWhatIf((whatIf) => whatIf.selected)
  const scroller = useRef<HTMLDivElement>(null)
  const place = useRef(-1)
  const total = exchangesIn(groups)
  const lines = total + groups.length
  const virtual = useVirtualizer({
    count: lines,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    overscan: 10,
  })
  const items = virtual.getVirtualItems()
  const rowAt = useRows(run, kind, total, items[0]?.index ?? 0, items.at(-1)?.index ?? 0)

  // The first one explains itself: a list with nothing chosen would ask for one key more.
  const first = rowAt(0)?.id
  useEffect(() => {
    if (selected === undefined && first !== undefined) {
      place.current = 0
      explain(first)
    }
  }, [selected, first])

  const choose = (at: number) => {
    const row = rowAt(at)
    if (!row) return
    place.current = at
    virtual.scrollToIndex(lineOf(groups, at), { align: 'auto' })
    explain(row.id)
  }
  const move = (event: KeyboardEvent) => {
    const by = steps[event.key]
    if (by !== undefined) choose(Math.max(0, Math.min(total - 1, place.current + by)))
    else if (event.key === 'Home') choose(0)
    else if (event.key === 'End') choose(total - 1)
    else if (event.key === 'Enter') onEnter()
    else if (event.key === 'Escape') onLeave()
    else return
    event.preventDefault()
    event.stopPropagation()
  }
  return (
    <div
      ref={scroller}
      className="what-if-list"
      role="listbox"
      aria-label={`Exchanges ${kindLooks[kind].title}`}
      aria-activedescendant={selected === undefined ? undefined : `what-if-${selected}`}
      tabIndex={0}
      onKeyDown={move}
    >
      <div className="what-if-rows" role="presentation" style={{ height: virtual.getTotalSize() }}>
        {items.map(({ index, start, key }) => {
          const item = itemAt(groups, index)
          if (!item) return null
          const style = { transform: `translateY(${start}px)` }
          if (item.kind === 'group') return <GroupHead key={key} group={item.group} kind={kind} style={style} />
          const row = rowAt(item.at)
          return (
            <Row
              key={key}
              row={row}
              chosen={row !== undefined && row.id === selected}
              same={kind === 'same'}
              style={style}
              onChoose={() => choose(item.at)}
            />
          )
        })}
      </div>
    </div>
  )
}

const steps: Readonly<Record<string, number>> = {
  ArrowDown: 1,
  j: 1,
  ArrowUp: -1,
  k: -1,
  PageDown: 12,
  PageUp: -12,
}

interface Placed {
  style: { transform: string }
}

function GroupHead({ group, kind, style }: { group: WhatIfGroup; kind: WhatIfList } & Placed) {
  const { policy, code, what, exchanges, warming } = group
  return (
    <div className="what-if-group" role="presentation" style={style} title={policy}>
      <b className="cut">
        {what === undefined ? nameOf(policy) : visible(kind === 'undecidable' ? `lacks ${factText(what)}` : what, 120)}
      </b>
      {what !== undefined && policy !== undefined && <span className="faint cut">{nameOf(policy)}</span>}
      {code !== undefined && <span className="dim cut">{denialTitle(code)}</span>}
      <span className="grow" />
      {warming > 0 && <span className="faint">{warming === exchanges ? 'all' : countText(warming)} ~ warming</span>}
      <span className={kind === 'same' ? 'num' : `num tone-${kindLooks[kind].tone}`}>{countText(exchanges)}</span>
    </div>
  )
}

function nameOf(policy: string | undefined): string {
  return policy === undefined ? 'the gateway' : visible(instanceName(policy), 60)
}

interface RowProps extends Placed {
  row: WhatIfRow | undefined
  chosen: boolean
  /** It ends as it did: once is enough. */
  same: boolean
  onChoose(): void
}

function Row({ row, chosen, same, style, onChoose }: RowProps) {
  if (!row) {
    return (
      <div className="what-if-row faint" role="presentation" style={style}>
        …
      </div>
    )
  }
  const { id, before, after, exchange, warming, message } = row
  return (
    <div
      id={`what-if-${id}`}
      className="what-if-row"
      role="option"
      aria-selected={chosen}
      style={style}
      onMouseDown={onChoose}
    >
      <span className="faint num">{exchange ? clockText(exchange.startedAt) : '–'}</span>
      <span className="cut">
        {exchange ? (
          <>
            {message && (
              <span className="tone-modify num" title={`By message ${message.number}`}>
                <span className="only-read">message </span>#{message.number}{' '}
              </span>
            )}
            <span className="dim">{visible(exchange.method, 12)}</span> {visible(sealedWords(exchange.url), 200)}
          </>
        ) : (
          <span className="faint">not in the capture any more</span>
        )}
      </span>
      <span className="what-if-turn">
        {!same && (
          <>
            <Ended outcome={before} />
            <span className="faint" aria-hidden="true">
              →
            </span>
            <span className="only-read">, by the edit </span>
          </>
        )}
        <Ended outcome={after} />
        <span
          className="what-if-warming faint"
          title={warming ? 'A counter begins anew with the edit: it may be milder than it would have been.' : undefined}
        >
          {warming && (
            <>
              <span aria-hidden="true">~</span>
              <span className="only-read">warming</span>
            </>
          )}
        </span>
      </span>
    </div>
  )
}

/** Mark and status; the code stands at the head of the group. */
function Ended({ outcome }: { outcome: WhatIfOutcome }) {
  const { verdict, status } = outcome
  return (
    <VerdictMark verdict={verdict} title={outcomeText(outcome)}>
      {status === undefined ? undefined : String(status)}
    </VerdictMark>
  )
}

import { useVirtualizer } from '@tanstack/react-virtual'
import { memo, useEffect, useRef } from 'react'
import type { HeldRow } from '../../gateway-core/protocol/intercept.ts'
import { visible } from '../../gateway-core/visible.ts'
import { runAction, useShortcut } from '../shell/actions.ts'
import { Button } from '../ui/button.tsx'
import { plural } from '../ui/format.ts'
import { Countdown } from './countdown.tsx'
import { heldRows, selectHeld, showHeld, useIntercept } from './intercept-store.ts'

const rowHeight = 42

/** What is held, in the order in which it came: of thousands only those that are seen exist. */
export function HeldList() {
  const scroller = useRef<HTMLDivElement>(null)
  useIntercept((intercept) => intercept.version)
  const held = useIntercept(({ state }) => state?.held ?? 0)
  const connections = useIntercept(({ state }) => state?.connections ?? 0)
  const selected = useIntercept((intercept) => intercept.selected)
  const virtual = useVirtualizer({
    count: held,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    overscan: 10,
  })
  const items = virtual.getVirtualItems()
  const first = items[0]?.index ?? 0
  const last = items.at(-1)?.index ?? 0
  useEffect(() => showHeld(first, last), [first, last])
  const isShown = items.some(({ index }) => heldRows.row(index)?.id === selected)
  const all = useShortcut('intercept.resumeAll')
  return (
    <div className="held">
      <div className="held-head">
        <span className="dim" role="status">
          {held === 0 ? 'Nothing is held' : `${plural(held, 'message')} ${held === 1 ? 'waits' : 'wait'}`}
        </span>
        <span className="grow" />
        {connections > 0 && (
          <Button
            kind="quiet"
            tip="Put a message into an open WebSocket or event stream"
            onClick={() => runAction('intercept.inject')}
          >
            Inject
          </Button>
        )}
        <Button
          kind="quiet"
          disabled={held === 0}
          shortcut={all}
          tip="Let everything go on as it came"
          onClick={() => runAction('intercept.resumeAll')}
        >
          Resume all
        </Button>
        <Button
          kind="quiet"
          disabled={held === 0}
          tip="End every connection without an answer"
          onClick={() => runAction('intercept.dropAll')}
        >
          Drop all
        </Button>
      </div>
      <div
        className="held-scroll"
        ref={scroller}
        role="listbox"
        aria-label="Held messages"
        tabIndex={0}
        aria-activedescendant={isShown ? `held-${selected}` : undefined}
      >
        <div className="held-rows" role="presentation" style={{ height: virtual.getTotalSize() }}>
          {items.map(({ index, start }) => {
            const row = heldRows.row(index)
            return row && <Row key={row.id} row={row} top={start} chosen={row.id === selected} />
          })}
        </div>
      </div>
    </div>
  )
}

function whyText(query: string): string {
  if (query === '') return 'everything'
  return /^id:\w+$/.test(query) ? 'asked for with its request' : query
}

const Row = memo(function Row({ row, top, chosen }: { row: HeldRow; top: number; chosen: boolean }) {
  const { id, side, method, url, host, status, until } = row
  const why = whyText(row.why)
  return (
    <div
      id={`held-${id}`}
      role="option"
      aria-selected={chosen}
      className="held-row"
      style={{ transform: `translateY(${top}px)` }}
      onClick={() => void selectHeld(id)}
    >
      <span className="held-line">
        <b>{visible(method, 16)}</b>
        <span className="cut grow" title={visible(url, 400)}>
          {visible(url, 300)}
        </span>
        {side === 'response' && <span className="num dim">{status}</span>}
        <Countdown until={until} />
      </span>
      <span className="held-line faint">
        <span>
          {side === 'request' ? '→' : '←'}{' '}
          {row.message === undefined ? side : row.message === 'event' ? 'event' : 'message'}
        </span>
        <span className="cut grow">{visible(host, 80)}</span>
        <span className="cut held-why" title={`Held by: ${visible(why, 300)}`}>
          {visible(why, 120)}
        </span>
      </span>
    </div>
  )
})

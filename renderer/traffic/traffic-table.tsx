import { useVirtualizer } from '@tanstack/react-virtual'
import { memo, useEffect, useMemo, useRef, useState } from 'react'
import type { TrafficRow } from '../../gateway-core/protocol/types.ts'
import { markOnce } from '../core/marks.ts'
import { plural } from '../ui/format.ts'
import { type Column, fitting, leastFlexible, useColumns } from './columns.tsx'
import { useWidths } from './column-widths.ts'
import { useRowVersion } from './row-version.ts'
import { takeTableFocus } from './table-focus.ts'
import { TableHead } from './table-head.tsx'
import { selectId, setFollowing, showRows, table, useTraffic } from './traffic-store.ts'
import './traffic-table.css'

const rowHeight = 26

/** All rows, of which only those that are seen exist. The newest stand on top. */
export function TrafficTable({ onOpen }: { onOpen: () => void }) {
  const scroller = useRef<HTMLDivElement>(null)
  useRowVersion()
  const following = useTraffic((traffic) => traffic.following)
  const selected = useTraffic((traffic) => traffic.selected)
  const selectedIndex = useTraffic((traffic) => traffic.selectedIndex)
  const ids = useColumns((chosen) => chosen.ids)
  const [width, setWidth] = useState(0)
  const widths = useWidths((kept) => kept.widths)
  const shown = useMemo(() => fitting(ids, width, widths), [ids, width, widths])
  const template = useMemo(() => templateOf(shown), [shown])
  const least = useMemo(() => shown.reduce((sum, { width }) => sum + (width ?? leastFlexible), 8), [shown])
  const virtual = useVirtualizer({
    count: table.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    overscan: 6,
  })
  const items = virtual.getVirtualItems()
  const first = items[0]?.index ?? 0
  const last = items.at(-1)?.index ?? 0

  useEffect(() => showRows(first, last), [first, last])
  useEffect(() => {
    if (table.row(0)) markOnce('rows')
  })
  useEffect(() => {
    if (takeTableFocus()) scroller.current?.focus()
  }, [])
  useEffect(() => {
    const observer = new ResizeObserver(([entry]) => setWidth(entry!.contentRect.width))
    observer.observe(scroller.current!)
    return () => observer.disconnect()
  }, [])
  useEffect(() => {
    if (following && scroller.current) scroller.current.scrollTop = 0
  }, [following])
  // Only when the selection was moved: rows that come on top must not pull the table.
  const moved = useRef<string | undefined>(undefined)
  useEffect(() => {
    if (selected === moved.current) return
    moved.current = selected
    if (selectedIndex >= 0) virtual.scrollToIndex(selectedIndex, { align: 'auto' })
  }, [selected, selectedIndex, virtual])

  return (
    <div className="traffic-table">
      <div
        className="traffic-scroll"
        ref={scroller}
        role="grid"
        aria-label="Exchanges"
        aria-rowcount={table.length + 1}
        aria-activedescendant={selected && table.row(selectedIndex) ? `exchange-${selected}` : undefined}
        tabIndex={0}
        onScroll={(event) => setFollowing(event.currentTarget.scrollTop < rowHeight / 2)}
        onDoubleClick={onOpen}
      >
        <TableHead shown={shown} template={template} least={least} />
        <div role="rowgroup" className="traffic-rows" style={{ height: virtual.getTotalSize(), minWidth: least }}>
          {items.map(({ index, start }) => {
            const row = table.row(index)
            // By place and not by exchange: what is on the screen stays, and only its texts change when new ones come.
            return row ? (
              <Row
                key={index}
                row={row}
                index={index}
                top={start}
                chosen={row.id === selected}
                shown={shown}
                template={template}
              />
            ) : (
              <div
                key={`at ${index}`}
                role="row"
                className="traffic-row"
                style={{ transform: `translateY(${start}px)` }}
              >
                <span role="gridcell" className="faint">
                  …
                </span>
              </div>
            )
          })}
        </div>
      </div>
      {!following && table.heldBack > 0 && (
        <button type="button" className="traffic-new fade-in" onClick={() => setFollowing(true)}>
          ↑ {plural(table.heldBack, 'new exchange')}
        </button>
      )}
    </div>
  )
}

/** The path takes what is left; the answer a part of it, so that who decided is seldom cut. */
function templateOf(shown: readonly Column[]): string {
  const last = shown.length - 1
  const flexible = shown.some(({ width }) => width === undefined)
  return shown
    .map(({ id, width, chosen }, at) => {
      if (width === undefined) return `minmax(${leastFlexible}px, 1fr)`
      if (id === 'answer' && !chosen) return `minmax(${width}px, 0.4fr)`
      return !flexible && at === last ? `minmax(${width}px, 1fr)` : `${width}px`
    })
    .join(' ')
}

interface RowProps {
  row: TrafficRow
  index: number
  top: number
  chosen: boolean
  shown: readonly Column[]
  template: string
}

const Row = memo(function Row({ row, index, top, chosen, shown, template }: RowProps) {
  return (
    <div
      id={`exchange-${row.id}`}
      role="row"
      aria-rowindex={index + 2}
      aria-selected={chosen}
      className="traffic-row"
      style={{ transform: `translateY(${top}px)`, gridTemplateColumns: template }}
      // When the button goes down: by the time it comes up, another exchange may stand here.
      onMouseDown={({ button }) => button === 0 && selectId(row.id)}
      onClick={({ detail }) => detail === 0 && selectId(row.id)}
    >
      {shown.map(({ id, right, cell }) => (
        <span key={id} role="gridcell" className={right ? 'right' : undefined}>
          {cell(row)}
        </span>
      ))}
    </div>
  )
})

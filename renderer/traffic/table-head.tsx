import type { PointerEvent } from 'react'
import { Tooltip } from '../ui/tooltip.tsx'
import type { Column } from './columns.tsx'
import { useWidths } from './column-widths.ts'
import { switchOrder, useTraffic } from './traffic-store.ts'

/** Titles of the columns. Their edges are dragged; the menu of columns does the same by keyboard. */
export function TableHead({ shown, template, least }: { shown: readonly Column[]; template: string; least: number }) {
  const order = useTraffic((traffic) => traffic.order)
  const flexible = shown.findIndex(({ width }) => width === undefined)
  return (
    <div
      className="traffic-head"
      role="row"
      aria-rowindex={1}
      style={{ gridTemplateColumns: template, minWidth: least }}
    >
      {shown.map((column, at) => (
        <span
          key={column.id}
          role="columnheader"
          className={column.right ? 'right' : undefined}
          {...(column.id === 'time' && { 'aria-sort': order === 'newest' ? 'descending' : 'ascending' })}
        >
          {column.id === 'time' ? <TimeOrder order={order} /> : column.title}
          {/* The one that takes what is left has none: on its right the left edges move. */}
          {at !== flexible && <Edge id={column.id} left={flexible !== -1 && at > flexible} />}
        </span>
      ))}
    </div>
  )
}

function TimeOrder({ order }: { order: 'newest' | 'oldest' }) {
  const [now, then] = order === 'newest' ? ['newest', 'oldest'] : ['oldest', 'newest']
  return (
    <Tooltip text={`The ${now} first; press for the ${then}`}>
      <button type="button" className="traffic-order" onClick={switchOrder} aria-label={`Time, the ${now} first`}>
        Time <span aria-hidden="true">{order === 'newest' ? '↓' : '↑'}</span>
      </button>
    </Tooltip>
  )
}

function Edge({ id, left }: { id: string; left: boolean }) {
  const { setWidth, forget } = useWidths.getState()
  const drag = (event: PointerEvent<HTMLElement>) => {
    const edge = event.currentTarget
    const from = edge.parentElement!.getBoundingClientRect().width
    const start = event.clientX
    edge.setPointerCapture(event.pointerId)
    const move = ({ clientX }: { clientX: number }) => setWidth(id, from + (left ? start - clientX : clientX - start))
    edge.addEventListener('pointermove', move)
    edge.addEventListener('lostpointercapture', () => edge.removeEventListener('pointermove', move), { once: true })
    event.preventDefault()
  }
  return (
    <i
      className={`traffic-edge ${left ? 'traffic-edge-left' : ''}`}
      aria-hidden="true"
      onPointerDown={drag}
      onDoubleClick={(event) => {
        event.stopPropagation()
        forget(id)
      }}
    />
  )
}

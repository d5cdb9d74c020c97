import { type KeyboardEvent, type PointerEvent, useEffect, useMemo, useRef } from 'react'
import type { Density } from '../../gateway-core/capture/store.ts'
import { useShortcut } from '../shell/actions.ts'
import { clockText, dateText, plural } from '../ui/format.ts'
import { useRowVersion } from './row-version.ts'
import { barHeight, busyPlace, countsOf, momentOf, partOf, parts, placeOf, placesOf } from './time-places.ts'
import { askDensity, lookAt, useTime } from './time-store.ts'
import { table, useTraffic } from './traffic-store.ts'
import './time-slider.css'

/** When how much came, and a moment in it: what limiters, quotas and sessions held then stands below the table. */
export function TimeSlider() {
  const query = useTraffic((traffic) => traffic.query)
  const search = useTraffic((traffic) => traffic.search)
  useRowVersion()
  const exchanges = table.length + table.heldBack
  const density = useTime((time) => time.density)
  useEffect(() => {
    if (search !== undefined) askDensity(query, search, exchanges > 0)
  }, [query, search, exchanges])
  const known = density !== undefined && density.to > 0
  // Its room is kept while it is asked for: the rows below would jump.
  if (!known && exchanges === 0) return null
  return <div className="time">{known && <Slider density={density} />}</div>
}

function Slider({ density }: { density: Density }) {
  const track = useRef<HTMLDivElement>(null)
  const at = useTime((time) => time.at)
  const selected = useSelectedTime()
  const shortcut = useShortcut('traffic.time')
  const { from, to } = density
  const places = placesOf(density)
  const counts = useMemo(() => countsOf(density.exchanges, places), [density, places])
  const place = at === undefined ? places - 1 : partOf(at, density, places)
  const go = (next: number) => lookAt(momentOf(Math.max(0, Math.min(places - 1, next)), density, places))
  const keys = (event: KeyboardEvent) => {
    const by = steps[event.key]
    if (by !== undefined && event.shiftKey) go(busyPlace(counts, at === undefined ? places : place, Math.sign(by)))
    else if (by !== undefined) go(at === undefined && by > 0 ? places - 1 : place + by)
    else if (event.key === 'Home') go(0)
    else if (event.key === 'End') go(places - 1)
    else if (event.key === 'Escape' && at !== undefined) lookAt(undefined)
    else return
    event.preventDefault()
    event.stopPropagation()
  }
  const drag = (event: PointerEvent) => {
    if (event.type === 'pointermove' && event.buttons !== 1) return
    const { left, width } = track.current!.getBoundingClientRect()
    go(Math.floor(((event.clientX - left) / width) * places))
  }
  const count = counts[place] ?? 0
  return (
    <>
      <span className="time-end faint num">{endText(from, to, from)}</span>
      <div
        ref={track}
        className="time-track"
        role="slider"
        tabIndex={0}
        aria-label="Moment of the recorded time"
        aria-valuemin={0}
        aria-valuemax={places - 1}
        aria-valuenow={place}
        aria-valuetext={at === undefined ? 'now' : `${dateText(at)}, ${plural(count, 'exchange')}`}
        title={`What was counted at a moment${shortcut ? ` (${shortcut})` : ''}; ← → go through time, with Shift from exchange to exchange`}
        onKeyDown={keys}
        onPointerDown={(event) => {
          event.currentTarget.setPointerCapture(event.pointerId)
          drag(event)
        }}
        onPointerMove={drag}
      >
        <Bars density={density} />
        {selected !== undefined && selected >= from && selected <= to && (
          <i className="time-selected" style={{ left: `${placeOf(selected, density) * 100}%` }} aria-hidden="true" />
        )}
        {at !== undefined && (
          <i className="time-at" style={{ left: `${placeOf(at, density) * 100}%` }} aria-hidden="true" />
        )}
      </div>
      <span className="time-end num">
        {at === undefined ? <span className="faint">{endText(to, to, from)}</span> : <b>{momentText(at, to - from)}</b>}
      </span>
    </>
  )
}

const steps: Readonly<Record<string, number>> = {
  ArrowLeft: -1,
  ArrowDown: -1,
  ArrowRight: 1,
  ArrowUp: 1,
  PageDown: -12,
  PageUp: 12,
}

/** One path for all, one for the denied part of them: 240 bars are two elements. */
function Bars({ density }: { density: Density }) {
  const [all, denied] = useMemo(() => {
    const most = Math.max(1, ...density.exchanges)
    const path = (counts: readonly number[]) =>
      counts
        .map((count, at) => (count === 0 ? '' : `M${at} 24h0.8v-${barHeight(count, most).toFixed(2)}h-0.8z`))
        .join('')
    return [path(density.exchanges), path(density.denied)]
  }, [density])
  return (
    <svg className="time-bars" viewBox={`0 0 ${parts} 24`} preserveAspectRatio="none" aria-hidden="true">
      <path className="time-all" d={all} />
      <path className="time-denied" d={denied} />
    </svg>
  )
}

/** With its date where the recorded time is longer than a day. */
function endText(at: number, to: number, from: number): string {
  return to - from > 86_400_000 ? dateText(at).slice(0, 16) : momentText(at, to - from)
}

/** Milliseconds only where bars are that close. */
function momentText(at: number, span: number): string {
  return span < 240_000 ? clockText(at) : clockText(at).slice(0, 8)
}

function useSelectedTime(): number | undefined {
  const index = useTraffic((traffic) => (traffic.selected === undefined ? -1 : traffic.selectedIndex))
  useRowVersion()
  return index < 0 ? undefined : table.row(index)?.startedAt
}

import type { ReactNode } from 'react'
import { create } from 'zustand'
import type { TrafficRow } from '../../gateway-core/protocol/types.ts'
import { visible } from '../../gateway-core/visible.ts'
import { clockText, dateText, durationText, instanceName, sizeText } from '../ui/format.ts'
import { VerdictMark } from '../ui/verdict-mark.tsx'
import { decisionOf } from './decision.ts'
import { SealedText, sealedWords } from './sealed-text.tsx'

/** A column of the table. `width` in px; the one without takes what is left. */
export interface Column {
  id: string
  title: string
  width?: number
  right?: boolean
  /** The width is a person's choice. */
  chosen?: true
  /** Shown until somebody chooses otherwise. */
  first?: boolean
  /** Where there is little room, columns go in this order, the highest first. */
  spare?: number
  cell(row: TrafficRow): ReactNode
}

/** What went by the forward proxy and met no route went anywhere: its host says more than its path. */
function addressOf({ observed, method, host, url }: TrafficRow): string {
  return observed || method === 'CONNECT' ? host + url : url
}

const dim = (text: string) => <span className="dim">{text}</span>

export const columns: readonly Column[] = [
  {
    id: 'time',
    title: 'Time',
    width: 108,
    first: true,
    cell: (row) => (
      <span className="dim" title={dateText(row.startedAt)}>
        {clockText(row.startedAt)}
      </span>
    ),
  },
  { id: 'method', title: 'Method', width: 80, first: true, cell: (row) => visible(row.method, 16) || '?' },
  { id: 'host', spare: 6, title: 'Host', width: 150, cell: (row) => dim(visible(row.host, 80)) },
  {
    id: 'path',
    title: 'Path',
    first: true,
    cell: (row) => (
      <span title={visible(sealedWords(addressOf(row)), 2000)}>
        <SealedText text={addressOf(row)} most={300} />
      </span>
    ),
  },
  {
    id: 'consumer',
    spare: 3,
    title: 'Caller',
    width: 96,
    first: true,
    cell: (row) => dim(visible(row.consumer ?? '–', 60)),
  },
  { id: 'client', spare: 7, title: 'Client', width: 110, cell: (row) => dim(row.clientAddress) },
  {
    id: 'status',
    title: 'Status',
    width: 54,
    right: true,
    first: true,
    cell: (row) => (row.status === 0 ? '–' : row.status),
  },
  { id: 'answer', title: 'Decided by', width: 222, first: true, cell: (row) => <Answer row={row} /> },
  { id: 'api', spare: 5, title: 'API', width: 90, cell: (row) => dim(row.api ?? '–') },
  { id: 'route', spare: 8, title: 'Route', width: 150, cell: (row) => dim(row.route ?? '–') },
  {
    id: 'size',
    spare: 9,
    title: 'Size',
    width: 58,
    right: true,
    first: true,
    cell: (row) => dim(sizeText(row.responseBytes)),
  },
  {
    id: 'duration',
    spare: 4,
    title: 'Took',
    width: 66,
    right: true,
    first: true,
    cell: (row) => dim(row.state === 'open' ? 'open' : durationText(row.durationMicros)),
  },
]

/** The chosen columns that fit: the least important ones go first. Path keeps room for a few segments. */
export function fitting(
  ids: readonly string[],
  width: number,
  widths: Readonly<Record<string, number>> = {},
): Column[] {
  const chosen = columns.filter(({ id }) => ids.includes(id)).map((column) => sized(column, widths[column.id]))
  const needed = (list: readonly Column[]) => list.reduce((sum, { width: own }) => sum + (own ?? leastFlexible), 8)
  for (;;) {
    if (width === 0 || needed(chosen) <= width) return chosen
    const spare = chosen.reduce((most, { spare }) => Math.max(most, spare ?? 0), 0)
    if (spare === 0) return chosen
    chosen.splice(
      chosen.findIndex((column) => column.spare === spare),
      1,
    )
  }
}

function sized(column: Column, width: number | undefined): Column {
  return column.width === undefined || width === undefined ? column : { ...column, width, chosen: true }
}

/** Least width of the column that takes what is left. */
export const leastFlexible = 150

function Answer({ row }: { row: TrafficRow }) {
  const { verdict, who, why } = decisionOf(row)
  return (
    <VerdictMark verdict={verdict} title={`${who ? `${who}: ` : ''}${why}`}>
      {`${who ? `${who} · ` : ''}${why}`}
    </VerdictMark>
  )
}

const keptUnder = 'gatehouse traffic columns'

interface Chosen {
  ids: readonly string[]
  toggle(id: string): void
}

/** Which columns are shown; kept. */
export const useColumns = create<Chosen>((set, get) => ({
  ids: readChoice(),
  toggle(id) {
    const { ids } = get()
    const next = ids.includes(id) ? ids.filter((one) => one !== id) : [...ids, id]
    if (next.length === 0) return
    localStorage.setItem(keptUnder, JSON.stringify(next))
    set({ ids: next })
  },
}))

function readChoice(): string[] {
  const standard = columns.filter(({ first }) => first).map(({ id }) => id)
  try {
    const kept = JSON.parse(localStorage.getItem(keptUnder) ?? 'null') as unknown
    if (!Array.isArray(kept)) return standard
    const known = kept.filter((id): id is string => columns.some((column) => column.id === id))
    return known.length > 0 ? known : standard
  } catch {
    return standard
  }
}

/** Name of what decided, for titles. */
export function shortPolicy(id: string): string {
  return visible(instanceName(id), 60)
}

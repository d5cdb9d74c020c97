import type { ReactNode } from 'react'
import { create } from 'zustand'
import type { TrafficRow } from '../../gateway-core/protocol/types.ts'
import { visible } from '../../gateway-core/visible.ts'
import { clockText, dateText, durationText, instanceName, sizeText } from '../ui/format.ts'
import { VerdictMark } from '../ui/verdict-mark.tsx'
import { decisionOf } from './decision.ts'

/** A column of the table. `width` in px; the one without takes what is left. */
export interface Column {
  id: string
  title: string
  width?: number
  right?: boolean
  /** Shown until somebody chooses otherwise. */
  first?: boolean
  cell(row: TrafficRow): ReactNode
}

const dim = (text: string) => <span className="dim">{text}</span>

export const columns: readonly Column[] = [
  {
    id: 'time',
    title: 'Time',
    width: 98,
    first: true,
    cell: (row) => (
      <span className="dim" title={dateText(row.startedAt)}>
        {clockText(row.startedAt)}
      </span>
    ),
  },
  { id: 'method', title: 'Method', width: 66, first: true, cell: (row) => visible(row.method, 16) || '?' },
  { id: 'host', title: 'Host', width: 150, cell: (row) => dim(visible(row.host, 80)) },
  { id: 'path', title: 'Path', first: true, cell: (row) => visible(row.url, 300) },
  { id: 'consumer', title: 'Caller', width: 104, first: true, cell: (row) => dim(visible(row.consumer ?? '–', 60)) },
  { id: 'client', title: 'Client', width: 110, cell: (row) => dim(row.clientAddress) },
  {
    id: 'status',
    title: 'Status',
    width: 54,
    right: true,
    first: true,
    cell: (row) => (row.status === 0 ? '–' : row.status),
  },
  { id: 'answer', title: 'Decided by', width: 236, first: true, cell: (row) => <Answer row={row} /> },
  { id: 'api', title: 'API', width: 90, cell: (row) => dim(row.api ?? '–') },
  { id: 'route', title: 'Route', width: 150, cell: (row) => dim(row.route ?? '–') },
  { id: 'size', title: 'Size', width: 58, right: true, first: true, cell: (row) => dim(sizeText(row.responseBytes)) },
  {
    id: 'duration',
    title: 'Took',
    width: 66,
    right: true,
    first: true,
    cell: (row) => dim(row.state === 'open' ? 'open' : durationText(row.durationMicros)),
  },
]

function Answer({ row }: { row: TrafficRow }) {
  const { verdict, who, why } = decisionOf(row)
  return (
    <VerdictMark verdict={verdict}>
      {who && `${who} · `}
      {why}
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

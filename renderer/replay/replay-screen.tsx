import { useEffect, useState } from 'react'
import type { ReplayEntry } from '../../gateway-core/protocol/replay.ts'
import { core } from '../core/core.ts'
import { useNavigation } from '../shell/navigation.ts'
import { tellFailure } from '../shell/notices.ts'
import { EmptyState } from '../ui/empty-state.tsx'

/** Requests that are edited and sent. */
export function ReplayScreen() {
  const wanted = useNavigation((navigation) => navigation.replayEntry)
  const [entry, setEntry] = useState<ReplayEntry>()
  useEffect(() => {
    if (wanted) core.call('replay.get', { id: wanted.id }).then(setEntry, tellFailure)
  }, [wanted])
  if (!entry) return <EmptyState title="No request yet">Open one from Traffic.</EmptyState>
  return <h2>{entry.name}</h2>
}

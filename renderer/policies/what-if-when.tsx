import { useEffect, useState } from 'react'
import type { Density } from '../../gateway-core/capture/store.ts'
import type { WhatIfList } from '../../gateway-core/protocol/what-if.ts'
import { core } from '../core/core.ts'
import { clockText } from '../ui/format.ts'
import { kindLooks } from './what-if.ts'
import { useWhatIf } from './what-if-store.ts'

const parts = 48
const height = 18

/** When the changed exchanges came, among all recorded ones: bursts are seen at once. */
export function WhatIfWhen({ kind }: { kind: WhatIfList }) {
  const run = useWhatIf((whatIf) => whatIf.run)
  const done = useWhatIf((whatIf) => whatIf.state === 'done')
  const [when, setWhen] = useState<{ all: Density; changed: Density }>()
  useEffect(() => {
    if (!done) return
    let wanted = true
    Promise.all([core.call('past.density', { query: '', parts }), core.call('whatIf.when', { run, kind, parts })]).then(
      ([all, changed]) => wanted && setWhen({ all, changed }),
      // Another question was asked meanwhile: its answer brings its own bars.
      () => undefined,
    )
    return () => {
      wanted = false
    }
  }, [run, kind, done])
  if (!when || when.all.to <= when.all.from) return null
  const { all, changed } = when
  const most = Math.max(1, ...all.exchanges)
  return (
    <span className="what-if-when" title={`Between ${clockText(all.from)} and ${clockText(all.to)}`}>
      <svg viewBox={`0 0 ${parts} ${height}`} preserveAspectRatio="none" role="img" aria-label={spoken(changed)}>
        <path className="when-all" d={bars(all.exchanges, most)} />
        <path className={`when-${kindLooks[kind].tone}`} d={bars(changed.exchanges, most)} />
      </svg>
    </span>
  )
}

function bars(counts: readonly number[], most: number): string {
  return counts
    .map((count, at) =>
      count === 0 ? '' : `M${at} ${height}h0.8v-${Math.max(1.5, (count / most) * height).toFixed(2)}h-0.8z`,
    )
    .join('')
}

function spoken({ exchanges, from, to }: Density): string {
  const first = exchanges.findIndex((count) => count > 0)
  const last = exchanges.findLastIndex((count) => count > 0)
  const at = (part: number) => clockText(from + (part / exchanges.length) * (to - from)).slice(0, 8)
  return first < 0 ? 'None of them is in the capture any more' : `Between ${at(first)} and ${at(last + 1)}`
}

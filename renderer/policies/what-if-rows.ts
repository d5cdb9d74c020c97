import { useEffect, useState } from 'react'
import type { WhatIfList, WhatIfRow } from '../../gateway-core/protocol/what-if.ts'
import { core } from '../core/core.ts'

const page = 100

/** The rows that are seen, asked for page by page. Undefined: not here yet. */
export function useRows(run: number, kind: WhatIfList, total: number, first: number, last: number) {
  const [known, setKnown] = useState<{ of: string; rows: ReadonlyMap<number, WhatIfRow> }>({ of: '', rows: new Map() })
  const of = `${run} ${kind} ${total}`
  const from = Math.max(0, Math.floor(first / page) * page)
  const to = Math.min(total, (Math.floor(Math.max(last, 0) / page) + 1) * page)
  useEffect(() => {
    if (to <= from) return
    let wanted = true
    core.call('whatIf.rows', { run, kind, from, count: to - from }).then(
      (found) => {
        if (!wanted) return
        setKnown((before) => {
          const rows = new Map(before.of === of ? before.rows : [])
          for (const [at, row] of found.entries()) rows.set(from + at, row)
          return { of, rows }
        })
      },
      // Another question was asked meanwhile.
      () => undefined,
    )
    return () => {
      wanted = false
    }
  }, [run, kind, of, from, to])
  // Rows of the answer before stay until those of this one are here: nothing flickers.
  return (at: number): WhatIfRow | undefined => known.rows.get(at)
}

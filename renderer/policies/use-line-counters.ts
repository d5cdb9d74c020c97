import { useEffect, useMemo, useState } from 'react'
import { core } from '../core/core.ts'
import { useWorkspace } from '../shell/workbench.ts'
import { countersByLine, type LineCounter } from './gutter.ts'
import { mapLines } from './lines.ts'
import { usePolicies } from './policies-store.ts'

/**
 * The counters of a file at the lines where their policies stand in the text as typed. `changed`: that line is edited,
 * and what was counted was counted with the text in force.
 */
export function useLineCounters(path: string): (LineCounter & { changed: boolean })[] {
  const counters = usePolicies((state) => state.counters)
  const text = usePolicies(({ documents }) => documents[path]?.text ?? '')
  const inForce = useTextInForce(path)
  const byLine = useMemo(() => countersByLine(counters, path), [counters, path])
  const lines = useMemo(() => mapLines(inForce, text), [inForce, text])
  return useMemo(
    () =>
      byLine.flatMap((counter) => {
        const now = lines.now(counter.line)
        return now ? [{ ...counter, line: now.line, changed: now.changed }] : []
      }),
    [byLine, lines],
  )
}

/** The text that the gateway enforces: the saved one, except while that has problems. */
function useTextInForce(path: string): string {
  const saved = usePolicies(({ documents }) => documents[path]?.base.text ?? '')
  const workspace = useWorkspace()
  const revision = workspace?.lastGood ? workspace.revision : undefined
  const [older, setOlder] = useState<{ revision: string; path: string; text: string }>()
  useEffect(() => {
    if (revision === undefined) return
    let wanted = true
    core.call('files.read', { path, revision }).then(
      ({ text }) => wanted && setOlder({ revision, path, text }),
      () => wanted && setOlder(undefined),
    )
    return () => {
      wanted = false
    }
  }, [path, revision])
  return revision !== undefined && older?.revision === revision && older.path === path ? older.text : saved
}

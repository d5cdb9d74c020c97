import { useEffect, useMemo } from 'react'
import type { WhatIfLine } from '../../gateway-core/protocol/what-if.ts'
import { type Editor, monaco } from '../monaco/monaco.ts'
import { mapLines } from './lines.ts'
import { usePolicies } from './policies-store.ts'
import { useWhatIf } from './what-if-store.ts'

/** Marks the lines that the chosen difference comes from, while it is looked at. */
export function useBlameMarks(editor: Editor, path: string): void {
  const blame = useWhatIf((whatIf) => (whatIf.kind ? whatIf.explained?.blame : undefined))
  useEffect(() => {
    const hunks = (blame ?? []).filter(({ file }) => file === path)
    if (hunks.length === 0 || !editor.getModel()) return
    // Shown, not gone to: the list keeps the focus.
    editor.revealLineInCenterIfOutsideViewport(hunks[0]!.line)
    const marks = editor.createDecorationsCollection(
      hunks.map(({ line, endLine }) => ({
        range: new monaco.Range(line, 1, Math.max(line, endLine), 1),
        options: {
          isWholeLine: true,
          className: 'what-if-blamed',
          linesDecorationsClassName: 'what-if-blamed-edge',
          overviewRuler: { color: { id: 'editorCursor.foreground' }, position: monaco.editor.OverviewRulerLane.Left },
        },
      })),
    )
    return () => marks.clear()
  }, [editor, path, blame])
}

/** What an edit changes, at the lines of the text as typed. */
export function useWhatIfLines(path: string): WhatIfLine[] {
  const lines = useWhatIf((whatIf) => whatIf.counts?.lines)
  const stale = useWhatIf((whatIf) => whatIf.state === 'problem')
  const saved = usePolicies(({ documents }) => documents[path]?.base.text ?? '')
  const text = usePolicies(({ documents }) => documents[path]?.text ?? '')
  return useMemo(() => {
    const own = stale ? [] : (lines ?? []).filter(({ file }) => file === path)
    if (own.length === 0) return []
    const map = mapLines(saved, text)
    return own.flatMap((one) => {
      const now = one.of === 'edited' ? { line: one.line } : map.now(one.line)
      return now ? [{ ...one, line: now.line }] : []
    })
  }, [lines, stale, path, saved, text])
}

import { useEffect, useRef } from 'react'
import { monaco } from '../monaco/monaco.ts'
import { Button } from '../ui/button.tsx'
import { editorOptions } from './code-editor.tsx'
import type { OpenDocument } from './document.ts'
import { resolve } from './files.ts'
import { modelOf, noBracketColors } from './models.ts'
import { usePolicies } from './policies-store.ts'
import './diff-view.css'

/** Milliseconds after which a comparison is given up. */
const longestDiffMs = 5000

/** The text on disk beside the text as typed, which stays editable: what is right of the line is what will be saved. */
export function DiffView({ document, compare }: { document: OpenDocument; compare: 'saved' | 'conflict' }) {
  const host = useRef<HTMLDivElement>(null)
  const { path } = document
  const original = compare === 'conflict' ? document.conflict?.text : document.base.text

  useEffect(() => {
    const model = modelOf(path)
    if (!model || original === undefined) return
    const before = monaco.editor.createModel(original, model.getLanguageId())
    before.updateOptions({ bracketColorizationOptions: noBracketColors })
    const editor = monaco.editor.createDiffEditor(host.current!, {
      ...editorOptions,
      readOnly: false,
      originalEditable: false,
      renderSideBySide: true,
      useInlineViewWhenSpaceIsLimited: true,
      renderSideBySideInlineBreakpoint: 620,
      renderOverviewRuler: false,
      renderGutterMenu: false,
      hideUnchangedRegions: { enabled: true, contextLineCount: 4, minimumLineCount: 4 },
      originalAriaLabel: `${path} on disk`,
      modifiedAriaLabel: `${path} as typed`,
      diffAlgorithm: 'advanced',
      maxComputationTime: longestDiffMs,
    })
    editor.setModel({ original: before, modified: model })
    const first = editor.onDidUpdateDiff(() => {
      const change = editor.getLineChanges()?.[0]
      if (!change) return
      first.dispose()
      editor.getModifiedEditor().revealLineInCenter(Math.max(1, change.modifiedStartLineNumber))
    })
    editor.getModifiedEditor().focus()
    return () => {
      first.dispose()
      editor.dispose()
      // A comparison that is under way in the worker fails when its text goes away.
      setTimeout(() => before.dispose(), longestDiffMs)
    }
  }, [path, original])

  const close = () => usePolicies.setState({ compare: null })
  return (
    <div className="diff">
      <div className="diff-head">
        <span>On disk</span>
        <span>As typed here: this is what saving writes</span>
        {compare === 'conflict' ? (
          <Button kind="main" onClick={() => resolve(path, 'mine')}>
            Use the text on the right
          </Button>
        ) : (
          <Button onClick={close}>Back to the text</Button>
        )}
      </div>
      <div className="diff-text" ref={host} />
    </div>
  )
}

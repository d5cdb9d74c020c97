import { useEffect, useRef, useState } from 'react'
import { type Editor, monaco } from '../monaco/monaco.ts'
import { runAction } from '../shell/actions.ts'
import { kindOf } from './file-list.ts'
import { Gutter } from './gutter-column.tsx'
import { modelOf } from './models.ts'
import { usePolicies } from './policies-store.ts'
import { restCaret } from './resting-caret.ts'
import './code-editor.css'

const viewStates = new Map<string, monaco.editor.ICodeEditorViewState | null>()

/** The editor that is on the screen, for commands; undefined while there is none. */
let current: Editor | undefined
export function currentEditor(): Editor | undefined {
  return current
}

export const editorOptions: monaco.editor.IEditorOptions & monaco.editor.IGlobalEditorOptions = {
  automaticLayout: true,
  fontFamily: '"JetBrains Mono Variable", ui-monospace, monospace',
  fontSize: 12.5,
  lineHeight: 20,
  fontLigatures: false,
  minimap: { enabled: false },
  scrollBeyondLastLine: false,
  smoothScrolling: false,
  // An address in a hostile file is not one click away.
  links: false,
  // The list of problems and the hover offer what mends; a lamp would stand in the text.
  lightbulb: { enabled: monaco.editor.ShowLightbulbIconMode.Off },
  renderLineHighlight: 'all',
  renderLineHighlightOnlyWhenFocus: false,
  lineNumbersMinChars: 3,
  lineDecorationsWidth: 12,
  glyphMargin: false,
  folding: true,
  padding: { top: 8, bottom: 24 },
  overviewRulerBorder: false,
  overviewRulerLanes: 2,
  hideCursorInOverviewRuler: true,
  scrollbar: { verticalScrollbarSize: 10, horizontalScrollbarSize: 10, useShadows: false },
  // A save changes only what was edited: nothing is formatted, trimmed or turned by itself.
  formatOnPaste: false,
  formatOnType: false,
  unusualLineTerminators: 'off',
  wordBasedSuggestions: 'off',
  quickSuggestions: { other: true, comments: false, strings: true },
  fixedOverflowWidgets: true,
  stickyScroll: { enabled: false },
  guides: { indentation: true },
  renderWhitespace: 'selection',
  renderFinalNewline: 'on',
  'semanticHighlighting.enabled': false,
  tabSize: 2,
  accessibilityPageSize: 40,
}

/** The text of the file in front, with what live traffic did beside each policy. */
export function CodeEditor({ path }: { path: string }) {
  const host = useRef<HTMLDivElement>(null)
  const [editor, setEditor] = useState<Editor>()
  const readOnly = usePolicies(({ documents }) => documents[path]?.readOnly ?? false)

  useEffect(() => {
    const made = monaco.editor.create(host.current!, { ...editorOptions, model: null })
    made.onDidChangeCursorPosition(({ position }) =>
      usePolicies.setState({ cursor: { line: position.lineNumber, column: position.column } }),
    )
    restCaret(made)
    keepCaretInView(made)
    // Monaco waits for a second key after this one; here it finds anything, as everywhere.
    made.addCommand(monaco.KeyMod.CtrlCmd | monaco.KeyCode.KeyK, () => runAction('view.palette'))
    current = made
    setEditor(made)
    return () => {
      if (current === made) current = undefined
      made.dispose()
    }
  }, [])

  useEffect(() => {
    const model = modelOf(path)
    if (!editor || !model) return
    editor.setModel(model)
    editor.restoreViewState(viewStates.get(path) ?? null)
    const position = editor.getPosition()
    if (position) usePolicies.setState({ cursor: { line: position.lineNumber, column: position.column } })
    if (document.activeElement === document.body) editor.focus()
    return () => {
      if (!model.isDisposed()) viewStates.set(path, editor.saveViewState())
      else viewStates.delete(path)
    }
  }, [editor, path])

  useEffect(() => {
    editor?.updateOptions({ readOnly, ariaLabel: `${path}${readOnly ? ', read only' : ''}` })
  }, [editor, path, readOnly])

  useReveal(editor, path)

  const counted = useIsCounted(path)
  return (
    <div className="code-area" data-gutter={counted}>
      {editor && counted && <Gutter editor={editor} path={path} />}
      <div className="code-text" ref={host} />
    </div>
  )
}

/** Whether live traffic can be counted beside the lines of a file: where policies are written, or change. */
function useIsCounted(path: string): boolean {
  return usePolicies(({ tree, counters }) => {
    const kind = kindOf(tree, path)
    return (
      kind === 'workspace' || kind === 'policies' || (counters?.policies.some(({ file }) => file === path) ?? false)
    )
  })
}

/** A list of problems that grows below takes height from the text, never the line that one types in. */
function keepCaretInView(editor: Editor): void {
  let height = 0
  editor.onDidLayoutChange((layout) => {
    const shrinks = layout.height < height
    height = layout.height
    const line = editor.getPosition()?.lineNumber
    if (!shrinks || line === undefined || !editor.hasTextFocus()) return
    const below = editor.getTopForLineNumber(line + 1) - editor.getScrollTop() + layout.horizontalScrollbarHeight
    // Only where it was seen before: somebody may have scrolled away from it.
    if (below > layout.height && below <= layout.height + 400) {
      editor.setScrollTop(editor.getScrollTop() + below - layout.height + 8)
    }
  })
}

/** Goes to the line that something led to, and marks it for a moment. */
function useReveal(editor: Editor | undefined, path: string): void {
  const reveal = usePolicies((state) => state.reveal)
  useEffect(() => {
    if (!editor || reveal?.path !== path || !editor.getModel()) return
    usePolicies.setState({ reveal: undefined })
    const place = editor.getModel()!.validatePosition({ lineNumber: reveal.line, column: reveal.column })
    editor.setPosition(place)
    editor.revealPositionInCenter(place, monaco.editor.ScrollType.Immediate)
    editor.focus()
    const range = new monaco.Range(place.lineNumber, 1, place.lineNumber, 1)
    const mark = editor.createDecorationsCollection([
      { range, options: { isWholeLine: true, className: 'code-found' } },
    ])
    setTimeout(() => mark.clear(), 1600)
  }, [editor, path, reveal])
}

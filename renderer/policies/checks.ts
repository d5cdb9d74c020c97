import type { Problem } from '../../gateway-core/protocol/types.ts'
import { core } from '../core/core.ts'
import { monaco } from '../monaco/monaco.ts'
import { createChecker, type Checker } from './checker.ts'
import { documentAt, usePolicies } from './policies-store.ts'
import { modelOf } from './models.ts'

/** How long typing pauses before the core is asked, in ms. */
const pause = 180
export const markerOwner = 'gatehouse'

const checkers = new Map<string, Checker<readonly Problem[]>>()

/** Checks open documents as one types, by the core's own rules, and marks what it finds. */
export function followTyping(): void {
  usePolicies.subscribe((state, before) => {
    const { active, documents } = state
    for (const path of checkers.keys()) {
      if (documents[path]) continue
      checkers.get(path)!.cancel()
      checkers.delete(path)
    }
    if (active === null) return
    const document = documents[active]
    if (!document) return
    if (active !== before.active || !before.documents[active]) checkerOf(active).checkNow(document.text)
    else if (document.text !== before.documents[active].text) checkerOf(active).check(document.text)
  })
}

/** Checks the document in front again, because another file changed. */
export function checkAgain(): void {
  const { active, documents } = usePolicies.getState()
  const document = active === null ? undefined : documents[active]
  if (document) checkerOf(document.path).check(document.text)
}

function checkerOf(path: string): Checker<readonly Problem[]> {
  const known = checkers.get(path)
  if (known) return known
  let running: AbortController | undefined
  const checker = createChecker<readonly Problem[]>({
    pause,
    ask: (text) => {
      running = new AbortController()
      return core.callWith('files.check', { path, text }, running.signal)
    },
    superseded: () => running?.abort(),
    answer: (problems, text) => {
      usePolicies.setState(({ checked }) => ({ checked: { ...checked, [path]: { problems, text } } }))
      mark(path, problems)
    },
    // The connection says itself that it is gone; what was found before stays on the screen.
    failed: () => undefined,
  })
  checkers.set(path, checker)
  return checker
}

function mark(path: string, problems: readonly Problem[]): void {
  const model = modelOf(path)
  if (!model || !documentAt(path)) return
  const own = problems.filter((problem) => problem.file === path)
  monaco.editor.setModelMarkers(
    model,
    markerOwner,
    own.map((problem) => {
      const line = Math.min(Math.max(1, problem.line), model.getLineCount())
      const { startLineNumber, startColumn, endLineNumber, endColumn } = model.validateRange({
        startLineNumber: line,
        startColumn: problem.column,
        endLineNumber: problem.endLine ?? line,
        endColumn:
          problem.endColumn ??
          model.getWordAtPosition({ lineNumber: line, column: problem.column })?.endColumn ??
          problem.column + 1,
      })
      return {
        startLineNumber,
        startColumn,
        endLineNumber,
        endColumn,
        severity: problem.severity === 'error' ? monaco.MarkerSeverity.Error : monaco.MarkerSeverity.Warning,
        message: problem.suggestion ? `${problem.message} — ${problem.suggestion}` : problem.message,
        code: problem.code,
        source: 'gatehouse',
      }
    }),
  )
}

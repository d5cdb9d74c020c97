import { core } from '../core/core.ts'
import { type Model, monaco } from '../monaco/monaco.ts'
import { tellFailure } from '../shell/notices.ts'
import { loadFile, openFile } from './files.ts'
import { markerOwner } from './checks.ts'
import { diffLines } from './line-diff.ts'
import { modelOf, pathOf, uriOf } from './models.ts'
import { usePolicies } from './policies-store.ts'
import { replacementOf } from './problems.ts'

const languages = ['yaml', 'json']
/** What a name may hold: `jwt-auth`, `environments/local.yaml`, `mobile-app-key`. */
const namePattern = /[\w./-]+/g

/** Gives the editors what the core knows: where a name is defined, how it is renamed, what was meant instead. */
export function registerLanguageFeatures(): void {
  // A double click and a completion take the whole of a name like jwt-auth.
  monaco.languages.setLanguageConfiguration('yaml', { wordPattern: /[\w-]+/g })
  monaco.languages.registerDefinitionProvider(languages, { provideDefinition: findDefinition })
  monaco.languages.registerCompletionItemProvider('yaml', {
    triggerCharacters: [' ', '[', ','],
    provideCompletionItems: completeNames,
  })
  monaco.languages.registerRenameProvider(languages, { provideRenameEdits: rename, resolveRenameLocation: nameAt })
  monaco.languages.registerCodeActionProvider(languages, { provideCodeActions: quickFixes })
  monaco.editor.registerEditorOpener({
    openCodeEditor: async (_source, resource, place) => {
      const start =
        place && ('startLineNumber' in place ? place : { startLineNumber: place.lineNumber, startColumn: place.column })
      await openFile(decodeURIComponent(resource.path.slice(1)), start?.startLineNumber, start?.startColumn)
      return true
    },
  })
}

async function findDefinition(model: Model, { lineNumber: line, column }: monaco.Position) {
  const found = await core.call('files.definition', { path: pathOf(model), text: model.getValue(), line, column })
  if (!found) return null
  // The editor shows a peek of the target only when its text is there.
  await loadFile(found.path)
  modelOf(found.path)
  return { uri: uriOf(found.path), range: new monaco.Range(found.line, found.column, found.line, found.column) }
}

/** Names of the workspace, where one is wanted: the schema knows only that a text stands there. */
async function completeNames(
  model: Model,
  position: monaco.Position,
  _context: unknown,
  token: monaco.CancellationToken,
) {
  const { lineNumber: line, column } = position
  const text = model.getLineContent(line)
  if (/^\s*#/.test(text)) return { suggestions: [] }
  const abort = new AbortController()
  token.onCancellationRequested(() => abort.abort())
  const names = await core
    .callWith('files.names', { path: pathOf(model), text: model.getValue(), line, column }, abort.signal)
    .catch(() => [])
  const before = /[\w./-]*$/.exec(text.slice(0, column - 1))![0].length
  const after = /^[\w./-]*/.exec(text.slice(column - 1))![0].length
  const range = new monaco.Range(line, column - before, line, column + after)
  return {
    suggestions: names.map((name) => ({
      label: name,
      kind: monaco.languages.CompletionItemKind.Reference,
      insertText: name,
      sortText: `0${name}`,
      range,
    })),
  }
}

function nameAt(model: Model, position: monaco.Position) {
  for (const match of model.getLineContent(position.lineNumber).matchAll(namePattern)) {
    const start = match.index + 1
    const end = start + match[0].length
    if (position.column < start || position.column > end) continue
    return { range: new monaco.Range(position.lineNumber, start, position.lineNumber, end), text: match[0] }
  }
  return { range: monaco.Range.fromPositions(position), text: '', rejectReason: 'Put the cursor on a name.' }
}

async function rename(model: Model, { lineNumber: line, column }: monaco.Position, name: string) {
  try {
    const { files } = await core.call('files.rename', {
      path: pathOf(model),
      text: model.getValue(),
      line,
      column,
      name,
    })
    if (files.length === 0) return { edits: [], rejectReason: 'Nothing here has a name that can be changed.' }
    const edits = []
    for (const { path, text } of files) {
      await loadFile(path)
      const target = modelOf(path)
      if (target) edits.push(...textEdits(target, text))
      usePolicies.setState(({ tabs }) => (tabs.includes(path) ? {} : { tabs: [...tabs, path] }))
    }
    return { edits }
  } catch (error) {
    return { edits: [], rejectReason: error instanceof Error ? error.message : String(error) }
  }
}

/** The lines that differ, as edits of a model: one undo takes them back. */
function textEdits(model: Model, text: string): monaco.languages.IWorkspaceTextEdit[] {
  const after = text.split(/\r\n|\r|\n/)
  return diffLines(model.getLinesContent(), after).map((hunk) => {
    const lines = after.slice(hunk.bStart, hunk.bEnd)
    const whole = hunk.aEnd > hunk.aStart
    const end = whole ? model.getLineMaxColumn(hunk.aEnd) : 1
    const range = new monaco.Range(hunk.aStart + 1, 1, whole ? hunk.aEnd : hunk.aStart + 1, end)
    const inserted = lines.join(model.getEOL()) + (whole ? '' : model.getEOL())
    return { resource: model.uri, versionId: model.getVersionId(), textEdit: { range, text: inserted } }
  })
}

function quickFixes(model: Model, range: monaco.Range) {
  const path = pathOf(model)
  const checked = usePolicies.getState().checked[path]
  const markers = monaco.editor.getModelMarkers({ resource: model.uri, owner: markerOwner })
  const actions: monaco.languages.CodeAction[] = []
  for (const problem of checked?.problems ?? []) {
    if (problem.file !== path || problem.line < range.startLineNumber || problem.line > range.endLineNumber) continue
    if (problem.line > model.getLineCount()) continue
    const replacement = replacementOf(problem, model.getLineContent(problem.line))
    if (!replacement) continue
    const { line, column, endColumn, text } = replacement
    const edit = { range: new monaco.Range(line, column, line, endColumn), text }
    actions.push({
      title: `Write "${text}" instead`,
      kind: 'quickfix',
      isPreferred: true,
      diagnostics: markers.filter((marker) => marker.startLineNumber === line && marker.startColumn === problem.column),
      edit: { edits: [{ resource: model.uri, versionId: model.getVersionId(), textEdit: edit }] },
    })
  }
  return { actions, dispose: () => undefined }
}

/** Puts a quick fix in, as the list of problems offers it. */
export function applyFix(path: string, problem: Parameters<typeof replacementOf>[0]): void {
  const model = modelOf(path)
  if (!model || problem.line > model.getLineCount()) return
  const replacement = replacementOf(problem, model.getLineContent(problem.line))
  if (!replacement) return tellFailure(new Error('The line has changed since: look at it once more.'))
  const { line, column, endColumn, text } = replacement
  model.pushStackElement()
  model.pushEditOperations([], [{ range: new monaco.Range(line, column, line, endColumn), text }], () => null)
  model.pushStackElement()
}

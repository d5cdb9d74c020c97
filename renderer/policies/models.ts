import { type Model, monaco } from '../monaco/monaco.ts'
import { keepLineEndings, mixesLineEndings } from './line-endings.ts'
import { diffLines } from './line-diff.ts'
import { documentAt, usePolicies } from './policies-store.ts'
import { typed } from './files.ts'
import { followSchema } from './schemas.ts'

const models = new Map<string, Model>()
/** Colour carries a verdict here, not a depth. */
export const noBracketColors = { enabled: false, independentColorPoolPerBracketType: false }
/** Set while a text is put into a model that nobody typed. */
let putting = false

/** The text model of an open document, made when it is first asked for. Undefined when the document is not open. */
export function modelOf(path: string): Model | undefined {
  const known = models.get(path)
  if (known) return known
  const document = documentAt(path)
  if (!document) return undefined
  const model = monaco.editor.createModel(document.text, languageOf(path), uriOf(path))
  model.updateOptions({
    tabSize: 2,
    insertSpaces: true,
    trimAutoWhitespace: true,
    bracketColorizationOptions: noBracketColors,
  })
  model.onDidChangeContent(() => {
    if (!putting) typed(path, textOf(path, model))
  })
  models.set(path, model)
  followSchema(path, model)
  return model
}

export function pathOf(model: Model): string {
  return decodeURIComponent(model.uri.path.slice(1))
}

export function uriOf(path: string): monaco.Uri {
  return monaco.Uri.from({ scheme: 'file', path: `/${path}` })
}

/** Keeps the models as the documents say: texts that were not typed are put in, models of closed files go. */
export function followDocuments(): void {
  usePolicies.subscribe(({ documents }, { documents: before }) => {
    if (documents === before) return
    for (const [path, model] of models) {
      const document = documents[path]
      if (!document) {
        models.delete(path)
        model.dispose()
      } else if (document !== before[path] && document.text !== textOf(path, model)) {
        putText(model, document.text)
      }
    }
  })
}

/** Writes a text as somebody who types: the lines that differ, to be undone in one step. */
export function typeText(path: string, text: string): void {
  const model = modelOf(path)
  if (model) editText(model, text)
}

/** The text as a save writes it: byte for byte as it was, where nobody edited. */
function textOf(path: string, model: Model): string {
  const text = model.getValue(undefined, true)
  const original = documentAt(path)?.base.text
  return original !== undefined && mixesLineEndings(original) ? keepLineEndings(original, text) : text
}

/** A text that nobody typed. */
function putText(model: Model, text: string): void {
  putting = true
  try {
    editText(model, text)
  } finally {
    putting = false
  }
}

/** Changes a model by the lines that differ, so that the cursor, folds and undo stay. */
function editText(model: Model, text: string): void {
  const bare = text.startsWith('\uFEFF') ? text.slice(1) : text
  const after = bare.split(/\r\n|\r|\n/)
  const edits = diffLines(model.getLinesContent(), after).map((hunk) => {
    const lines = after.slice(hunk.bStart, hunk.bEnd)
    const last = model.getLineCount()
    if (hunk.aEnd < last) {
      const range = new monaco.Range(hunk.aStart + 1, 1, hunk.aEnd + 1, 1)
      return { range, text: lines.map((line) => `${line}${model.getEOL()}`).join('') }
    }
    // At the end of the text the line end before the hunk goes or comes with it.
    if (hunk.aStart === 0) return { range: model.getFullModelRange(), text: lines.join(model.getEOL()) }
    const from = model.getLineMaxColumn(hunk.aStart)
    const range = new monaco.Range(hunk.aStart, from, last, model.getLineMaxColumn(last))
    return { range, text: lines.map((line) => `${model.getEOL()}${line}`).join('') }
  })
  model.pushStackElement()
  model.pushEditOperations([], edits, () => null)
  model.pushStackElement()
}

function languageOf(path: string): string {
  if (/\.ya?ml$/i.test(path)) return 'yaml'
  if (/\.json$/i.test(path)) return 'json'
  return /\.(md|markdown)$/i.test(path) ? 'markdown' : 'plaintext'
}

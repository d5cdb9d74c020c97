import 'monaco-editor/features/bracketMatching/register.js'
import 'monaco-editor/features/caretOperations/register.js'
import 'monaco-editor/features/clipboard/register.js'
import 'monaco-editor/features/codeAction/register.js'
import 'monaco-editor/features/codeEditor/register.js'
import 'monaco-editor/features/codicon/register.js'
import 'monaco-editor/features/comment/register.js'
import 'monaco-editor/features/contextmenu/register.js'
import 'monaco-editor/features/cursorUndo/register.js'
import 'monaco-editor/features/diffEditor/register.js'
import 'monaco-editor/features/dnd/register.js'
import 'monaco-editor/features/find/register.js'
import 'monaco-editor/features/folding/register.js'
import 'monaco-editor/features/format/register.js'
import 'monaco-editor/features/gotoError/register.js'
import 'monaco-editor/features/gotoLine/register.js'
import 'monaco-editor/features/gotoSymbol/register.js'
import 'monaco-editor/editor/browser/coreCommands.js'
import 'monaco-editor/editor/contrib/gotoSymbol/browser/goToCommands.js'
import 'monaco-editor/features/hover/register.js'
import 'monaco-editor/features/indentation/register.js'
import 'monaco-editor/features/lineSelection/register.js'
import 'monaco-editor/features/linesOperations/register.js'
import 'monaco-editor/features/longLinesHelper/register.js'
import 'monaco-editor/features/multicursor/register.js'
import 'monaco-editor/features/readOnlyMessage/register.js'
import 'monaco-editor/features/rename/register.js'
import 'monaco-editor/features/smartSelect/register.js'
import 'monaco-editor/features/snippet/register.js'
// What `features/suggest` registers leaves out the list of completions itself.
import 'monaco-editor/editor/contrib/suggest/browser/suggestController.js'
import 'monaco-editor/features/toggleTabFocusMode/register.js'
import 'monaco-editor/features/tokenization/register.js'
import 'monaco-editor/features/unicodeHighlighter/register.js'
import 'monaco-editor/features/wordHighlighter/register.js'
import 'monaco-editor/features/wordOperations/register.js'
import 'monaco-editor/languages/definitions/markdown/register.js'
import * as monaco from 'monaco-editor/editor/editor.api.js'
import { startEditorWorker } from './workers.ts'

// Only what these screens use is imported: the whole of Monaco is three times as large.
globalThis.MonacoEnvironment = { getWorker: startEditorWorker }

// These keys go to the next file and back, as everywhere in the window.
const { Alt } = monaco.KeyMod
monaco.editor.addKeybindingRules([
  { keybinding: Alt | monaco.KeyCode.PageUp, command: null },
  { keybinding: Alt | monaco.KeyCode.PageDown, command: null },
])

export { monaco }
export type Editor = monaco.editor.IStandaloneCodeEditor
export type Model = monaco.editor.ITextModel

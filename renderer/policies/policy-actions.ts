import type { Action } from '../shell/actions.ts'
import { currentEditor } from './code-editor.tsx'
import { useCoverage } from './coverage-store.ts'
import { isEdited } from './document.ts'
import { holdsPolicies } from './file-list.ts'
import { closeFile, cycleTab, discardEdits, saveAll, saveFile } from './files.ts'
import { usePolicies } from './policies-store.ts'

const group = 'Policies'

function inFront() {
  const { active, documents } = usePolicies.getState()
  return active === null ? undefined : documents[active]
}

const editedInFront = () => {
  const document = inFront()
  return document !== undefined && isEdited(document)
}
const isOpen = () => inFront() !== undefined

const canAddPolicy = () => {
  const document = inFront()
  return document !== undefined && holdsPolicies(usePolicies.getState().tree, document)
}

function runInEditor(id: string): void {
  const editor = currentEditor()
  editor?.focus()
  void editor?.getAction(id)?.run()
}

/**
 * What can be done on the Policies screen; what the editor itself knows is here too, so that it is found. Keys that the
 * editor has for itself (Ctrl+I, Alt+W) are not taken.
 */
export const policyActions: readonly Action[] = [
  {
    id: 'policies.save',
    title: 'Save and apply',
    group,
    shortcut: 'Mod+S',
    keywords: 'write file',
    run: () => (inFront() ? saveFile(inFront()!.path) : undefined),
  },
  { id: 'policies.saveAll', title: 'Save all files', group, shortcut: 'Mod+Shift+S', run: saveAll },
  {
    id: 'policies.add',
    title: 'Add a policy …',
    group,
    shortcut: 'Mod+J',
    keywords: 'insert snippet type',
    enabled: canAddPolicy,
    run: () => usePolicies.setState({ dialog: 'add' }),
  },
  {
    id: 'policies.open',
    title: 'Open a file …',
    group,
    shortcut: 'Mod+P',
    keywords: 'find go',
    run: () => usePolicies.setState({ dialog: 'open' }),
  },
  {
    id: 'policies.new',
    title: 'New file …',
    group,
    shortcut: 'Mod+Alt+N',
    keywords: 'create test environment openapi rules set',
    run: () => usePolicies.setState({ dialog: 'new', subject: undefined }),
  },
  {
    id: 'policies.renameFile',
    title: 'Rename the file …',
    group,
    keywords: 'move name',
    enabled: isOpen,
    run: () => usePolicies.setState({ dialog: 'rename', subject: inFront()?.path }),
  },
  {
    id: 'policies.deleteFile',
    title: 'Delete the file …',
    group,
    keywords: 'remove',
    enabled: isOpen,
    run: () => usePolicies.setState({ dialog: 'delete', subject: inFront()?.path }),
  },
  {
    id: 'policies.compare',
    title: 'Compare with the saved text',
    group,
    keywords: 'diff changes',
    enabled: editedInFront,
    run: () => usePolicies.setState(({ compare }) => ({ compare: compare ? null : 'saved' })),
  },
  {
    id: 'policies.coverage',
    title: 'Show what recorded traffic exercised',
    group,
    shortcut: 'Mod+Shift+U',
    keywords: 'coverage never hit report',
    run: () => useCoverage.setState(({ report }) => ({ report: !report })),
  },
  {
    id: 'policies.discard',
    title: 'Discard the edits of this file',
    group,
    keywords: 'revert undo',
    enabled: editedInFront,
    run: () => discardEdits(inFront()!.path),
  },
  {
    id: 'policies.close',
    title: 'Close the file',
    group,
    shortcut: 'Alt+Shift+W',
    enabled: isOpen,
    run: () => closeFile(inFront()!.path),
  },
  { id: 'policies.next', title: 'Next file', group, shortcut: 'Alt+PageDown', enabled: isOpen, run: () => cycleTab(1) },
  {
    id: 'policies.previous',
    title: 'Previous file',
    group,
    shortcut: 'Alt+PageUp',
    enabled: isOpen,
    run: () => cycleTab(-1),
  },
  {
    id: 'policies.definition',
    title: 'Go to the definition',
    group,
    enabled: isOpen,
    run: () => runInEditor('editor.action.revealDefinition'),
  },
  {
    id: 'policies.explain',
    title: 'Explain what is at the cursor',
    group,
    shortcut: 'Shift+F1',
    whileTyping: true,
    keywords: 'hover documentation help',
    enabled: isOpen,
    run: () => runInEditor('editor.action.showHover'),
  },
  {
    id: 'policies.rename',
    title: 'Rename what is at the cursor',
    group,
    enabled: isOpen,
    run: () => runInEditor('editor.action.rename'),
  },
  {
    id: 'policies.fix',
    title: 'Fix the problem at the cursor',
    group,
    keywords: 'did you mean',
    enabled: isOpen,
    run: () => runInEditor('editor.action.quickFix'),
  },
  {
    id: 'policies.problem',
    title: 'Next problem',
    group,
    enabled: isOpen,
    run: () => runInEditor('editor.action.marker.next'),
  },
  {
    id: 'policies.format',
    title: 'Format the file',
    group,
    keywords: 'prettier layout',
    enabled: isOpen,
    run: () => runInEditor('editor.action.formatDocument'),
  },
]

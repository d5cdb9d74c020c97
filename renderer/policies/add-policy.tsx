import { Command } from 'cmdk'
import { core } from '../core/core.ts'
import { tellFailure } from '../shell/notices.ts'
import { Dialog } from '../ui/dialog.tsx'
import { currentEditor } from './code-editor.tsx'
import { monaco } from '../monaco/monaco.ts'
import { modelOf } from './models.ts'
import { usePolicies } from './policies-store.ts'
import './picker.css'

/** Every policy type with what it does and the OWASP rows it serves; the one that is chosen is written into the file. */
export function AddPolicyDialog() {
  const open = usePolicies((state) => state.dialog === 'add')
  const types = usePolicies((state) => state.types)
  const place = usePolicies((state) => `${state.active}, line ${state.cursor.line}`)
  const close = () => usePolicies.setState({ dialog: null })
  return (
    <Dialog
      open={open}
      onClose={close}
      title="Add a policy"
      about={`Written at ${place}; undo takes it back.`}
      width={620}
    >
      <Command label="Policy types" loop className="picker">
        <Command.Input placeholder="What should it do? Try token, limit, API3 …" className="picker-input" autoFocus />
        <Command.List className="picker-list">
          <Command.Empty className="picker-empty">No policy type is about that.</Command.Empty>
          {types.map(({ type, summary, owasp }) => (
            <Command.Item
              key={type}
              value={type}
              keywords={[...summary.split(/\W+/), ...owasp]}
              className="picker-item"
              onSelect={() => {
                close()
                void insertPolicy(type)
              }}
            >
              <span className="picker-name">{type}</span>
              <span className="picker-about">{summary}</span>
              <span className="picker-rows">{owasp.map((row) => row.replace(/:\d+$/, '')).join(' ')}</span>
            </Command.Item>
          ))}
        </Command.List>
      </Command>
    </Dialog>
  )
}

/** Writes a documented policy near the cursor, as one step that undo takes back, and goes to what is to be filled in. */
export async function insertPolicy(type: string): Promise<void> {
  const { active: path, cursor } = usePolicies.getState()
  const model = path === null ? undefined : modelOf(path)
  const editor = currentEditor()
  if (path === null || !model || !editor) return
  const version = model.getVersionId()
  try {
    const {
      offset,
      length,
      text,
      cursor: target,
    } = await core.call('policies.insert', {
      path,
      text: model.getValue(),
      line: cursor.line,
      type,
    })
    // Somebody went on typing: the place may be another one now.
    if (model.getVersionId() !== version) return insertPolicy(type)
    const range = monaco.Range.fromPositions(model.getPositionAt(offset), model.getPositionAt(offset + length))
    editor.pushUndoStop()
    editor.executeEdits('add-policy', [{ range, text, forceMoveMarkers: true }])
    editor.pushUndoStop()
    const position = { lineNumber: target.line, column: target.column }
    editor.setPosition(position)
    editor.revealPositionInCenterIfOutsideViewport(position)
    editor.focus()
  } catch (error) {
    tellFailure(error)
  }
}

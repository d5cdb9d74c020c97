import { Command } from 'cmdk'
import { Dialog } from '../ui/dialog.tsx'
import { currentEditor } from './code-editor.tsx'
import { openFile } from './files.ts'
import { allFiles } from './file-list.ts'
import { usePolicies } from './policies-store.ts'
import './picker.css'

const kindWords = {
  workspace: 'workspace',
  environment: 'environment',
  policies: 'policy sets',
  rules: 'rules',
  openapi: 'OpenAPI document',
  test: 'tests',
  other: '',
}

/** Any file of the workspace by a few letters of its name. */
export function OpenFileDialog() {
  const open = usePolicies((state) => state.dialog === 'open')
  const tree = usePolicies((state) => state.tree)
  const close = () => usePolicies.setState({ dialog: null })
  return (
    <Dialog open={open} onClose={close} title="Open a file" width={520}>
      <Command label="Files" loop className="picker">
        <Command.Input placeholder="A few letters of its name" className="picker-input" autoFocus />
        <Command.List className="picker-list">
          <Command.Empty className="picker-empty">No file has such a name.</Command.Empty>
          {allFiles(tree ?? []).map(({ path, kind }) => (
            <Command.Item
              key={path}
              value={path}
              className="picker-item"
              onSelect={() => {
                close()
                // After the dialog is gone, which gives the focus back to where it was.
                setTimeout(() => void openFile(path).then(() => currentEditor()?.focus()), 0)
              }}
            >
              <span className="picker-file">{path}</span>
              <span className="picker-rows">{kindWords[kind]}</span>
            </Command.Item>
          ))}
        </Command.List>
      </Command>
    </Dialog>
  )
}

import { type FormEvent, useState } from 'react'
import { refusalOf } from '../shell/notices.ts'
import { Button } from '../ui/button.tsx'
import { Dialog } from '../ui/dialog.tsx'
import { Field } from '../ui/field.tsx'
import { Segments } from '../ui/tabs.tsx'
import { isEdited } from './document.ts'
import { createFile, deleteFile, renameFile } from './file-changes.ts'
import { allFiles } from './file-list.ts'
import { newFiles, wrongName } from './new-files.ts'
import { usePolicies } from './policies-store.ts'
import './file-dialogs.css'

const close = () => usePolicies.setState({ dialog: null, subject: undefined })

/** A new file, another name, or none any more. */
export function FileDialogs() {
  const dialog = usePolicies((state) => state.dialog)
  const subject = usePolicies((state) => state.subject)
  if (dialog === 'new') return <NewFile near={subject} />
  if (subject === undefined) return null
  if (dialog === 'rename') return <Rename path={subject} />
  return dialog === 'delete' ? <Delete path={subject} /> : null
}

function NewFile({ near }: { near: string | undefined }) {
  const folder = near?.slice(0, near.indexOf('/') + 1) || (near?.includes('.') ? '' : `${near ?? ''}/`)
  const begin = newFiles.find(({ path }) => folder !== '/' && path.startsWith(folder)) ?? newFiles[0]!
  const [kind, setKind] = useState(begin)
  const [path, setPath] = useState(begin.path)
  const { failure, submit } = useSubmit(path, undefined, createFile)
  return (
    <Dialog open onClose={close} title="New file" width={520}>
      <form className="file-form" onSubmit={submit}>
        <Segments
          label="What it is"
          options={newFiles.map(({ kind: id, title }) => ({ id, title }))}
          value={kind.kind}
          onChange={(id) => {
            const chosen = newFiles.find((one) => one.kind === id)!
            setKind(chosen)
            setPath(chosen.path)
          }}
        />
        <p className="dim file-about">{kind.about}</p>
        <PathField path={path} onChange={setPath} failure={failure} />
        <div className="row">
          <span className="grow" />
          <Button onClick={close}>Cancel</Button>
          <Button kind="main" type="submit" disabled={path.trim() === ''}>
            Create
          </Button>
        </div>
      </form>
    </Dialog>
  )
}

function Rename({ path: from }: { path: string }) {
  const [path, setPath] = useState(from)
  const { failure, submit } = useSubmit(path, from, (to) => (to === from ? Promise.resolve() : renameFile(from, to)))
  return (
    <Dialog
      open
      onClose={close}
      title="Rename the file"
      about="Texts of the workspace that name it follow."
      width={520}
    >
      <form className="file-form" onSubmit={submit}>
        <PathField path={path} onChange={setPath} failure={failure} />
        <div className="row">
          <span className="grow" />
          <Button onClick={close}>Cancel</Button>
          <Button kind="main" type="submit" disabled={path.trim() === '' || path === from}>
            Rename
          </Button>
        </div>
      </form>
    </Dialog>
  )
}

function Delete({ path }: { path: string }) {
  const edited = usePolicies(({ documents }) => documents[path] !== undefined && isEdited(documents[path]!))
  const { failure, submit } = useSubmit(path, path, deleteFile)
  return (
    <Dialog
      open
      onClose={close}
      title="Delete the file"
      about={`${path} goes from disk${edited ? ', and so does what is typed in it and not saved' : ''}. Only version control brings it back.`}
      width={440}
    >
      <form className="file-form" onSubmit={submit}>
        {failure && (
          <p className="tone-deny" role="alert">
            {failure}
          </p>
        )}
        <div className="row">
          <span className="grow" />
          <Button onClick={close} autoFocus>
            Cancel
          </Button>
          <Button kind="main" type="submit">
            Delete
          </Button>
        </div>
      </form>
    </Dialog>
  )
}

function PathField(props: { path: string; onChange: (path: string) => void; failure: string | undefined }) {
  return (
    <Field
      label="Path in the workspace"
      value={props.path}
      error={props.failure}
      autoFocus
      onChange={({ target }) => props.onChange(target.value)}
      onFocus={({ target }) => {
        // What one changes is the name: neither the folder nor the ending.
        const start = target.value.lastIndexOf('/') + 1
        const end = target.value.indexOf('.', start)
        target.setSelectionRange(start, end < 0 ? target.value.length : end)
      }}
    />
  )
}

/** Does it once the name can be right, and says why not. */
function useSubmit(path: string, own: string | undefined, act: (path: string) => Promise<void>) {
  const tree = usePolicies((state) => state.tree)
  const [failure, setFailure] = useState<{ path: string; why: string }>()
  const submit = async (event: FormEvent) => {
    event.preventDefault()
    const taken = new Set(allFiles(tree ?? []).map((file) => file.path))
    if (own !== undefined) taken.delete(own)
    const wrong = wrongName(path, taken)
    if (wrong !== undefined) return setFailure({ path, why: wrong })
    try {
      await act(path)
      close()
    } catch (error) {
      const { what, todo } = refusalOf(error)
      setFailure({ path, why: todo ? `${what} — ${todo}` : what })
    }
  }
  // What was wrong with another name says nothing about this one.
  return { failure: failure?.path === path ? failure.why : undefined, submit: (event: FormEvent) => void submit(event) }
}

import { useEffect, useState } from 'react'
import type { Result } from '../../gateway-core/protocol/protocol.ts'
import { visible } from '../../gateway-core/visible.ts'
import { core } from '../core/core.ts'
import { tellDone, tellFailure } from '../shell/notices.ts'
import { Dialog } from '../ui/dialog.tsx'
import { Field } from '../ui/field.tsx'
import { closeDialog, FormDialog } from './form-dialog.tsx'
import { openEntry, save, useReplay } from './replay-store.ts'
import './request-form.css'

/** Puts a request of the history into a file that the team shares. */
export function KeepDialog() {
  const entry = useReplay((replay) => replay.entry)
  const [file, setFile] = useState('requests.http')
  const [name, setName] = useState(entry?.name ?? '')
  if (!entry) return null
  const keep = async () => {
    await save()
    const kept = await core.call('replay.keep', { id: entry.id, file, name })
    await openEntry(kept.id)
    tellDone(`Kept in ${kept.id.split('#')[0]}`)
  }
  return (
    <FormDialog
      title="Keep in a file"
      about="A .http file of the workspace, for version control. Secrets are not written: a variable stands for each."
      action="Keep"
      ready={file.trim() !== '' && name.trim() !== ''}
      submit={keep}
      fields={(failure) => (
        <>
          <Field label="File in requests/" value={file} onChange={({ target }) => setFile(target.value)} />
          <Field label="Name" value={name} error={failure} onChange={({ target }) => setName(target.value)} />
        </>
      )}
    />
  )
}

/** Begins a request from what the documents of the workspace describe. */
export function OperationDialog() {
  const [operations, setOperations] = useState<Result<'replay.operations'>>()
  const [filter, setFilter] = useState('')
  useEffect(() => {
    core.call('replay.operations').then(setOperations, tellFailure)
  }, [])
  const words = filter.toLowerCase().split(/\s+/)
  const found = (operations ?? []).filter((one) => {
    const text = `${one.method} ${one.path} ${one.operation} ${one.api}`.toLowerCase()
    return words.every((word) => text.includes(word))
  })
  const begin = async ({ api, method, path }: (typeof found)[number]) => {
    try {
      const entry = await core.call('replay.operation', { api, method, path })
      closeDialog()
      await openEntry(entry.id)
    } catch (error) {
      tellFailure(error)
    }
  }
  return (
    <Dialog
      open
      onClose={closeDialog}
      title="A request for an operation"
      about="Filled with the examples of its document."
      width={560}
    >
      <form
        className="replay-form"
        onSubmit={(event) => {
          event.preventDefault()
          if (found[0]) void begin(found[0])
        }}
      >
        <Field label="Find" value={filter} onChange={({ target }) => setFilter(target.value)} placeholder="GET books" />
      </form>
      <ul className="replay-operations" aria-label="Operations">
        {found.slice(0, 200).map((one) => (
          <li key={`${one.api} ${one.method} ${one.path}`}>
            <button type="button" className="replay-item-open" onClick={() => void begin(one)}>
              <span className="replay-method">{one.method}</span>
              <span className="cut grow">{visible(one.path, 200)}</span>
              <span className="faint cut">{visible(one.operation, 60)}</span>
            </button>
          </li>
        ))}
      </ul>
      {operations === undefined && <p className="dim">Reading the documents …</p>}
      {operations?.length === 0 && <p className="dim">No API of this workspace names an OpenAPI document.</p>}
    </Dialog>
  )
}

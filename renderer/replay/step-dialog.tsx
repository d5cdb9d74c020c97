import { useState } from 'react'
import { core } from '../core/core.ts'
import { failureText, tellDone } from '../shell/notices.ts'
import { Button } from '../ui/button.tsx'
import { Dialog } from '../ui/dialog.tsx'
import { Field } from '../ui/field.tsx'
import { loadList, save, useReplay } from './replay-store.ts'
import './request-form.css'

const close = () => useReplay.setState({ dialog: undefined })

/** Makes a request that stands in a file a step of a sequence. */
export function StepDialog() {
  const entry = useReplay((replay) => replay.entry)
  const sequences = useReplay((replay) => replay.list?.sequences) ?? []
  const names = sequences.map(({ path }) => path.replace(/^sequences\//, '').replace(/\.ya?ml$/, ''))
  const [file, setFile] = useState(names[0] ?? 'first')
  const [failure, setFailure] = useState<string>()
  if (!entry) return null
  const add = async () => {
    try {
      await save()
      const added = await core.call('replay.addStep', { id: entry.id, file: file.trim() })
      close()
      await loadList()
      useReplay.setState({ view: 'sequences' })
      tellDone(`Step ${added.steps} of ${added.file}`)
    } catch (error) {
      setFailure(failureText(error))
    }
  }
  return (
    <Dialog
      open
      onClose={close}
      title="Add to a sequence"
      about="It becomes the last step. What a step takes from its answer, and what it expects, is written in the sequence."
    >
      <form
        className="replay-form"
        onSubmit={(event) => {
          event.preventDefault()
          void add()
        }}
      >
        <Field
          label="Sequence in sequences/"
          list="replay-sequence-names"
          value={file}
          error={failure}
          onChange={({ target }) => setFile(target.value)}
        />
        <datalist id="replay-sequence-names">
          {names.map((name) => (
            <option key={name} value={name} />
          ))}
        </datalist>
        <div className="row">
          <Button kind="main" type="submit" disabled={file.trim() === ''}>
            Add
          </Button>
        </div>
      </form>
    </Dialog>
  )
}

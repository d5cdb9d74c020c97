import { useState } from 'react'
import { core } from '../core/core.ts'
import { tellDone } from '../shell/notices.ts'
import { Field } from '../ui/field.tsx'
import { FormDialog } from './form-dialog.tsx'
import { loadList, save, useReplay } from './replay-store.ts'

/** Makes a request that stands in a file a step of a sequence. */
export function StepDialog() {
  const entry = useReplay((replay) => replay.entry)
  const sequences = useReplay((replay) => replay.list?.sequences) ?? []
  const names = sequences.map(({ path }) => path.replace(/^sequences\//, '').replace(/\.ya?ml$/, ''))
  const [file, setFile] = useState(names[0] ?? 'first')
  if (!entry) return null
  const add = async () => {
    await save()
    const added = await core.call('replay.addStep', { id: entry.id, file: file.trim() })
    await loadList()
    useReplay.setState({ view: 'sequences' })
    tellDone(`Step ${added.steps} of ${added.file}`)
  }
  return (
    <FormDialog
      title="Add to a sequence"
      about="It becomes the last step. What a step takes from its answer, and what it expects, is written in the sequence."
      action="Add"
      ready={file.trim() !== ''}
      submit={add}
      fields={(failure) => (
        <>
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
        </>
      )}
    />
  )
}

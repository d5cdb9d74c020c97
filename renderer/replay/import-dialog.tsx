import { useState } from 'react'
import type { Imported } from '../../gateway-core/protocol/replay.ts'
import { visible } from '../../gateway-core/visible.ts'
import { core } from '../core/core.ts'
import { failureText, tellDone } from '../shell/notices.ts'
import { chooseText } from '../traffic/text-files.ts'
import { Button } from '../ui/button.tsx'
import { Dialog } from '../ui/dialog.tsx'
import { Field } from '../ui/field.tsx'
import { plural } from '../ui/format.ts'
import { Segments } from '../ui/tabs.tsx'
import { openEntry, useReplay } from './replay-store.ts'
import './request-form.css'

/** A frame to the core has a limit. */
const mostText = 8_000_000

const close = () => useReplay.setState({ dialog: undefined })

/** Requests from elsewhere: pasted, or from a file. */
export function ImportDialog() {
  const [text, setText] = useState('')
  const [into, setInto] = useState<'history' | 'file'>('history')
  const [file, setFile] = useState('imported')
  const [result, setResult] = useState<Imported>()
  const [failure, setFailure] = useState<string>()
  const read = async () => {
    if (text.length > mostText) {
      setFailure('That is more than 8 MB. Read a large HAR in Traffic, and open its requests from there.')
      return
    }
    setFailure(undefined)
    try {
      const params = { text, name: 'pasted', ...(into === 'file' && { into: file }) }
      const imported = await core.call('replay.import', params)
      setResult(imported)
      const [first] = imported.items
      if (first) await openEntry(first.id)
      if (first && imported.problems.length === 0) {
        tellDone(`${plural(imported.items.length, 'request')} read`)
        close()
      }
    } catch (error) {
      setFailure(failureText(error))
    }
  }
  return (
    <Dialog
      open
      onClose={close}
      title="Import requests"
      about="curl commands, a .http file, a HAR, a Postman collection (v2.1) or an OpenAPI document: which one it is, is found out."
      width={640}
    >
      <form
        className="replay-form"
        onSubmit={(event) => {
          event.preventDefault()
          if (text.trim() !== '') void read()
        }}
      >
        <textarea
          className="replay-paste"
          aria-label="Text to import"
          placeholder={"curl https://localhost:8443/books/1 -H 'Accept: application/json'"}
          rows={10}
          value={text}
          spellCheck={false}
          onChange={({ target }) => setText(target.value)}
          onKeyDown={(event) => {
            if (event.key === 'Enter' && (event.ctrlKey || event.metaKey) && text.trim() !== '') void read()
          }}
        />
        <div className="row">
          <Button
            onClick={() =>
              void chooseText('.har,.json,.http,.rest,.yaml,.yml,.sh,.txt').then(
                (chosen) => chosen !== undefined && setText(chosen),
              )
            }
          >
            Choose a file …
          </Button>
          <span className="grow" />
          <Segments
            label="Where they are kept"
            value={into}
            onChange={setInto}
            options={[
              { id: 'history', title: 'Into the history' },
              { id: 'file', title: 'As a file of the workspace' },
            ]}
          />
        </div>
        {into === 'file' && (
          <Field
            label="File in requests/"
            value={file}
            onChange={({ target }) => setFile(target.value)}
            help="For the team: a .http file that any editor reads. Variables stay variables."
          />
        )}
        <div className="row">
          <Button kind="main" type="submit" disabled={text.trim() === ''}>
            Import
          </Button>
          {failure && (
            <span className="tone-deny" role="alert">
              {visible(failure, 400)}
            </span>
          )}
          {result && <span role="status">{plural(result.items.length, 'request')} read</span>}
        </div>
      </form>
      {result && result.problems.length > 0 && (
        <ul className="replay-problems" aria-label="What was not taken">
          {result.problems.map(({ what, line, todo }, at) => (
            <li key={at}>
              {line !== undefined && <span className="faint num">line {line}: </span>}
              {visible(what, 300)}
              {todo && <span className="dim"> — {visible(todo, 200)}</span>}
            </li>
          ))}
        </ul>
      )}
    </Dialog>
  )
}

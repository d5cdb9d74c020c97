import { useMemo, useState } from 'react'
import type { HeldMessage } from '../../gateway-core/protocol/intercept.ts'
import { visible } from '../../gateway-core/visible.ts'
import { bytesText } from '../ui/format.ts'
import { Segments } from '../ui/tabs.tsx'
import { type BodyLook, jsonProblem, lineEndsOf, prettyJson, textOf } from './body-text.ts'
import { bytesIn, contentOf, type Edit, shownAs, typedBody } from './edits.ts'
import { FileButton, Replaced } from './body-file.tsx'

interface BodyEditorProps {
  /** Undefined: an answer that is being written. */
  message: HeldMessage | undefined
  edit: Edit
  problem: { line: number; message: string } | undefined
  onChange: (change: Partial<Edit>) => void
}

/** The body as text, as JSON or as bytes. Nothing changes until somebody types, and bytes stay bytes. */
export function BodyEditor({ message, edit, problem, onChange }: BodyEditorProps) {
  const [look, setLook] = useState<BodyLook>(edit.look)
  const content = useMemo(() => (message ? contentOf(message) : new Uint8Array()), [message])
  const bytes = useMemo(() => {
    const found = content && bytesIn(edit, content)
    return found && !('message' in found) ? found : undefined
  }, [content, edit])
  if (edit.file) return <Replaced file={edit.file} onChange={onChange} />
  if (message?.body.state === 'hidden') {
    return (
      <p className="held-note dim">
        The body ({bytesText(message.body.bytes)}) is binary and holds secrets that cannot be told apart. Show secrets
        to see and edit it; else it goes on as it came.
      </p>
    )
  }
  if (message?.body.state === 'long') {
    return (
      <div className="row held-note">
        <span className="dim grow">
          The body ({bytesText(message.body.bytes)}) is too long for an editor and goes on as it came.
        </span>
        <FileButton onChange={onChange} />
      </div>
    )
  }
  if (content === undefined) {
    return (
      <div className="row held-note">
        <span className="dim grow">
          The body is longer than 10 MB, does not end (an event stream, a long poll), or would be too much beside what
          is held already: it goes on behind this head as it comes.
          {message?.side === 'response' && ' Breakpoints on messages hold single events.'}
        </span>
        <FileButton onChange={onChange} />
      </div>
    )
  }
  const text = bytes && textOf(bytes)
  const shown = edit.body !== undefined && edit.look === look ? edit.body : ((bytes && shownAs(bytes, look)) ?? '')
  const wrongJson = look === 'json' && shown.trim() !== '' ? jsonProblem(shown) : undefined
  return (
    <div className="held-part held-body">
      <div className="row held-label-row">
        <span className="held-label">Body</span>
        <Segments
          label="How the body is edited"
          value={look}
          onChange={setLook}
          options={[
            {
              id: 'text',
              title: 'Text',
              disabled: text === undefined,
              tip: text === undefined ? 'These bytes are no text: edit them as bytes' : 'As it is',
            },
            {
              id: 'json',
              title: 'JSON',
              disabled: text === undefined || (text !== '' && prettyJson(text) === undefined),
              tip: 'Laid out in lines',
            },
            { id: 'hex', title: 'Hex', tip: 'Every byte' },
          ]}
        />
        <span className="dim cut num grow">
          {about(message, edit.body === undefined, bytes)}
          {look === 'text' && text !== undefined && endsText[lineEndsOf(text)]}
        </span>
        <FileButton onChange={onChange} />
      </div>
      <textarea
        className="held-text"
        aria-label="Body"
        aria-invalid={problem !== undefined}
        spellCheck={false}
        autoComplete="off"
        wrap={look === 'hex' ? 'off' : 'soft'}
        placeholder="No body"
        value={shown}
        onChange={(event) => onChange(typedBody(edit, bytes, look, event.target.value))}
      />
      {problem && (
        <p className="tone-deny held-problem" role="alert">
          Line {problem.line}: {problem.message}.
        </p>
      )}
      {wrongJson && (
        <p className="tone-would held-problem">Not JSON: {visible(wrongJson, 160)}. It can go on all the same.</p>
      )}
    </div>
  )
}

const endsText = { lf: '', crlf: ' · lines end with CR LF', mixed: ' · ␍ is a carriage return' } as const

function about(message: HeldMessage | undefined, untouched: boolean, bytes: Uint8Array | undefined): string {
  const length = bytes === undefined ? 'cannot be read' : bytesText(bytes.length)
  if (message?.body.state !== 'whole') return length
  // Markers have another length than what they stand for.
  const parts = message.body.masked ? (untouched ? [bytesText(message.body.bytes)] : []) : [length]
  const { contentType, coding, coded } = message.body
  if (contentType) parts.push(visible(contentType, 60))
  if (coding)
    parts.push(
      coded
        ? `${visible(coding, 30)}, which could not be undone: bytes of the wire`
        : `${visible(coding, 30)}, put on again when it goes on`,
    )
  return parts.join(' · ')
}

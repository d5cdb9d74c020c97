import { useState } from 'react'
import type { ReplayBody, ReplayRequest } from '../../gateway-core/protocol/replay-request.ts'
import { Button } from '../ui/button.tsx'
import { base64Of, bytesOf, hexText, readHex } from '../ui/bytes.ts'
import { bytesText } from '../ui/format.ts'
import { Segments } from '../ui/tabs.tsx'
import { editedText } from './edited-text.ts'
import { edit } from './replay-store.ts'

type Kind = 'none' | NonNullable<ReplayBody>['kind']

/** The body: text, bytes as hex, a file of the workspace, or what was recorded. */
export function BodyTab({ request }: { request: ReplayRequest }) {
  const { body } = request
  const kind: Kind = body?.kind ?? 'none'
  // Going to another kind and back should not lose what was written.
  const [before, setBefore] = useState<Partial<Record<Kind, ReplayBody>>>({})
  const change = (next: Kind) => {
    setBefore({ ...before, [kind]: body })
    edit({ body: next in before ? before[next]! : beginning(next, body) })
  }
  const recorded = body?.kind === 'recorded' || before.recorded !== undefined
  return (
    <div className="replay-body">
      <div className="row">
        <Segments
          label="Kind of body"
          value={kind}
          onChange={change}
          options={[
            { id: 'none', title: 'None' },
            { id: 'text', title: 'Text' },
            { id: 'bytes', title: 'Hex' },
            { id: 'file', title: 'File' },
            ...(recorded ? [{ id: 'recorded' as const, title: 'As recorded' }] : []),
          ]}
        />
        <span className="grow" />
        {body?.kind === 'text' && (
          <>
            {body.coding && <span className="dim">sent as {body.coding}</span>}
            {body.files && <span className="dim">lines that begin with &lt; are files</span>}
            <Button
              disabled={!isJson(body.text)}
              tip="Lay the JSON out in lines"
              onClick={() => edit({ body: { ...body, text: JSON.stringify(JSON.parse(body.text), null, 2) } })}
            >
              Format
            </Button>
          </>
        )}
      </div>
      <Content body={body} />
    </div>
  )
}

function Content({ body }: { body: ReplayBody }) {
  switch (body?.kind) {
    case undefined:
      return <p className="dim">No body is sent.</p>
    case 'text':
      return (
        <textarea
          className="replay-text"
          aria-label="Body"
          value={body.text}
          maxLength={4_000_000}
          spellCheck={false}
          onChange={({ target }) => edit({ body: { ...body, text: editedText(body.text, target.value) } })}
        />
      )
    case 'bytes':
      return <HexEditor key="bytes" base64={body.base64} />
    case 'file':
      return (
        <label className="replay-option">
          <span>File of the workspace</span>
          <input
            value={body.path}
            placeholder="requests/cover.png"
            spellCheck={false}
            autoComplete="off"
            onChange={({ target }) => edit({ body: { ...body, path: target.value } })}
          />
        </label>
      )
    case 'recorded':
      return (
        <p className="dim">
          {bytesText(body.length)}
          {body.contentType && ` of ${body.contentType}`}, exactly as they were recorded. They are read from the capture
          when the request is sent.
        </p>
      )
  }
}

const mostHex = 64 * 1024

function HexEditor({ base64 }: { base64: string }) {
  const bytes = bytesOf(base64)
  const [text, setText] = useState(() => hexText(bytes))
  const read = readHex(text)
  const wrong = 'message' in read
  if (bytes.length > mostHex) return <p className="dim">{bytesText(bytes.length)}: too long to be edited here.</p>
  return (
    <>
      <textarea
        className="replay-text"
        aria-label="Body as hex"
        aria-invalid={wrong}
        value={text}
        spellCheck={false}
        onChange={({ target }) => {
          setText(target.value)
          const next = readHex(target.value)
          if (!('message' in next)) edit({ body: { kind: 'bytes', base64: base64Of(next) } })
        }}
      />
      <p className={wrong ? 'replay-hint tone-deny' : 'replay-hint'}>
        {wrong ? `Line ${read.line}: ${read.message}` : bytesText(read.length)}
      </p>
    </>
  )
}

function beginning(kind: Kind, body: ReplayBody): ReplayBody {
  switch (kind) {
    case 'none':
      return null
    case 'text':
      return { kind: 'text', text: '' }
    case 'bytes': {
      const text = body?.kind === 'text' ? new TextEncoder().encode(body.text) : new Uint8Array()
      return { kind: 'bytes', base64: base64Of(text.slice(0, mostHex)) }
    }
    case 'file':
      return { kind: 'file', path: '' }
    case 'recorded':
      return body
  }
}

function isJson(text: string): boolean {
  if (text.includes('⟦sealed:') && text.includes(':literal⟧')) return false
  try {
    JSON.parse(text)
    return /^\s*[[{]/.test(text)
  } catch {
    return false
  }
}

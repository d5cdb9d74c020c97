import { useState } from 'react'
import type { ReplayRequest } from '../../gateway-core/protocol/replay-request.ts'
import { Segments } from '../ui/tabs.tsx'
import { edit, editSettings } from './replay-store.ts'

/** How the request is sent, and what a comparison leaves out. */
export function OptionsTab({ request }: { request: ReplayRequest }) {
  const { settings, version } = request
  return (
    <div className="replay-form">
      <div className="replay-option">
        <span>Protocol</span>
        <Segments
          label="Protocol"
          value={version}
          onChange={(next) => edit({ version: next })}
          options={[
            { id: '1.0', title: 'HTTP/1.0' },
            { id: '1.1', title: 'HTTP/1.1' },
            { id: '2', title: 'HTTP/2' },
          ]}
        />
      </div>
      <div className="replay-option">
        <span>Content-Length</span>
        <Segments
          label="Content-Length"
          value={settings.length}
          onChange={(length) => editSettings({ length })}
          options={[
            { id: 'follow', title: 'Follows the body' },
            { id: 'asWritten', title: 'As written', tip: 'Nothing is added or mended: for wrong lengths on purpose' },
          ]}
        />
      </div>
      <NumberOption
        label="Follow redirects, at most"
        value={settings.redirects}
        least={0}
        most={20}
        onChange={(redirects) => editSettings({ redirects })}
      />
      <NumberOption
        label="Give up after (ms)"
        value={settings.timeoutMs}
        least={1}
        most={3_600_000}
        onChange={(timeoutMs) => editSettings({ timeoutMs })}
      />
      <label className="replay-check">
        <input
          type="checkbox"
          checked={settings.insecure === true}
          onChange={({ target }) => editSettings({ insecure: target.checked })}
        />
        Accept any certificate
      </label>
      <label className="replay-check">
        <input
          type="checkbox"
          checked={settings.literal !== true}
          onChange={({ target }) => editSettings({ literal: !target.checked })}
        />
        <span>
          Put in <code>{'{{variables}}'}</code> and <code>{'${secret:…}'}</code>
        </span>
      </label>
      <ListOption
        label="A comparison ignores these values of JSON bodies"
        help="JSON pointers, one in a line: /items/*/updatedAt, /**/id"
        lines={settings.ignore ?? []}
        onChange={(ignore) => editSettings({ ignore })}
      />
      <ListOption
        label="… and these headers"
        help="Date, Age, Via and X-Request-Id are ignored anyway"
        lines={settings.ignoreHeaders ?? []}
        onChange={(ignoreHeaders) => editSettings({ ignoreHeaders })}
      />
    </div>
  )
}

function NumberOption(props: {
  label: string
  value: number
  least: number
  most: number
  onChange: (value: number) => void
}) {
  const [text, setText] = useState(String(props.value))
  const number = Number(text)
  const fits = /^\d+$/.test(text) && number >= props.least && number <= props.most
  return (
    <label className="replay-option">
      <span>{props.label}</span>
      <input
        className="num"
        inputMode="numeric"
        aria-invalid={!fits}
        value={text}
        onChange={({ target }) => {
          setText(target.value)
          const next = Number(target.value)
          if (/^\d+$/.test(target.value) && next >= props.least && next <= props.most) props.onChange(next)
        }}
      />
    </label>
  )
}

function ListOption(props: {
  label: string
  help: string
  lines: readonly string[]
  onChange: (lines: string[]) => void
}) {
  const [text, setText] = useState(props.lines.join('\n'))
  return (
    <label className="replay-lines">
      <span>{props.label}</span>
      <textarea
        rows={3}
        value={text}
        spellCheck={false}
        onChange={({ target }) => {
          setText(target.value)
          props.onChange(
            target.value
              .split('\n')
              .map((line) => line.trim())
              .filter((line) => line !== ''),
          )
        }}
      />
      <span className="faint">{props.help}</span>
    </label>
  )
}

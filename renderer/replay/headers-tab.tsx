import { ArrowUp, X } from 'lucide-react'
import type { ReplayField, ReplayRequest } from '../../gateway-core/protocol/replay-request.ts'
import { SealedText } from '../traffic/sealed-text.tsx'
import { Button } from '../ui/button.tsx'
import { edit } from './replay-store.ts'
import './header-fields.css'

/** Header fields in their order, as they go out: case and repetitions are kept. The last row begins a new one. */
export function HeadersTab({ request }: { request: ReplayRequest }) {
  const { headers } = request
  const put = (at: number, change: Partial<ReplayField>) => {
    const next = [...headers]
    next[at] = { name: '', value: '', ...next[at], ...change }
    edit({ headers: next })
  }
  const rows: readonly ReplayField[] = [...headers, { name: '', value: '' }]
  return (
    <div className="replay-fields" role="group" aria-label="Header fields">
      {rows.map(({ name, value, off }, at) => {
        const last = at === headers.length
        const label = name === '' ? `field ${at + 1}` : name
        return (
          <div className="replay-field" key={at} data-off={off || undefined}>
            <input
              type="checkbox"
              aria-label={`Send ${label}`}
              checked={off !== true}
              disabled={last}
              onChange={({ target }) => put(at, { off: !target.checked })}
            />
            <input
              className="replay-field-name"
              aria-label={last ? 'Name of a new field' : `Name of field ${at + 1}`}
              value={name}
              placeholder={last ? 'Name' : ''}
              list="replay-field-names"
              spellCheck={false}
              autoComplete="off"
              onChange={({ target }) => put(at, { name: target.value })}
            />
            <SecretField
              label={last ? 'Value of a new field' : `Value of ${label}`}
              value={value}
              placeholder={last ? 'Value' : ''}
              onChange={(next) => put(at, { value: next })}
            />
            {last ? (
              <span />
            ) : (
              <span className="replay-field-tools">
                <Button
                  kind="quiet"
                  label={`Move ${label} up`}
                  disabled={at === 0}
                  onClick={() => edit({ headers: swapped(headers, at) })}
                >
                  <ArrowUp aria-hidden="true" />
                </Button>
                <Button
                  kind="quiet"
                  label={`Remove ${label}`}
                  onClick={() => edit({ headers: headers.filter((_, other) => other !== at) })}
                >
                  <X aria-hidden="true" />
                </Button>
              </span>
            )}
          </div>
        )
      })}
      <datalist id="replay-field-names">
        {commonFields.map((name) => (
          <option key={name} value={name} />
        ))}
      </datalist>
      {request.headers.some(({ value }) => value.includes('⟦sealed:')) && (
        <p className="replay-hint">A secret is put in when the request is sent; type over it to send another.</p>
      )}
    </div>
  )
}

/** A value in which a plate stands for each secret, until somebody edits it. */
function SecretField(props: { label: string; value: string; placeholder: string; onChange: (value: string) => void }) {
  const { label, value, placeholder, onChange } = props
  const secret = value.includes('⟦sealed:')
  return (
    <span className={secret ? 'replay-secret' : 'replay-plain'}>
      <input
        className="replay-field-value"
        aria-label={label}
        value={value}
        placeholder={placeholder}
        spellCheck={false}
        autoComplete="off"
        onChange={({ target }) => onChange(target.value)}
      />
      {secret && (
        <span className="replay-secret-shown" aria-hidden="true">
          <SealedText text={value} most={200} />
        </span>
      )}
    </span>
  )
}

const commonFields = [
  'Accept',
  'Accept-Encoding',
  'Authorization',
  'Cache-Control',
  'Content-Encoding',
  'Content-Length',
  'Content-Type',
  'Cookie',
  'Host',
  'If-Match',
  'If-None-Match',
  'Origin',
  'Range',
  'Transfer-Encoding',
  'User-Agent',
  'X-API-Key',
  'X-Forwarded-For',
]

function swapped(headers: readonly ReplayField[], at: number): ReplayField[] {
  const next = [...headers]
  ;[next[at - 1], next[at]] = [next[at]!, next[at - 1]!]
  return next
}

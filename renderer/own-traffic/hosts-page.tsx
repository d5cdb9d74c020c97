import { X } from 'lucide-react'
import { type FormEvent, useState } from 'react'
import type { OwnTraffic } from '../../gateway-core/protocol/own-traffic.ts'
import { visible } from '../../gateway-core/visible.ts'
import { core } from '../core/core.ts'
import { Button } from '../ui/button.tsx'
import { Field } from '../ui/field.tsx'
import { plural } from '../ui/format.ts'
import { change, useOwnTraffic } from './own-traffic-store.ts'

const pass = (pattern: string) => change(() => core.call('own.passThrough', { pattern }))

/** A host alone where its port is the usual one. */
function patternOf(host: string, port: number): string {
  const name = host.includes(':') ? `[${host}]` : host
  return port === 443 ? name : `${name}:${port}`
}

/** Hosts whose TLS is left alone, and those whose clients did not take our certificate. */
export function HostsPage({ state }: { state: OwnTraffic }) {
  const { refused, passThrough, gateway } = state
  return (
    <>
      {refused.length > 0 && (
        <>
          <h3>Clients did not take our certificate for</h3>
          <ul className="own-hosts">
            {refused.map(({ host, port, why, times }) => (
              <li key={`${host}:${port}`}>
                <span className="grow">
                  <b className="code">{visible(host, 100)}</b>
                  {port !== 443 && <span className="code dim">:{port}</span>}
                  <span className="own-why">
                    {why} · {plural(times, 'time')}
                  </span>
                </span>
                <Button onClick={() => void pass(patternOf(host, port))}>Pass this host through</Button>
              </li>
            ))}
          </ul>
        </>
      )}
      <h3>Not opened</h3>
      <p className="dim">
        Clients that accept one certificate only (apps of banks, updates of systems) need their hosts passed through:
        the connection is recorded, what is said on it is not.
      </p>
      {passThrough.length > 0 && (
        <ul className="own-hosts">
          {passThrough.map(({ pattern, from }) => (
            <li key={`${from} ${pattern}`}>
              <span className="grow code">{pattern}</span>
              {from === 'workspace' ? (
                <span className="dim">in gatehouse.yaml</span>
              ) : (
                <Button
                  kind="quiet"
                  label={`Open ${pattern} again`}
                  onClick={() => void change(() => core.call('own.openAgain', { pattern }))}
                >
                  <X aria-hidden="true" />
                </Button>
              )}
            </li>
          ))}
        </ul>
      )}
      <AddHost disabled={!gateway} />
    </>
  )
}

function AddHost({ disabled }: { disabled: boolean }) {
  const [pattern, setPattern] = useState('')
  const busy = useOwnTraffic((own) => own.busy)
  return (
    <form
      className="own-add"
      onSubmit={(event: FormEvent) => {
        event.preventDefault()
        void pass(pattern.trim()).then(() => setPattern(''))
      }}
    >
      <Field
        label="Another host"
        placeholder="*.bank.example"
        value={pattern}
        onChange={(event) => setPattern(event.target.value)}
        help="A name, *.name, or with a port. Remembered for this workspace on this machine."
      />
      <Button type="submit" disabled={disabled || busy || pattern.trim() === ''}>
        Pass it through
      </Button>
    </form>
  )
}

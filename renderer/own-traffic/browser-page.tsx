import { type FormEvent, useState } from 'react'
import type { OwnTraffic } from '../../gateway-core/protocol/own-traffic.ts'
import { core } from '../core/core.ts'
import { Button } from '../ui/button.tsx'
import { Field } from '../ui/field.tsx'
import { CopyLine } from './copy-line.tsx'
import { change, useOwnTraffic } from './own-traffic-store.ts'

/** A browser with a profile of its own. */
export function BrowserPage({ state }: { state: OwnTraffic }) {
  const [url, setUrl] = useState('')
  const busy = useOwnTraffic((own) => own.busy)
  const { browsers, command } = state
  const open = (id: string) => {
    const typed = url.trim()
    const whole = typed === '' || /^https?:\/\//i.test(typed) ? typed : `https://${typed}`
    void change(() => core.call('own.browser', { id, ...(whole !== '' && { url: whole }) }))
  }
  if (browsers.length === 0) {
    return (
      <>
        <p>No browser was found on the machine of the gateway, or it has no screen. Start one where you sit:</p>
        <CopyLine text={`${command.replace(/ -- $/, '')} --browser https://example.com`} />
      </>
    )
  }
  return (
    <form
      className="own-form"
      onSubmit={(event: FormEvent) => {
        event.preventDefault()
        open(browsers[0]!.id)
      }}
    >
      <p>
        It starts with an empty profile in a temporary folder and takes the certificates of the local CA by itself. Your
        own profile is not touched; the temporary one is removed when the last window is closed.
      </p>
      <Field
        label="Address to open"
        placeholder="https://example.com"
        value={url}
        onChange={(event) => setUrl(event.target.value)}
        help="Empty: a blank page."
      />
      <div className="own-buttons">
        {browsers.map(({ id, name, open: running }, at) => (
          <Button
            key={id}
            {...(at === 0 ? { kind: 'main' as const, type: 'submit' as const } : { onClick: () => open(id) })}
            disabled={busy}
          >
            {running ? `Another ${name}` : `Open ${name}`}
          </Button>
        ))}
      </div>
    </form>
  )
}

import { useEffect, useState } from 'react'
import { create } from 'zustand'
import type { Connection } from '../../gateway-core/protocol/intercept.ts'
import { visible } from '../../gateway-core/visible.ts'
import { core } from '../core/core.ts'
import { tellDone, tellFailure } from '../shell/notices.ts'
import { Button } from '../ui/button.tsx'
import { Dialog } from '../ui/dialog.tsx'
import { agoText } from '../ui/format.ts'
import { Segments } from '../ui/tabs.tsx'
import { base64Of } from './body-text.ts'

export const useInject = create<{ open: boolean }>(() => ({ open: false }))

/** Puts a message into an open WebSocket, as if one of its sides had sent it. */
export function InjectDialog() {
  const open = useInject((state) => state.open)
  const [connections, setConnections] = useState<readonly Connection[]>([])
  const [exchange, setExchange] = useState<string>()
  const [side, setSide] = useState<'request' | 'response'>('request')
  const [text, setText] = useState('')
  useEffect(() => {
    if (!open) return
    core.call('intercept.connections', {}).then((found) => {
      setConnections(found)
      setExchange((chosen) => (found.some((one) => one.exchange === chosen) ? chosen : found.at(-1)?.exchange))
    }, tellFailure)
  }, [open])
  const close = () => useInject.setState({ open: false })
  const send = async () => {
    if (exchange === undefined) return
    const base64 = base64Of(new TextEncoder().encode(text))
    try {
      await core.call('intercept.inject', { exchange, side, kind: 'text', base64 })
      tellDone(side === 'request' ? 'Sent to the upstream' : 'Sent to the client')
      close()
    } catch (error) {
      tellFailure(error)
    }
  }
  return (
    <Dialog
      open={open}
      onClose={close}
      title="Put a message into a WebSocket"
      about="It is judged and recorded like any other message, and marked as made by hand."
    >
      <form
        className="inject"
        onSubmit={(event) => {
          event.preventDefault()
          void send()
        }}
      >
        <label className="held-label" htmlFor="inject-connection">
          Connection
        </label>
        <select id="inject-connection" value={exchange ?? ''} onChange={(event) => setExchange(event.target.value)}>
          {connections.map((one) => (
            <option key={one.exchange} value={one.exchange}>
              {visible(one.url, 80)} · opened {agoText(one.openedAt, Date.now())}
            </option>
          ))}
        </select>
        <Segments
          label="As if it came from"
          value={side}
          onChange={setSide}
          options={[
            { id: 'request', title: 'Client → upstream' },
            { id: 'response', title: 'Upstream → client' },
          ]}
        />
        <label className="held-label" htmlFor="inject-text">
          Text
        </label>
        <textarea
          id="inject-text"
          className="held-text"
          rows={6}
          spellCheck={false}
          value={text}
          onChange={(event) => setText(event.target.value)}
        />
        <div className="row inject-actions">
          <span className="grow" />
          <Button onClick={close}>Cancel</Button>
          <Button kind="main" type="submit" disabled={exchange === undefined}>
            Send
          </Button>
        </div>
      </form>
    </Dialog>
  )
}

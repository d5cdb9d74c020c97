import { useEffect, useState } from 'react'
import { create } from 'zustand'
import type { Connection } from '../../gateway-core/protocol/intercept.ts'
import { visible } from '../../gateway-core/visible.ts'
import { core } from '../core/core.ts'
import { tellDone, tellFailure } from '../shell/notices.ts'
import { Button } from '../ui/button.tsx'
import { base64Of, readHex } from '../ui/bytes.ts'
import { Dialog } from '../ui/dialog.tsx'
import { agoText } from '../ui/format.ts'
import { Segments } from '../ui/tabs.tsx'

export const useInject = create<{ open: boolean }>(() => ({ open: false }))

/** Puts a message into an open WebSocket, as if one of its sides had sent it, or an event into an event stream. */
export function InjectDialog() {
  const open = useInject((state) => state.open)
  const [connections, setConnections] = useState<readonly Connection[]>([])
  const [exchange, setExchange] = useState<string>()
  const [side, setSide] = useState<'request' | 'response'>('request')
  const [look, setLook] = useState<'text' | 'hex'>('text')
  const [name, setName] = useState('')
  const [text, setText] = useState('')
  const connection = connections.find((one) => one.exchange === exchange)
  const events = connection?.kind === 'events'
  const bytes = look === 'hex' && !events ? readHex(text) : new TextEncoder().encode(text)
  const problem = 'message' in bytes ? `Line ${bytes.line}: ${bytes.message}` : undefined
  useEffect(() => {
    if (!open) return
    core.call('intercept.connections', {}).then((found) => {
      setConnections(found)
      setExchange((chosen) => (found.some((one) => one.exchange === chosen) ? chosen : found.at(-1)?.exchange))
    }, tellFailure)
  }, [open])
  const close = () => useInject.setState({ open: false })
  const send = async () => {
    if (exchange === undefined || 'message' in bytes) return
    const base64 = base64Of(bytes)
    const way = events ? 'response' : side
    const kind = events ? 'event' : look === 'hex' ? 'binary' : 'text'
    try {
      const named = events && name !== '' ? { name } : {}
      await core.call('intercept.inject', { exchange, side: way, kind, base64, ...named })
      setText('')
      tellDone(way === 'request' ? 'Sent to the upstream' : 'Sent to the client')
      close()
    } catch (error) {
      tellFailure(error)
    }
  }
  return (
    <Dialog
      open={open}
      onClose={close}
      title="Put a message into an open connection"
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
              {visible(one.url, 80)} · {one.kind === 'events' ? 'events' : 'WebSocket'}, opened{' '}
              {agoText(one.openedAt, Date.now())}
            </option>
          ))}
        </select>
        {events ? (
          <>
            <label className="held-label" htmlFor="inject-name">
              Name of the event; without one it is a message
            </label>
            <input
              id="inject-name"
              className="rule-input"
              spellCheck={false}
              autoComplete="off"
              value={name}
              onChange={(event) => setName(event.target.value)}
            />
          </>
        ) : (
          <span className="row">
            <Segments
              label="As if it came from"
              value={side}
              onChange={setSide}
              options={[
                { id: 'request', title: 'Client → upstream' },
                { id: 'response', title: 'Upstream → client' },
              ]}
            />
            <Segments
              label="How it is written"
              value={look}
              onChange={setLook}
              options={[
                { id: 'text', title: 'Text' },
                { id: 'hex', title: 'Binary', tip: 'Pairs of hexadecimal digits' },
              ]}
            />
          </span>
        )}
        <label className="held-label" htmlFor="inject-text">
          {events ? 'Data' : look === 'hex' ? 'Hexadecimal digits' : 'Text'}
        </label>
        <textarea
          id="inject-text"
          className="held-text"
          rows={6}
          spellCheck={false}
          value={text}
          aria-invalid={problem !== undefined}
          onChange={(event) => setText(event.target.value)}
        />
        {problem !== undefined && (
          <p className="tone-deny held-problem" role="status">
            {problem}
          </p>
        )}
        <div className="row inject-actions">
          <span className="grow" />
          <Button onClick={close}>Cancel</Button>
          <Button kind="main" type="submit" disabled={exchange === undefined || problem !== undefined}>
            Send
          </Button>
        </div>
      </form>
    </Dialog>
  )
}

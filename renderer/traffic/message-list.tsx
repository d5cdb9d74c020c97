import { useCallback, useEffect, useState } from 'react'
import type { ExchangeDetail, MessageContent, MessageRow } from '../../gateway-core/protocol/types.ts'
import { core } from '../core/core.ts'
import { refusalOf } from '../shell/notices.ts'
import { Button } from '../ui/button.tsx'
import { Chip } from '../ui/chip.tsx'
import { EmptyState } from '../ui/empty-state.tsx'
import { bytesText, countText, durationText } from '../ui/format.ts'
import { TouchText } from '../intercept/touch-text.tsx'
import { MessageDiff } from './message-diff.tsx'
import { SealedText } from './sealed-text.tsx'
import { StepDetail } from './step-detail.tsx'
import './message-list.css'

const atOnce = 200

/** Whether an exchange carries messages after its head. */
export function hasMessages({ exchange }: ExchangeDetail): boolean {
  if (exchange.upgrade === 'websocket') return true
  return exchange.response?.body?.contentType?.startsWith('text/event-stream') ?? false
}

/** Messages of a WebSocket or an event stream in the order they came: which way, what, and what policies did to them. */
export function MessageRows({ detail, version }: { detail: ExchangeDetail; version: number }) {
  const { id } = detail.exchange
  const { rows, total, failure, more } = useMessages(id, version)
  const [open, setOpen] = useState<number>()
  if (failure !== undefined) return <EmptyState title="The messages cannot be shown">{failure}</EmptyState>
  if (total === 0)
    return (
      <EmptyState title="No message yet">
        Each WebSocket message and server-sent event of this exchange will stand here, with what policies did to it.
      </EmptyState>
    )
  return (
    <div className="messages" role="region" aria-label="Messages">
      {rows.map((row) => (
        <Message
          key={row.number}
          row={row}
          detail={detail}
          open={open === row.number}
          onToggle={() => setOpen(open === row.number ? undefined : row.number)}
        />
      ))}
      {rows.length < total && (
        <div className="row messages-more">
          <span className="dim num">
            {countText(rows.length)} of {countText(total)} shown
          </span>
          <Button onClick={more}>Show more</Button>
        </div>
      )}
    </div>
  )
}

function useMessages(id: string, version: number) {
  const [state, setState] = useState<{ id: string; rows: MessageRow[]; total: number; failure?: string }>()
  const known = state?.id === id ? state : undefined
  const shown = known?.rows.length ?? 0
  const load = useCallback(
    async (from: number, before: MessageRow[]) => {
      try {
        const { total, messages } = await core.call('traffic.messages', { id, from, count: atOnce })
        setState({ id, total, rows: [...before, ...messages] })
      } catch (error) {
        setState({ id, rows: [], total: 0, failure: refusalOf(error).what })
      }
    },
    [id],
  )
  // An exchange that goes on gets more messages: only what is new is asked for.
  useEffect(() => {
    if (shown % atOnce === 0 && shown > 0) return
    void load(shown + 1, known?.rows ?? [])
    // oxlint-disable-next-line react-hooks/exhaustive-deps -- what is known is read, not followed
  }, [id, version, load])
  return {
    rows: known?.rows ?? [],
    total: known ? Math.max(known.total, shown) : -1,
    failure: known?.failure,
    more: () => void load(shown + 1, known?.rows ?? []),
  }
}

function Message(props: { row: MessageRow; detail: ExchangeDetail; open: boolean; onToggle: () => void }) {
  const { row, detail, open, onToggle } = props
  const denied = row.trace.find((entry) => entry.verdict === 'deny')
  return (
    <>
      <button type="button" className="message" aria-expanded={open} onClick={onToggle}>
        <span className="dim num">{durationText(row.at)}</span>
        <span className={row.side === 'request' ? 'tone-modify' : 'tone-pass'}>
          {row.side === 'request' ? '↑ client' : '↓ upstream'}
        </span>
        <code className="cut">
          <Content content={row.sent ?? row.content} most={300} />
        </code>
        <span className="row">
          {row.from && <Chip>injected</Chip>}
          {row.kind !== 'text' && <Chip>{row.kind}</Chip>}
          {row.touch && row.touch.did !== 'dropped' && (
            <Chip tone="modify">{row.touch.did === 'edited' ? 'edited' : 'held'}</Chip>
          )}
          {row.sent && row.touch?.did !== 'edited' && <Chip tone="modify">changed</Chip>}
          {row.fate === 'dropped' && <Chip tone="would">dropped</Chip>}
          {denied && <Chip tone="deny">{denied.code ?? 'denied'}</Chip>}
          <span className="dim num">{bytesText(row.length)}</span>
        </span>
      </button>
      {open && (
        <div className="message-open">
          {row.touch && (
            <p className="message-touch">
              <TouchText touch={row.touch} />
            </p>
          )}
          {row.sent ? (
            <MessageDiff before={row.content} after={row.sent} />
          ) : (
            <pre>
              <Content content={row.content} most={65_536} />
            </pre>
          )}
          {row.truncated && <p className="dim">Only its beginning was recorded: {bytesText(row.length)} in all.</p>}
          {row.trace.map((entry, at) => (
            <StepDetail key={at} entry={entry} detail={detail} />
          ))}
        </div>
      )}
    </>
  )
}

function Content({ content, most }: { content: MessageContent; most: number }) {
  if (content.text !== undefined) return <SealedText text={content.text} most={most} />
  const bytes = Uint8Array.from(atob(content.base64 ?? ''), (character) => character.charCodeAt(0))
  return Array.from(bytes.subarray(0, most / 3), (byte) => byte.toString(16).padStart(2, '0')).join(' ')
}

import { useState } from 'react'
import type { ExchangeDetail } from '../../gateway-core/protocol/types.ts'
import { visible } from '../../gateway-core/visible.ts'
import { core } from '../core/core.ts'
import { bytesText } from '../ui/format.ts'
import { BodyFrame, useBodyParts } from './body-frame.tsx'
import type { Look } from './body-text.tsx'

export type Side = 'request' | 'forwarded' | 'upstreamResponse' | 'response'

interface BodyViewProps {
  detail: ExchangeDetail
  side: Side
  /** Beside another one: without its own choice of looks. */
  compact?: boolean
}

/** A recorded body, by parts. */
export function BodyView({ detail, side, compact }: BodyViewProps) {
  const { id, state } = detail.exchange
  const body = detail.exchange[side]?.body
  const [look, setLook] = useState<Look>('pretty')
  const decoded = look !== 'hex'
  const parts = useBody(id, side, decoded, body !== undefined && body.length > 0, state)
  if (!body || body.length === 0) {
    const text =
      side === 'request' && announced(detail.exchange.request.headers)
        ? 'The body was not recorded: the answer came before it was read.'
        : 'No body.'
    return <p className={compact ? 'dim' : 'body-none dim'}>{text}</p>
  }
  const facts = [
    bytesText(body.length),
    body.contentType && visible(body.contentType, 80),
    body.encoding && visible(body.encoding, 40),
    body.truncated && `only the first ${bytesText(body.kept)} were recorded`,
  ]
  return (
    <BodyFrame
      parts={parts}
      look={look}
      {...(!compact && { onLook: setLook })}
      facts={facts.filter(Boolean).join(' · ')}
    />
  )
}

/** Whether the headers say that a body follows. */
function announced(headers: readonly string[] = []): boolean {
  const at = headers.findIndex((name, index) => index % 2 === 0 && name.toLowerCase() === 'content-length')
  return at !== -1 && headers[at + 1] !== '0'
}

/** What is here of a recorded body. */
export function useBody(id: string, side: Side, decoded: boolean, wanted: boolean, state: string) {
  return useBodyParts(`${id} ${side} ${decoded} ${state}`, wanted, (from, length) =>
    core.call('traffic.body', { id, side, from, length, decoded }),
  )
}

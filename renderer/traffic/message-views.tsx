import { useState } from 'react'
import type { ExchangeDetail } from '../../gateway-core/protocol/types.ts'
import { visible } from '../../gateway-core/visible.ts'
import { EmptyState } from '../ui/empty-state.tsx'
import { Segments } from '../ui/tabs.tsx'
import { BodyView, type Side } from './body-view.tsx'
import { HeaderTable, pairsOf } from './header-table.tsx'
import './message-views.css'

interface MessageViewsProps {
  detail: ExchangeDetail
  of: 'request' | 'response'
}

/** The two views of a message: as it came, and as it went on after the policies. */
export function MessageViews({ detail, of }: MessageViewsProps) {
  const { exchange } = detail
  const [after, setAfter] = useState<'before' | 'after'>(of === 'response' ? 'after' : 'before')
  const request = of === 'request'
  const changed = request ? exchange.forwarded !== undefined : exchange.upstreamResponse !== undefined
  const fromGateway = !request && exchange.response?.from === 'gateway'
  const side: Side = request
    ? after === 'after' && changed
      ? 'forwarded'
      : 'request'
    : after === 'before' && changed
      ? 'upstreamResponse'
      : 'response'
  const message = exchange[side]
  const noUpstream = !request && after === 'before' && fromGateway && !changed
  return (
    <div className="exchange-body">
      <div className="row message-choice">
        <Segments
          label={`Views of the ${of}`}
          value={after}
          onChange={setAfter}
          options={
            request
              ? [
                  { id: 'before', title: 'As the client sent it' },
                  { id: 'after', title: 'After request policies' },
                ]
              : [
                  { id: 'before', title: 'From the upstream' },
                  { id: 'after', title: 'After response policies' },
                ]
          }
        />
        <span className="dim cut">{noteOf({ request, after, changed, fromGateway, detail })}</span>
      </div>
      {message === undefined || noUpstream ? (
        <EmptyState title={request ? 'No request' : 'No response'}>
          {noUpstream
            ? detail.upstreamCalled
              ? 'The upstream gave no answer; the gateway made one.'
              : 'The upstream was not called; the gateway answered by itself.'
            : 'The client left before there was one.'}
        </EmptyState>
      ) : (
        <>
          <p className="message-start">
            <code>
              {'method' in message
                ? visible(`${message.method} ${message.target} HTTP/${message.httpVersion}`, 4000)
                : visible(`${message.status} ${message.reason}`, 400)}
            </code>
          </p>
          <HeaderTable fields={pairsOf(message.headers)} />
          {message.trailers && message.trailers.length > 0 && (
            <>
              <h3 className="message-part">Trailers</h3>
              <HeaderTable fields={pairsOf(message.trailers)} />
            </>
          )}
          <BodyView key={side} detail={detail} side={side} />
        </>
      )}
    </div>
  )
}

function noteOf(view: {
  request: boolean
  after: 'before' | 'after'
  changed: boolean
  fromGateway: boolean
  detail: ExchangeDetail
}): string {
  if (view.request) {
    if (view.after === 'before') return ''
    if (!view.detail.upstreamCalled) return 'was not sent on'
    return view.changed ? 'what the upstream got' : 'no policy changed it'
  }
  if (view.after === 'before') return ''
  if (view.fromGateway) return 'made by the gateway'
  return view.changed ? 'what the client got' : 'no policy changed it'
}

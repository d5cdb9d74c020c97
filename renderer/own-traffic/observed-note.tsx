import type { ExchangeDetail } from '../../gateway-core/protocol/types.ts'
import { visible } from '../../gateway-core/visible.ts'
import { runAction } from '../shell/actions.ts'
import { Button } from '../ui/button.tsx'
import { sizeText } from '../ui/format.ts'
import './observed-note.css'

const reasons = {
  'passed-through': 'the host is one of those that are passed through',
  'not-http': 'what was said is no HTTP',
  h2c: 'it is HTTP/2 without TLS',
} as const

/** Why nothing judged what came by the forward proxy, and the step that changes it. */
export function ObservedNote({ exchange }: { exchange: ExchangeDetail['exchange'] }) {
  const { tunnel, request } = exchange
  const host = visible(request.authority, 120)
  if (tunnel) {
    return (
      <div className="card observed-note">
        <p>
          <b>Tunnel, not read:</b> {reasons[tunnel.reason]}. {sizeText(tunnel.bytesIn)} went out,{' '}
          {sizeText(tunnel.bytesOut)} came back.
        </p>
      </div>
    )
  }
  return (
    <div className="card observed-note">
      <p className="grow">
        <b>Observed: no route.</b> No route of the workspace takes this request to <span className="code">{host}</span>,
        so it passed and was recorded.
      </p>
      <Button onClick={() => runAction('own.makeRoute')}>Make a route of this host</Button>
    </div>
  )
}

/** Whether nothing judged it because it was only observed. */
export function isObserved({ listener, route }: ExchangeDetail['exchange']): boolean {
  return listener === 'proxy' && route === undefined
}

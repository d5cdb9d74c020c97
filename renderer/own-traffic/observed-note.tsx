import type { ExchangeDetail } from '../../gateway-core/protocol/types.ts'
import { visible } from '../../gateway-core/visible.ts'
import { core } from '../core/core.ts'
import { runAction } from '../shell/actions.ts'
import { tellDone } from '../shell/notices.ts'
import { Button } from '../ui/button.tsx'
import { sizeText } from '../ui/format.ts'
import { change } from './own-traffic-store.ts'
import './observed-note.css'

type Exchange = ExchangeDetail['exchange']

const reasons = {
  'passed-through': 'the host is one of those that are passed through',
  'not-http': 'what was said is no HTTP',
  h2c: 'it is HTTP/2 without TLS',
} as const

/** Why nothing judged what came by the forward proxy, and the step that changes it. */
export function ObservedNote({ exchange }: { exchange: Exchange }) {
  const { tunnel, request, code } = exchange
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
  if (code === 'CERTIFICATE_REJECTED') {
    return (
      <div className="card observed-note">
        <p className="grow">
          Let the client trust the CA of this workspace; or, if it accepts one certificate only, leave{' '}
          <span className="code">{host}</span> alone: its connections are recorded then, what is said on them is not.
        </p>
        <Button onClick={() => void passThrough(request.authority)}>Pass this host through</Button>
      </div>
    )
  }
  return (
    <div className="card observed-note">
      <p className="grow">
        <b>Observed: no route.</b> No route of the workspace takes this request to <span className="code">{host}</span>,
        so nothing judged it.
      </p>
      <Button kind="main" onClick={() => runAction('own.makeRoute')}>
        Make a route of this host
      </Button>
    </div>
  )
}

async function passThrough(authority: string): Promise<void> {
  const pattern = authority.replace(/:443$/, '')
  await change(() => core.call('own.passThrough', { pattern }))
  tellDone(`${visible(pattern, 100)} is passed through from now on`)
}

/** Whether something is to be said about an exchange because it came by the forward proxy and no route took it. */
export function isObserved({ listener, route, verdict, code }: Exchange): boolean {
  return listener === 'proxy' && !route && (verdict !== 'refused' || code === 'CERTIFICATE_REJECTED')
}

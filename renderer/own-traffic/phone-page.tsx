import { useState } from 'react'
import type { OwnTraffic } from '../../gateway-core/protocol/own-traffic.ts'
import { core } from '../core/core.ts'
import { Button } from '../ui/button.tsx'
import { Segments } from '../ui/tabs.tsx'
import { CopyLine } from './copy-line.tsx'
import { change, useOwnTraffic } from './own-traffic-store.ts'
import { QrCode } from './qr-code.tsx'

/** A phone on the same network. */
export function PhonePage({ state }: { state: OwnTraffic }) {
  const busy = useOwnTraffic((own) => own.busy)
  const { proxy, gateway } = state
  if (!proxy?.network) {
    return (
      <>
        <p>
          A phone on the same network can send through the proxy once it listens there too. Until you close it again,
          every device of the network may use it; servers on this machine itself stay out of their reach.
        </p>
        <Button
          disabled={busy || !gateway}
          onClick={() =>
            void change(() => core.call('own.start', { network: true, ...(proxy && { port: proxy.port }) }))
          }
        >
          Open the proxy to the network
        </Button>
      </>
    )
  }
  return <OnNetwork state={state} proxy={proxy} />
}

function OnNetwork({ state, proxy }: { state: OwnTraffic; proxy: NonNullable<OwnTraffic['proxy']> }) {
  const [chosen, setChosen] = useState(proxy.pages[0])
  const busy = useOwnTraffic((own) => own.busy)
  const page = proxy.pages.includes(chosen ?? '') ? chosen : proxy.pages[0]
  if (page === undefined) return <p>This machine is on no network that a phone could be on.</p>
  const { hostname, port } = new URL(page)
  return (
    <div className="own-phone">
      <QrCode text={page} />
      <div className="own-phone-steps">
        {proxy.pages.length > 1 && (
          <Segments
            label="Network of the phone"
            options={proxy.pages.map((one) => ({ id: one, title: new URL(one).hostname }))}
            value={page}
            onChange={setChosen}
          />
        )}
        <ol>
          <li>
            In the phone’s Wi-Fi settings set the proxy to <b className="code">{hostname}</b>, port{' '}
            <b className="code">{port}</b>.
          </li>
          <li>Scan the code: its page has the certificate and says how to trust it.</li>
          <li>Compare the fingerprint that the page shows with this one:</li>
        </ol>
        {state.ca && <p className="own-fingerprint code">{state.ca.fingerprint}</p>}
        <CopyLine text={page} name="the address of the page" />
        <Button
          disabled={busy}
          onClick={() => void change(() => core.call('own.start', { network: false, port: proxy.port }))}
        >
          Only for this machine again
        </Button>
      </div>
    </div>
  )
}

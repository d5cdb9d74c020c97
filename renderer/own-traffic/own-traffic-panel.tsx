import { useEffect, useRef } from 'react'
import type { OwnTraffic } from '../../gateway-core/protocol/own-traffic.ts'
import { core } from '../core/core.ts'
import { Button } from '../ui/button.tsx'
import { Tabs } from '../ui/tabs.tsx'
import { BrowserPage } from './browser-page.tsx'
import { CopyLine } from './copy-line.tsx'
import { HostsPage } from './hosts-page.tsx'
import { askOwnTraffic, change, useOwnTraffic } from './own-traffic-store.ts'
import { PhonePage } from './phone-page.tsx'
import { ProgramPage } from './program-page.tsx'
import { TrustPage } from './trust-page.tsx'
import './own-traffic.css'

/** Whether the proxy is open and where, and the ways to send something through it. */
export function OwnTrafficPanel() {
  const { state, tab } = useOwnTraffic()
  useEffect(askOwnTraffic, [])
  if (!state) return <div className="own" />
  return (
    <div className="own">
      <ProxySwitch state={state} />
      <Tabs
        label="Ways to send through the proxy"
        value={tab}
        onChange={(next) => useOwnTraffic.setState({ tab: next })}
        tabs={[
          { id: 'program', title: 'A program' },
          { id: 'browser', title: 'A browser' },
          { id: 'phone', title: 'A phone' },
          { id: 'trust', title: 'Trust the CA' },
          {
            id: 'hosts',
            title: 'Passed through',
            ...(state.refused.length > 0 && { note: `${state.refused.length} ⚠` }),
          },
        ]}
      >
        <div className="own-page">
          {tab === 'program' && <ProgramPage state={state} />}
          {tab === 'browser' && <BrowserPage state={state} />}
          {tab === 'phone' && <PhonePage state={state} />}
          {tab === 'trust' && <TrustPage state={state} />}
          {tab === 'hosts' && <HostsPage state={state} />}
        </div>
      </Tabs>
    </div>
  )
}

function ProxySwitch({ state }: { state: OwnTraffic }) {
  const { proxy, gateway } = state
  const busy = useOwnTraffic((own) => own.busy)
  const box = useRef<HTMLDivElement>(null)
  const open = proxy !== null
  // The first step is under the fingers, and when its button is gone, the next: by which way to send.
  useEffect(() => {
    const now = document.activeElement
    if (now !== document.body && !now?.matches('[role="dialog"]')) return
    const next = open ? '[role="tab"][aria-selected="true"]' : '.own-switch button'
    box.current?.parentElement?.querySelector<HTMLElement>(next)?.focus()
  }, [open, busy])
  if (!proxy) {
    return (
      <div className="own-switch" ref={box}>
        <span className="own-light" aria-hidden="true" />
        <span className="grow">
          {gateway ? 'The forward proxy is closed.' : 'The gateway does not run, so neither does the forward proxy.'}
        </span>
        <Button kind="main" disabled={busy || !gateway} onClick={() => void change(() => core.call('own.start', {}))}>
          Open the proxy
        </Button>
      </div>
    )
  }
  return (
    <div className="own-switch own-switch-open" ref={box}>
      <span className="own-light" aria-hidden="true" />
      <span>Open at</span>
      <CopyLine text={proxy.url} name="the address" />
      <span className="grow dim">
        {proxy.network ? 'also for other devices of this network' : 'for this machine alone'}
      </span>
      <Button disabled={busy} onClick={() => void change(() => core.call('own.stop'))}>
        Close it
      </Button>
    </div>
  )
}

import { create } from 'zustand'
import type { OwnTraffic } from '../../gateway-core/protocol/own-traffic.ts'
import { core } from '../core/core.ts'
import { tellFailure, useNotices } from '../shell/notices.ts'

export const ownTrafficTabs = ['program', 'browser', 'phone', 'trust', 'hosts'] as const
export type OwnTrafficTab = (typeof ownTrafficTabs)[number]

interface Own {
  /** Undefined until somebody asked. */
  state: OwnTraffic | undefined
  tab: OwnTrafficTab
  busy: boolean
}

export const useOwnTraffic = create<Own>(() => ({ state: undefined, tab: 'program', busy: false }))

/** Begins to listen to the core. Called once, when the page starts. */
export function followOwnTraffic(): void {
  core.on('own.changed', (state) => {
    const before = useOwnTraffic.getState().state
    useOwnTraffic.setState({ state })
    const [latest] = state.refused
    const known = before?.refused.some(({ host, port }) => host === latest?.host && port === latest.port)
    if (!latest || known) return
    useNotices.getState().tell({
      what: `A client does not take our certificate for ${latest.host}`,
      todo: 'Let the client trust the CA, or pass this host through: in its exchange, or in Own traffic.',
      severity: 'warning',
    })
  })
}

/** Asks for the state, when the panel is shown. */
export function askOwnTraffic(): void {
  core.call('own.state').then((state) => useOwnTraffic.setState({ state }), tellFailure)
}

/** Does something that changes the state; failures are shown. */
export async function change(call: () => Promise<OwnTraffic>): Promise<void> {
  useOwnTraffic.setState({ busy: true })
  try {
    useOwnTraffic.setState({ state: await call() })
  } catch (error) {
    tellFailure(error)
  } finally {
    useOwnTraffic.setState({ busy: false })
  }
}

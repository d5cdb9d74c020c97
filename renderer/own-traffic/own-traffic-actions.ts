import { core } from '../core/core.ts'
import { registerActions } from '../shell/actions.ts'
import { useNavigation } from '../shell/navigation.ts'
import { tellDone } from '../shell/notices.ts'
import { useFront } from '../shell/windows.ts'
import { useWorkbench } from '../shell/workbench.ts'
import { useTraffic } from '../traffic/traffic-store.ts'
import { change, type OwnTrafficTab, useOwnTraffic } from './own-traffic-store.ts'

const isOpen = () => (useWorkbench.getState().state?.workspace ?? undefined) !== undefined
const proxy = () => useOwnTraffic.getState().state?.proxy

/** Shows the panel, on one of its pages. */
export function showOwnTraffic(tab?: OwnTrafficTab): void {
  if (tab) useOwnTraffic.setState({ tab })
  useFront.getState().show('own')
}

/** What can be done about one's own traffic, on every screen. */
export function registerOwnTrafficActions(): void {
  const group = 'Own traffic'
  registerActions([
    {
      id: 'own.show',
      title: 'Watch your own traffic …',
      group,
      keywords: 'forward proxy program browser phone certificate ca trust qr',
      enabled: isOpen,
      run: () => showOwnTraffic(),
    },
    {
      id: 'own.trust',
      title: 'Trust the local CA …',
      group,
      keywords: 'certificate https install root export',
      enabled: isOpen,
      run: () => showOwnTraffic('trust'),
    },
    {
      id: 'own.start',
      title: 'Open the forward proxy',
      group,
      keywords: 'start listen',
      enabled: () => isOpen() && !proxy(),
      run: () => change(() => core.call('own.start', {})),
    },
    {
      id: 'own.stop',
      title: 'Close the forward proxy',
      group,
      keywords: 'stop',
      enabled: () => isOpen() && proxy() !== undefined && proxy() !== null,
      run: () => change(() => core.call('own.stop')),
    },
    {
      id: 'own.makeRoute',
      title: 'Make a route of this host',
      group: 'Traffic',
      keywords: 'upstream api judge policies observed',
      enabled: () => isOpen() && useTraffic.getState().selected !== undefined,
      run: makeRoute,
    },
  ])
}

async function makeRoute(): Promise<void> {
  const id = useTraffic.getState().selected
  if (id === undefined) return
  const { made, host, path, line } = await core.call('own.makeRoute', { id })
  tellDone(made ? `${host} has a route now: add policies to it` : `${host} has a route already`)
  useNavigation.getState().openPolicy(path, line)
}

import { browserSession } from '../../gateway-core/protocol/browser-session.ts'
import { createRpcClient, type RpcClient } from '../../gateway-core/protocol/rpc-client.ts'
import { messagePortTransport } from '../../gateway-core/protocol/transport-message-port.ts'
import { portMessage } from '../../gateway-core/protocol/desktop.ts'
import { desktop } from './desktop.ts'

/** The core, for every screen: calls, events, and the state of the connection. */
export const core: RpcClient = createRpcClient({ connect: connectorFor(window) })

function connectorFor(page: Window): Parameters<typeof createRpcClient>[0]['connect'] {
  if (desktop) return portFrom(page)
  const { location, history } = page
  const token = new URLSearchParams(location.hash.slice(1)).get('token') ?? undefined
  // The token works once; it should not stay in the address bar, in bookmarks or on a screenshot.
  if (token !== undefined) history.replaceState(null, '', `${location.pathname}${location.search}`)
  const url = new URL('rpc', location.href)
  url.protocol = location.protocol === 'https:' ? 'wss:' : 'ws:'
  return browserSession({ url: url.href, token, storage: page.sessionStorage })
}

function portFrom(page: Window) {
  return () =>
    new Promise<ReturnType<typeof messagePortTransport>>((resolve) => {
      const take = (event: MessageEvent<unknown>) => {
        const port = event.ports[0]
        if (event.source !== page || event.data !== portMessage || !port) return
        page.removeEventListener('message', take)
        const transport = messagePortTransport(port as never)
        // The core learns at once that nobody listens; and Chromium 114 crashes when a page goes that hears of its port's end.
        const leave = () => transport.close('the page was left')
        page.addEventListener('pagehide', leave)
        transport.onClose(() => page.removeEventListener('pagehide', leave))
        resolve(transport)
      }
      page.addEventListener('message', take)
      desktop!.connect()
    })
}

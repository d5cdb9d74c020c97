import type { Handlers } from '../protocol/protocol.ts'
import type { Workbench } from './workbench.ts'

/** One's own traffic: the forward proxy and what goes with it. */
export function ownTrafficCalls(workbench: Workbench): Pick<Handlers, Extract<keyof Handlers, `own.${string}`>> {
  return {
    'own.state': () => workbench.ownTraffic.state(),
    'own.start': (how) => workbench.ownTraffic.start(how),
    'own.stop': () => workbench.ownTraffic.stop(),
    'own.passThrough': ({ pattern }) => workbench.ownTraffic.passThrough(pattern),
    'own.openAgain': ({ pattern }) => workbench.ownTraffic.openAgain(pattern),
    'own.trust': () => workbench.ownTraffic.trust(),
    'own.certificate': () => workbench.ownTraffic.certificate(),
    'own.browser': ({ id, url }) => workbench.ownTraffic.browser(id, url),
    'own.makeRoute': ({ id }) => workbench.ownTraffic.makeRoute(id),
  }
}

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { workspaceFile } from '../config/load.ts'
import type { Handlers } from '../protocol/protocol.ts'
import { writeWorkspace } from './new-workspace.ts'
import type { Workbench } from './workbench.ts'

const ownTrafficFiles = {
  [workspaceFile]: `# What your own programs, browsers and devices send through the proxy passes, and is shown. A route that names a
# host is judged by its policies: "Make a route of this host" in Traffic adds one here.
gatehouse: 1
name: Own traffic

listen: { http: 127.0.0.1:0, proxy: 127.0.0.1:8888 }
`,
}

/** One's own traffic: the forward proxy and what goes with it. */
export function ownTrafficCalls(workbench: Workbench): Pick<Handlers, Extract<keyof Handlers, `own.${string}`>> {
  return {
    'own.begin': () => {
      const { workspaces } = workbench.options.folders
      const folder = join(workspaces, 'own-traffic')
      if (!existsSync(join(folder, workspaceFile))) writeWorkspace(ownTrafficFiles, folder, workspaces, 'own-traffic')
      return workbench.open(folder)
    },
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

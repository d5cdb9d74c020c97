import type { Handlers } from '../protocol/protocol.ts'
import { refused } from '../protocol/rpc-error.ts'
import { keepEnvironment } from './kept-environment.ts'
import { observingFiles, openApiFiles, writeWorkspace } from './new-workspace.ts'
import type { Workbench } from './workbench.ts'

type WorkbenchCalls = Pick<Handlers, Extract<keyof Handlers, `workbench.${string}` | `gateway.${string}`>>

/** Which workspace is open, and whether its gateway runs. */
export function workbenchCalls(workbench: Workbench): WorkbenchCalls {
  return {
    'workbench.state': () => workbench.state(),
    'workbench.recent': () => workbench.recent.list(),
    'workbench.open': ({ folder }) => workbench.open(folder),
    'workbench.openSample': ({ name }) => workbench.openSample(name),
    'workbench.observe': ({ url, folder }) => {
      const { name, files } = observingFiles(url)
      return workbench.open(writeWorkspace(files, folder, workbench.options.folders.workspaces, name))
    },
    'workbench.openApi': async ({ document, upstream, folder }) => {
      const { name, files } = await openApiFiles(document, upstream)
      return workbench.open(writeWorkspace(files, folder, workbench.options.folders.workspaces, name))
    },
    'workbench.environment': async ({ name }) => {
      const { workspace } = workbench
      const { environments } = workspace.state()
      if (!environments.includes(name)) {
        throw refused(`there is no environment "${name}"`, `write the file environments/${name}.yaml`)
      }
      await workspace.switchTo(name)
      keepEnvironment(workspace.folder, name)
      return workbench.state()
    },
    'gateway.start': async () => {
      await workbench.workspace.start()
      return workbench.state()
    },
    'gateway.stop': async () => {
      await workbench.workspace.stop()
      return workbench.state()
    },
  }
}

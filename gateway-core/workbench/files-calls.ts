import type { Handlers } from '../protocol/protocol.ts'
import { refused } from '../protocol/rpc-error.ts'
import type { Workbench } from './workbench.ts'

/** Files of the workspace: read, written without losing what others wrote, checked as they are typed. */
export function filesCalls(workbench: Workbench): Pick<Handlers, Extract<keyof Handlers, `files.${string}`>> {
  const later = () => {
    throw refused('not there yet')
  }
  void workbench
  return {
    'files.tree': later,
    'files.read': later,
    'files.write': later,
    'files.check': later,
    'files.schema': later,
    'files.definition': later,
    'files.rename': later,
    'files.draft': later,
  }
}

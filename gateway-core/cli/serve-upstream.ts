import { workspaceFile } from '../config/load.ts'
import type { Route, Workspace } from '../config/workspace.ts'
import { CannotRun } from './command.ts'
import { visible } from '../visible.ts'

/** A workspace that exists in memory only: everything passes to one server. */
export function observingWorkspace(upstream: string): Map<string, string> {
  const url = URL.parse(upstream)
  if (!url || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    throw new CannotRun(`--upstream ${visible(upstream, 100)} is no address`, 'write it like http://localhost:3000')
  }
  const workspace = {
    gatehouse: 1,
    name: url.host,
    upstreams: { upstream: url.href.replaceAll('${', '$${') },
    apis: [{ name: 'everything', upstream: 'upstream' }],
  }
  // JSON is YAML.
  return new Map([[workspaceFile, JSON.stringify(workspace, null, 2)]])
}

/** A request to begin with: the first route that a plain GET can reach. */
export function firstTry(workspace: Workspace): string[] {
  const route = workspace.routes.find(({ match }) => match.methods.length === 0 || match.methods.includes('GET'))
  return [`curl -i {gateway}${route ? samplePath(route) : '/'}`]
}

function samplePath({ match: { path } }: Route): string {
  if (path.kind === 'any' || path.kind === 'expression') return '/'
  return path.value.replace(/\/\*+$/, '/').replaceAll(/\{[^}]*\}/g, '1')
}

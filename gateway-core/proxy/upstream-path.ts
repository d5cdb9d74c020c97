import type { Route } from '../config/workspace.ts'

/**
 * Path as the upstream sees it, before the target's base path: `stripPrefix` removed, or `rewrite` filled with the
 * parameters of the match. In a rewrite that ends in `*`, the star stands for what the prefix route left over.
 */
export function upstreamPath(route: Route, path: string, parameters: Readonly<Record<string, string>>): string {
  if (route.rewrite !== undefined) return rewritten(route, path, parameters)
  const prefix = route.stripPrefix
  if (prefix === undefined || prefix === '' || prefix === '/') return path
  const bare = prefix.endsWith('/') ? prefix.slice(0, -1) : prefix
  if (path === bare) return '/'
  return path.startsWith(`${bare}/`) ? path.slice(bare.length) : path
}

function rewritten(route: Route, path: string, parameters: Readonly<Record<string, string>>): string {
  const filled = route.rewrite!.replace(/\{([^}]+)\}/g, (whole, name: string) =>
    parameters[name] === undefined ? whole : encodeURIComponent(parameters[name]),
  )
  if (!filled.endsWith('*')) return filled
  const { path: match } = route.match
  const depth = match.kind === 'prefix' ? match.value.replace(/\/\*?$/, '').split('/').length : 1
  const rest = path.split('/').slice(depth).join('/')
  return filled.slice(0, -1).replace(/\/$/, '') + (rest === '' ? '' : `/${rest}`) || '/'
}

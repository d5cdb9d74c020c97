import type { Route, Workspace } from '../config/workspace.ts'
import type { JudgedExchange } from '../pipeline/judged-exchange.ts'
import type { Plan } from '../pipeline/plan.ts'
import type { Router } from './router.ts'
import { changeRequest } from '../pipeline/changes.ts'
import { layOut } from '../pipeline/plan.ts'
import { upstreamPath } from './upstream-path.ts'

/** Where an exchange goes and what judges it. */
export interface Routed {
  plan: Plan
  route: Route | undefined
  /** Methods that the path has routes for, when this method has none. */
  allowedMethods: readonly string[]
  /** Servers read the path differently, and one reading has policies that this one would pass by. */
  contested?: boolean
}

const nothing: readonly string[] = []
/** What is only observed meets no policy. */
const observing: Routed = { plan: layOut([], () => []), route: undefined, allowedMethods: nothing }

/**
 * Routes an exchange and notes the match on it. Without a route, the workspace's own policies judge it; but what came in
 * by the forward proxy is judged only where a route names its host, and else observed.
 */
export function routeExchange(workspace: Workspace, router: Router, exchange: JudgedExchange, proxied = false): Routed {
  const found = router.match(exchange.request, proxied)
  const contested = (found.route !== undefined || proxied) && router.isContested(exchange.request, found.route, proxied)
  if (!found.route && proxied && !contested) return observing
  const plan = (contested ? undefined : found.route?.plan) ?? workspace.unrouted
  if (plan.ownHeaders.length > 0) dropOwn(exchange, plan.ownHeaders)
  if (contested) return { plan, route: undefined, allowedMethods: nothing, contested }
  if (!found.route) return { plan, route: undefined, allowedMethods: found.allowedMethods }
  const { route, parameters } = found
  exchange.route = {
    id: route.id,
    api: route.api,
    template: route.match.path.kind === 'any' ? '*' : route.match.path.value,
    parameters,
    upstreamPath: upstreamPath(route, exchange.request.path, parameters),
    upstream: route.upstream,
  }
  return { plan: route.plan, route, allowedMethods: nothing }
}

/** A client cannot say in a policy's name what only the policy says. */
function dropOwn(exchange: JudgedExchange, names: readonly string[]): void {
  const { request } = exchange
  const sent = names.filter((name) => request.headers.has(name))
  const { raw } = request.headers
  for (let at = 0; at < raw.length; at += 2) {
    const name = raw[at]!
    // Servers behind CGI or WSGI read `X_User` as `X-User`.
    if (name.includes('_') && names.includes(name.toLowerCase().replaceAll('_', '-'))) sent.push(name)
  }
  if (sent.length === 0) return
  exchange.request = changeRequest(
    request,
    sent.map((name) => ({ kind: 'remove-header', name }) as const),
  )
}

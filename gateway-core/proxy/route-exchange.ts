import type { Route, Workspace } from '../config/workspace.ts'
import type { JudgedExchange } from '../pipeline/judged-exchange.ts'
import type { Plan } from '../pipeline/plan.ts'
import type { Router } from './router.ts'
import { upstreamPath } from './upstream-path.ts'

/** Where an exchange goes and what judges it. */
export interface Routed {
  plan: Plan
  route: Route | undefined
  /** Methods that the path has routes for, when this method has none. */
  allowedMethods: readonly string[]
}

const nothing: readonly string[] = []

/** Routes an exchange and notes the match on it. Without a route, the workspace's own policies judge it. */
export function routeExchange(workspace: Workspace, router: Router, exchange: JudgedExchange): Routed {
  const found = router.match(exchange.request)
  if (!found.route) return { plan: workspace.unrouted, route: undefined, allowedMethods: found.allowedMethods }
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

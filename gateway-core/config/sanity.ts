import type { PolicyInstance } from '../pipeline/plan.ts'
import type { Problems } from './problems.ts'
import type { Routes } from './routes.ts'
import { instancesOf } from './scopes.ts'
import type { Route } from './workspace.ts'

const identityTypes = new Set([
  'basic-auth',
  'hmac-auth',
  'jwt-auth',
  'key-auth',
  'mtls-auth',
  'oauth2-introspection',
  'openid-connect',
])
const needsIdentity = new Set(['acl', 'rbac'])

/** Warns about what is valid and yet cannot have been meant: unreachable routes, authorization before identity. */
export function warnAboutRoutes(routes: Routes, problems: Problems): void {
  warnUnreachable(routes.routes, problems)
  for (const route of routes.routes) warnOrder(route, problems)
}

function warnUnreachable(routes: readonly Route[], problems: Problems): void {
  const byMatch = new Map<string, Route[]>()
  for (const route of routes) {
    const { methods, ...others } = route.match
    const path = route.match.path.kind === 'any' ? '' : route.match.path.value.replaceAll(/\{[^}]*\}/g, '{}')
    const identity = JSON.stringify([{ ...others, path: undefined }, route.match.path.kind, path])
    const earlier = byMatch.get(identity) ?? []
    byMatch.set(identity, [...earlier, route])
    const open = methods.filter((method) => !earlier.some((other) => serves(other, method)))
    const covering = earlier.find((other) => other.match.methods.length === 0) ?? earlier[0]
    const covered = methods.length > 0 ? open.length === 0 : earlier.some((other) => other.match.methods.length === 0)
    if (!covering || !covered) continue
    const { line } = covering.position
    const message = `no request reaches this route: the one on line ${line} (${covering.id}) matches the same`
    const suggestion = 'remove one of them, or make this one differ in path, methods, headers or query'
    problems.add(route.position, { code: 'UNREACHABLE', severity: 'warning', message, suggestion })
  }
}

function serves(route: Route, method: string): boolean {
  const { methods } = route.match
  return methods.length === 0 || methods.includes(method) || (method === 'HEAD' && methods.includes('GET'))
}

function warnOrder(route: Route, problems: Problems): void {
  const identified = new Set<PolicyInstance>()
  for (const node of route.plan.phases.requestHeaders) {
    for (const instance of instancesOf(node)) {
      const { type } = instance.policy
      if (identityTypes.has(type)) identified.add(instance)
      if (!needsIdentity.has(type) || identified.size > 0) continue
      const message = `${type} runs before any policy that finds out who calls, so it denies every request`
      const suggestion = 'put key-auth or jwt-auth before it, in this scope or an outer one'
      problems.add(instance.position, { code: 'ORDER', severity: 'warning', message, suggestion })
    }
  }
}

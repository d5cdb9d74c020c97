import type { Plan, PlanNode, PolicyInstance } from '../pipeline/plan.ts'
import type { Problems } from './problems.ts'
import type { Routes } from './routes.ts'
import { instancesOf } from './scopes.ts'
import type { Route } from './workspace.ts'

const needsIdentity = new Set(['acl', 'rbac'])

/** Warns about what is valid and yet cannot have been meant: unreachable routes, policies in an order that denies everybody. */
export function warnAboutRoutes({ routes }: Routes, problems: Problems): void {
  warnUnreachable(routes, problems)
  warnDefault(routes, problems)
  for (const plan of new Set(routes.map((route) => route.plan))) warnOrder(plan, problems)
}

/** Whether a policy finds out who calls. */
export function identifies({ policy }: PolicyInstance): boolean {
  return policy.identifies !== undefined
}

function warnUnreachable(routes: readonly Route[], problems: Problems): void {
  const byMatch = new Map<string, Route[]>()
  for (const route of routes) {
    const { methods, ...others } = route.match
    const path = route.match.path.kind === 'any' ? '' : route.match.path.value.replaceAll(/\{[^}]*\}/g, '{}')
    // One that lists methods comes before one that takes all.
    const identity = JSON.stringify([{ ...others, path: undefined }, route.match.path.kind, path, methods.length > 0])
    const earlier = byMatch.get(identity) ?? []
    byMatch.set(identity, [...earlier, route])
    const covered = methods.every((method) => earlier.some((other) => serves(other, method)))
    if (earlier[0] && covered) warnCovered(route, earlier[0], problems)
  }
}

/** A default route comes after the prefix of all paths. */
function warnDefault(routes: readonly Route[], problems: Problems): void {
  const everything = new Map(
    routes.filter(takesEveryPath).map((route) => [JSON.stringify(route.match.hosts), route] as const),
  )
  if (everything.size === 0) return
  for (const route of routes) {
    const covering = route.match.path.kind === 'any' && everything.get(JSON.stringify(route.match.hosts))
    if (covering) warnCovered(route, covering, problems)
  }
}

function takesEveryPath({ match }: Route): boolean {
  const { path, methods, headers, query } = match
  const all = path.kind === 'prefix' && path.value === '/*'
  return all && methods.length + headers.length + query.length === 0
}

function warnCovered(route: Route, covering: Route, problems: Problems): void {
  const { line } = covering.position
  const message = `no request reaches this route: the one on line ${line} (${covering.id}) matches the same`
  const suggestion = 'remove one of them, or make this one differ in path, methods, headers or query'
  problems.add(route.position, { code: 'UNREACHABLE', severity: 'warning', message, suggestion })
}

function serves({ match: { methods } }: Route, method: string): boolean {
  return methods.includes(method) || (method === 'HEAD' && methods.includes('GET'))
}

function warnOrder(plan: Plan, problems: Problems): void {
  const early: PolicyInstance[] = []
  let finder: string | undefined
  let noting: string | undefined
  let refusesPreflights: string | undefined
  const warn = ({ position }: PolicyInstance, message: string, suggestion: string) =>
    problems.add(position, { code: 'ORDER', severity: 'warning', message, suggestion })
  const told = (what: 'address' | 'caller') =>
    early.filter(
      ({ policy, prepared }) => policy.judgesBy?.(prepared).includes(what) && !needsIdentity.has(policy.type),
    )
  for (const node of plan.phases.requestHeaders) {
    for (const instance of instancesOf(node)) {
      const { type } = instance.policy
      if (type === 'real-ip') {
        for (const one of told('address')) {
          const message = `${one.policy.type} runs before real-ip, so it sees the address of the proxy in front, not the client's`
          warn(one, message, 'put real-ip before it')
        }
      } else if (identifies(instance) && instance.mode === 'shadow') {
        noting ??= type
      } else if (identifies(instance)) {
        for (const one of finder === undefined ? told('caller') : []) {
          const message = `${one.policy.type} counts by who calls, and runs before ${type}, which finds that out`
          warn(one, message, `put it behind ${type}`)
        }
        finder = type
      } else if (needsIdentity.has(type) && finder === undefined) {
        const why = noting
          ? `runs behind ${noting} in shadow mode, which finds nobody`
          : 'runs before any policy that finds out who calls'
        const suggestion = noting
          ? `let ${noting} enforce, or write mode: shadow here too`
          : 'put key-auth or jwt-auth before it, in this scope or an outer one'
        if (instance.mode === 'enforce' || !noting)
          warn(instance, `${type} ${why}, so it denies every request`, suggestion)
      } else if (type === 'cors' && refusesPreflights !== undefined) {
        const message = `cors runs after ${refusesPreflights}, which refuses every preflight: browsers send them without credentials`
        warn(instance, message, 'put cors before it, in this scope or an outer one')
      }
      early.push(instance)
    }
    refusesPreflights ??= wantsCredentials(node)
  }
}

/** The policy of a node that no request without credentials passes, by its type. */
function wantsCredentials(node: PlanNode): string | undefined {
  const wants = (instance: PolicyInstance) =>
    identifies(instance) && instance.mode === 'enforce' && instance.when === undefined
  if (node.kind === 'policy') return wants(node.instance) ? node.instance.policy.type : undefined
  return node.branches.every((branch) => branch.some(wants)) ? 'any-of' : undefined
}

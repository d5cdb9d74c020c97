import { layOut, type Plan, type PlanNode } from '../pipeline/plan.ts'
import type { Setup } from '../pipeline/policy.ts'
import type { BrokenParts } from './broken-parts.ts'
import { didYouMean } from './closest.ts'
import { sealedOf } from './policy-instance.ts'
import type { Problems } from './problems.ts'
import { hostsOf, type RouteReport, rewriteOf, routeMatchOf, stripPrefixOf } from './route-match.ts'
import { type OuterScope, type ScopePolicies, type ScopeReader, withoutRemoved } from './scopes.ts'
import type { Api, PathMatch, Route, RouteMatch, Upstream } from './workspace.ts'

type Mapping = Record<string, unknown>

/** What routes refer to. */
export interface RouteSurroundings {
  readonly root: Mapping
  readonly problems: Problems
  readonly scopes: ScopeReader
  readonly broken: BrokenParts
  readonly upstreams: ReadonlyMap<string, Upstream>
  /** The dereferenced document of an API, by its path. */
  readonly openapi: (path: string, pointer: string) => Setup['openapi']
}

/** All APIs with their routes, and the plan for requests without a route. */
export interface Routes {
  readonly apis: Api[]
  readonly routes: Route[]
  readonly unrouted: Plan
}

/** Reads the policies of the workspace and of every API and route, and lays out the plans. */
export function routesOf(around: RouteSurroundings): Routes {
  const { root, scopes } = around
  const workspace = scopes.read('workspace', root['policies'], undefined)
  withoutRemoved([], workspace, [])
  const reader = new RoutesReader(around, workspace)
  const apis = ((root['apis'] ?? []) as Mapping[]).flatMap((api, at) => reader.api(api, at))
  return { apis, routes: reader.routes, unrouted: plan([workspace.nodes]) }
}

function plan(scopes: readonly (readonly PlanNode[])[]): Plan {
  return layOut(scopes, sealedOf)
}

class RoutesReader {
  readonly routes: Route[] = []
  readonly #around: RouteSurroundings
  readonly #workspace: ScopePolicies
  readonly #apiNames = new Set<string>()

  constructor(around: RouteSurroundings, workspace: ScopePolicies) {
    this.#around = around
    this.#workspace = workspace
  }

  api(api: Mapping, at: number): Api[] {
    const pointer = `/apis/${at}`
    if (this.#around.broken.has(pointer)) return []
    const { root, problems, scopes } = this.#around
    const given = typeof api['name'] === 'string' ? api['name'] : undefined
    const name = given ?? `api-${at + 1}`
    if (given !== undefined && this.#apiNames.has(given)) {
      const message = `there are two APIs with the name "${name}"`
      problems.at(root, `${pointer}/name`, { code: 'DUPLICATE_NAME', message, suggestion: 'give each its own name' })
    }
    this.#apiNames.add(name)
    const path = api['openapi'] as string | undefined
    const openapi = path === undefined ? undefined : this.#around.openapi(path, `${pointer}/openapi`)
    const policies = scopes.read(`api:${name}`, api['policies'], openapi)
    const outer = [...withoutRemoved([this.#workspace.nodes], policies, [this.#workspace]), policies.nodes]
    const report = this.#report(pointer)
    const upstream = this.#upstream(api['upstream'], `${pointer}/upstream`)
    const context: ApiContext = {
      name,
      openapi,
      outer,
      scopes: [this.#workspace, policies],
      plan: plan(outer),
      hosts: hostsOf(api['host'], '/host', report),
      upstream,
      names: new Set(),
    }
    const routes = api['routes'] as Mapping[] | undefined
    if (routes === undefined) this.#route({}, pointer, context)
    else for (const [index, route] of routes.entries()) this.#route(route, `${pointer}/routes/${index}`, context)
    return [{ name, openapi: path, position: problems.position(root, `${pointer}/name`) }]
  }

  #route(route: Mapping, pointer: string, api: ApiContext): void {
    if (this.#around.broken.has(pointer)) return
    const { root, problems, scopes } = this.#around
    const report = this.#report(pointer)
    const match = routeMatchOf(route, api.hosts, report)
    const name = this.#nameOf(route, match, pointer, api)
    const policies = scopes.read(`api:${api.name}/route:${name}`, route['policies'], api.openapi)
    const own = policies.nodes.length > 0 || policies.without.length > 0
    const written = route['path'] === undefined ? pointer : `${pointer}/path`
    this.routes.push({
      id: `${api.name}/${name.replace(/^\//, '')}`,
      api: api.name,
      match,
      upstream:
        route['upstream'] === undefined ? api.upstream : this.#upstream(route['upstream'], `${pointer}/upstream`),
      stripPrefix: stripPrefixOf(route['stripPrefix'], match.path, report),
      rewrite: rewriteOf(route['rewrite'], match.path, report),
      preserveHost: route['preserveHost'] === true,
      plan: own ? plan([...withoutRemoved(api.outer, policies, api.scopes), policies.nodes]) : api.plan,
      order: this.routes.length,
      position: problems.position(root, written),
    })
  }

  /** The name that is written, else the path; where another route has that path, with its methods. */
  #nameOf(route: Mapping, match: RouteMatch, pointer: string, api: ApiContext): string {
    const given = route['name'] as string | undefined
    if (given !== undefined) {
      if (api.names.has(given)) {
        const message = `this API has two routes with the name "${given}"`
        const suggestion = 'give each its own name'
        this.#report(pointer)('/name', 'DUPLICATE_NAME', message, suggestion)
      }
      api.names.add(given)
      return given
    }
    const path = pathText(match.path)
    const candidates = [path, `${path}[${match.methods.join(',') || '*'}]`]
    let name = candidates.find((candidate) => !api.names.has(candidate))
    for (let count = 2; name === undefined; count++) {
      const candidate = `${path}[${count}]`
      if (!api.names.has(candidate)) name = candidate
    }
    api.names.add(name)
    return name
  }

  #upstream(name: unknown, pointer: string): string | undefined {
    if (typeof name !== 'string') return undefined
    const { root, problems, upstreams } = this.#around
    if (upstreams.has(name)) return name
    const suggestion =
      didYouMean(name, [...upstreams.keys()], 'there are') ?? `define it: upstreams: { ${name}: http://… }`
    problems.at(root, pointer, { code: 'UNKNOWN_REFERENCE', message: `there is no upstream "${name}"`, suggestion })
    return undefined
  }

  #report(base: string): RouteReport {
    const { root, problems } = this.#around
    return (pointer, code, message, suggestion) => problems.at(root, base + pointer, { code, message, suggestion })
  }
}

interface ApiContext {
  readonly name: string
  readonly openapi: Setup['openapi']
  readonly outer: readonly (readonly PlanNode[])[]
  readonly scopes: readonly OuterScope[]
  readonly plan: Plan
  readonly hosts: readonly string[]
  readonly upstream: string | undefined
  readonly names: Set<string>
}

function pathText(path: PathMatch): string {
  return path.kind === 'any' ? '*' : path.value
}

import type { Plan, PolicyInstance } from '../pipeline/plan.ts'
import type { ConsumerEntry, Mention } from '../pipeline/policy.ts'
import { closest, didYouMean } from './closest.ts'
import { escapeKey } from './origins.ts'
import { mentionsOf } from './policy-instance.ts'
import type { Problems } from './problems.ts'
import type { Routes } from './routes.ts'
import { identifies } from './sanity.ts'
import type { Api, Route, Upstream } from './workspace.ts'

/** What warnings about unused parts look at. */
export interface Parts extends Routes {
  readonly root: Record<string, unknown>
  readonly upstreams: ReadonlyMap<string, Upstream>
  readonly consumers: readonly ConsumerEntry[]
}

/**
 * Warns about what is written and has no effect: upstreams that no route names, routes without one, no routes at all, and
 * consumers and groups that nobody can belong to. Where there are errors, what they left out may be what was missing.
 */
export function warnAboutUnused(parts: Parts, problems: Problems): void {
  if (problems.failed) return
  if (!warnNoRoutes(parts.root, problems)) warnUpstreams(parts, problems)
  warnMentions(parts)
}

function warnUpstreams({ root, upstreams, apis, routes }: Parts, problems: Problems): void {
  const used = new Set(routes.map(({ upstream }) => upstream))
  const unused = [...upstreams.keys()].filter((name) => !used.has(name))
  for (const name of unused) {
    const message = `no route names the upstream "${name}"`
    const suggestion = `write upstream: ${name} at an API or route, or remove it`
    const pointer = `/upstreams/${escapeKey(name)}`
    problems.at(root, pointer, { part: 'key', code: 'UNUSED', severity: 'warning', message, suggestion })
  }
  const known = [...upstreams.keys()]
  const meant = unused.length === 1 ? unused[0]! : known.length === 1 ? known[0]! : undefined
  const byApi = Map.groupBy(routes, ({ api }) => api)
  for (const api of apis) warnNoUpstream(api, byApi.get(api.name) ?? [], { known, meant }, problems)
}

/** Told once for an API of which no route names an upstream. */
function warnNoUpstream(
  api: Api,
  own: readonly Route[],
  { known, meant }: { known: readonly string[]; meant: string | undefined },
  problems: Problems,
): void {
  const without = own.filter((route) => route.upstream === undefined)
  const all = without.length > 1 && without.length === own.length
  const which =
    known.length === 0
      ? 'app, and define it: upstreams: { app: http://127.0.0.1:9001 }'
      : known.slice(0, 20).join(' or ')
  const suggestion = `write upstream: ${meant ?? which}`
  const message = `${all ? 'no route of this API' : 'this route'} names ${all ? 'an' : 'no'} upstream, so what policies let pass is answered with 503`
  for (const { position } of all ? [api] : without) {
    problems.add(position, { code: 'MISSING_KEY', severity: 'warning', message, suggestion })
  }
}

/** A list that is written and empty, after which nothing else is a surprise; a workspace may well have no APIs yet. */
function warnNoRoutes(root: Record<string, unknown>, problems: Problems): boolean {
  const apis = root['apis']
  if (!Array.isArray(apis)) return false
  const warn = (pointer: string, message: string, suggestion: string) => {
    problems.at(root, pointer, { code: 'UNUSED', severity: 'warning', message, suggestion })
    return true
  }
  if (apis.length === 0) {
    const suggestion = 'write one: - { name: app, upstream: app }'
    return warn('/apis', 'there are no APIs, so every request is answered with 404', suggestion)
  }
  const empty = (apis as { routes?: unknown }[]).flatMap(({ routes }, at) =>
    Array.isArray(routes) && routes.length === 0 ? [`/apis/${at}/routes`] : [],
  )
  const suggestion = 'write routes, or remove the key: then the API takes every path'
  for (const pointer of empty) warn(pointer, 'this API has no routes, so no request reaches it', suggestion)
  return empty.length > 0
}

interface Known {
  readonly consumer: ReadonlySet<string>
  readonly group: ReadonlySet<string>
}

/**
 * Names that can belong to nobody in any plan of the policy that mentions them: where they look misspelt, or where none of
 * its names belongs to anybody. A role that nobody has yet is no mistake.
 */
function warnMentions({ consumers, routes, unrouted }: Parts): void {
  const known: Known = {
    consumer: new Set(consumers.map(({ name }) => name)),
    group: new Set(consumers.flatMap(({ groups }) => groups)),
  }
  const closed = new Map<PolicyInstance, Set<Mention['kind']>>()
  for (const plan of new Set<Plan>([unrouted, ...routes.map((route) => route.plan)])) {
    const here = closedIn(plan)
    for (const instance of plan.instances) {
      if (mentionsOf(instance).length === 0) continue
      const before = closed.get(instance)
      closed.set(instance, new Set(before ? [...before].filter((kind) => here.has(kind)) : here))
    }
  }
  for (const [instance, kinds] of closed) {
    const mentions = mentionsOf(instance)
    const nobody = mentions.every(({ kind, name }) => kinds.has(kind) && !known[kind].has(name))
    for (const { kind, name, report } of mentions) {
      if (!kinds.has(kind) || known[kind].has(name)) continue
      const there = [...known[kind]]
      if (!nobody && closest(name, there) === undefined) continue
      const message =
        kind === 'group' ? `no consumer is in the group "${name}"` : `there is no consumer with the name "${name}"`
      const suggestion = didYouMean(name, there, 'there are') ?? 'write it under consumers:'
      report({ code: 'UNUSED', severity: 'warning', message, suggestion })
    }
  }
}

/** Of which kind a plan knows all names: where nothing takes them from credentials, and something finds callers at all. */
function closedIn(plan: Plan): Set<Mention['kind']> {
  const finders = plan.instances.filter(identifies).map(({ policy, prepared }) => policy.identifies!(prepared))
  const kinds = new Set<Mention['kind']>()
  if (finders.length === 0) return kinds
  if (finders.every((one) => one.consumers === 'workspace')) kinds.add('consumer')
  if (finders.every((one) => one.groups === 'workspace')) kinds.add('group')
  return kinds
}

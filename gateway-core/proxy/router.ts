import { RE2JS } from 're2js'
import type { PathMatch, Route, RouteMatch, ValueMatch } from '../config/workspace.ts'
import type { RequestMessage } from '../exchange.ts'
import { otherMethods } from '../pipeline/other-methods.ts'
import { hasUpperCase, otherReadings } from './other-readings.ts'
import { type PathTree, createPathTree } from './path-tree.ts'

/** The route found for a request, with decoded path parameters; or why none was. */
export type Routing =
  | { route: Route; parameters: Readonly<Record<string, string>> }
  | { route: undefined; allowedMethods: readonly string[] }

/**
 * Finds the route of a request. Most specific first: exact host with a port before exact host before the longest wildcard before any host; literal
 * path before parameters before expressions before the longest prefix before the default; then the route with more
 * conditions; ties in the order written. A CORS preflight is routed as the method it asks for.
 */
export class Router {
  readonly #routes: readonly Route[]
  readonly #exact = new Map<string, PathTree<Candidate>>()
  readonly #wildcards: { suffix: string; tree: PathTree<Candidate> }[] = []
  readonly #anyHost = createPathTree<Candidate>()
  /** Some routes name a port besides the host. */
  #ports = false
  /** Routes differ in their policies. */
  readonly #distinct: boolean
  /** Some routes take only some methods. */
  readonly #methods: boolean
  /** Some routes write upper case letters in their path. */
  readonly #upperCase: boolean
  /** The same routes for who does not distinguish upper and lower case; made when it is first asked. */
  #folded: Router | undefined

  constructor(routes: readonly Route[]) {
    this.#routes = routes
    this.#distinct = routes.some(({ plan }) => plan !== routes[0]!.plan)
    this.#methods = routes.some(({ match }) => match.methods.length > 0)
    this.#upperCase = routes.some((route) => inLowerCase(route) !== route)
    for (const route of routes) {
      const candidate = compile(route)
      for (const tree of this.#treesOf(route.match)) tree.add(route.match.path, candidate)
    }
    this.#wildcards.sort((a, b) => b.suffix.length - a.suffix.length)
  }

  /** Whether routes name this host (an authority as in `RequestMessage`), by name or by wildcard. */
  names(authority: string, scheme: 'http' | 'https'): boolean {
    const host = hostname(authority)
    if (this.#exact.has(host) || this.#wildcards.some(({ suffix }) => isBelow(host, suffix))) return true
    return this.#ports && this.#exact.has(withPort(authority, host, scheme))
  }

  /** A route that names this host; undefined where none does. */
  routeOf(authority: string, scheme: 'http' | 'https'): Route | undefined {
    const host = hostname(authority)
    const names = new Set([host, withPort(authority, host, scheme)])
    return this.#routes.find(({ match }) =>
      match.hosts.some((one) => names.has(one) || (one.startsWith('*.') && isBelow(host, one.slice(1)))),
    )
  }

  /** With `byHost`, only routes that name the host count: what goes to any server is not meant for the others. */
  match(request: RequestMessage, byHost = false): Routing {
    const method = routedMethod(request)
    const allowed: string[] = []
    for (const tree of this.#treesFor(request, byHost)) {
      const found = tree.find(request.path, (candidates) => select(candidates, method, request, allowed))
      if (found) return { route: found.value.route, parameters: found.parameters }
    }
    return { route: undefined, allowedMethods: [...new Set(allowed)] }
  }

  /**
   * Whether some servers read the request as one of another route, whose policies it would pass by: the path as one of a
   * narrower route (who means the spelling gives it a route), or its method as one that it names besides its own.
   */
  isContested(request: RequestMessage, found: Route | undefined, byHost = false): boolean {
    if (this.#methods && this.#isOtherMethod(request, found, byHost)) return true
    if (found && !this.#distinct) return false
    const { path } = request
    const readings = otherReadings(path)
    // A value of a template is often a name, and case belongs to it.
    const folds = found?.match.path.kind !== 'template' && (this.#upperCase || hasUpperCase(path))
    if (readings.length === 0 && !folds) return false
    const narrower = (reading: string, router: Router) => {
      const other = router.match({ ...request, path: reading }, byHost).route
      if (!other || other.order === found?.order || other.plan === found?.plan) return false
      return found === undefined || isNarrower(other.match.path, found.match.path)
    }
    if (readings.some((reading) => narrower(reading, this))) return true
    if (!folds) return false
    const folded = (this.#folded ??= new Router(this.#routes.map(inLowerCase)))
    return [path, ...readings].some((reading) => narrower(reading.toLowerCase(), folded))
  }

  #isOtherMethod(request: RequestMessage, found: Route | undefined, byHost: boolean): boolean {
    return otherMethods(request).some((method) => {
      const other = this.match({ ...request, method }, byHost).route
      return other ? other.plan !== found?.plan : found !== undefined
    })
  }

  #treesOf(match: RouteMatch): PathTree<Candidate>[] {
    if (match.hosts.length === 0) return [this.#anyHost]
    return match.hosts.map((host) => {
      if (!host.startsWith('*.')) {
        if (hostname(host) !== host) this.#ports = true
        const tree = this.#exact.get(host) ?? createPathTree<Candidate>()
        this.#exact.set(host, tree)
        return tree
      }
      const suffix = host.slice(1)
      const known = this.#wildcards.find((wildcard) => wildcard.suffix === suffix)
      if (known) return known.tree
      const tree = createPathTree<Candidate>()
      this.#wildcards.push({ suffix, tree })
      return tree
    })
  }

  *#treesFor({ authority, scheme }: RequestMessage, byHost: boolean): Iterable<PathTree<Candidate>> {
    if (this.#exact.size > 0 || this.#wildcards.length > 0) {
      const host = hostname(authority)
      const precise = this.#ports ? this.#exact.get(withPort(authority, host, scheme)) : undefined
      if (precise) yield precise
      const exact = this.#exact.get(host)
      if (exact) yield exact
      for (const { suffix, tree } of this.#wildcards) if (isBelow(host, suffix)) yield tree
    }
    if (!byHost) yield this.#anyHost
  }
}

/** Whether one pattern names paths more exactly than another. */
export function isNarrower(one: PathMatch, other: PathMatch): boolean {
  const [kind, depth] = breadth(one)
  const [otherKind, otherDepth] = breadth(other)
  return kind > otherKind || (kind === otherKind && depth > otherDepth)
}

/** How exactly a path is named: by what kind of pattern, with how many literal segments. */
function breadth(match: PathMatch): [kind: number, segments: number] {
  if (match.kind === 'any') return [0, 0]
  if (match.kind === 'expression') return [2, 0]
  return [match.kind === 'template' ? 3 : 1, match.value.split('/').filter((part) => !part.includes('{')).length]
}

function inLowerCase(route: Route): Route {
  const { path } = route.match
  if (path.kind === 'any' || path.kind === 'expression') return route
  if (!/[A-Z]/.test(path.value)) return route
  const value = path.value.replaceAll(/\{[^}]*\}|[A-Z]+/g, (part) => (part[0] === '{' ? part : part.toLowerCase()))
  return { ...route, match: { ...route.match, path: { ...path, value } } }
}

/** The authority with its port, also where that is the scheme's own. */
function withPort(authority: string, host: string, scheme: 'http' | 'https'): string {
  return host === authority ? `${host}:${scheme === 'https' ? 443 : 80}` : authority
}

function isBelow(host: string, suffix: string): boolean {
  return host.endsWith(suffix) && host.length > suffix.length
}

interface Candidate {
  route: Route
  methods: ReadonlySet<string> | undefined
  conditions: readonly ((request: RequestMessage) => boolean)[]
}

function compile(route: Route): Candidate {
  const { methods, headers, query } = route.match
  const allowed = new Set(methods.flatMap((method) => (method === 'GET' ? ['GET', 'HEAD'] : [method])))
  return {
    route,
    methods: methods.length === 0 ? undefined : allowed,
    conditions: [...headers.map((match) => headerCondition(match)), ...query.map((match) => queryCondition(match))],
  }
}

/** First candidate in order of conditions and writing that accepts the request; gathers methods for `Allow` otherwise. */
function select(
  candidates: readonly Candidate[],
  method: string,
  request: RequestMessage,
  allowed: string[],
): Candidate | undefined {
  let best: Candidate | undefined
  for (const candidate of candidates) {
    if (best && !moreSpecific(candidate, best)) continue
    if (!candidate.conditions.every((holds) => holds(request))) continue
    if (candidate.methods ? candidate.methods.has(method) : method !== 'TRACE') best = candidate
    else allowed.push(...(candidate.methods ?? usualMethods))
  }
  return best
}

/**
 * What a route without `methods` is said to take. It takes any but TRACE, which only gives back what was sent: here that
 * would be what the gateway adds (RFC 9110 §9.3.8). Who wants it lists it.
 */
const usualMethods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']

function moreSpecific(one: Candidate, other: Candidate): boolean {
  const weight = (candidate: Candidate) => candidate.conditions.length * 2 + (candidate.methods ? 1 : 0)
  return weight(one) > weight(other) || (weight(one) === weight(other) && one.route.order < other.route.order)
}

function headerCondition(match: ValueMatch): (request: RequestMessage) => boolean {
  const name = match.name.toLowerCase()
  const accepts = valueTest(match)
  return (request) => request.headers.all(name).some(accepts)
}

function queryCondition(match: ValueMatch): (request: RequestMessage) => boolean {
  const accepts = valueTest(match)
  return (request) => new URLSearchParams(request.query).getAll(match.name).some(accepts)
}

function valueTest(match: ValueMatch): (value: string) => boolean {
  if (match.equals !== undefined) return (value) => value === match.equals
  if (match.matches === undefined) return () => true
  const expression = RE2JS.compile(match.matches)
  return (value) => expression.matches(value)
}

/** The method a request is routed by: for a CORS preflight the one it asks for (Fetch standard). */
export function routedMethod(request: RequestMessage): string {
  if (request.method !== 'OPTIONS' || !request.headers.has('origin')) return request.method
  return request.headers.get('access-control-request-method') ?? request.method
}

function hostname(authority: string): string {
  if (authority.startsWith('[')) return authority.slice(0, authority.indexOf(']') + 1)
  const colon = authority.lastIndexOf(':')
  return colon === -1 ? authority : authority.slice(0, colon)
}

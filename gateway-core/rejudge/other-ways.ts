import type { PathMatch, Route, Workspace } from '../config/workspace.ts'
import { isNarrower } from '../proxy/router.ts'

/**
 * Whether requests that found a route are refused alike for what servers read differently (`Router.isContested`), told
 * without looking at them. Two workspaces whose routes match alike (`routesAlike`) may differ there: it hangs on which
 * routes share their policies.
 */
export class OtherWays {
  readonly #before: readonly Route[]
  readonly #after: readonly Route[]
  readonly #places: ReadonlyMap<string, number>
  readonly #alike = new Map<string, boolean>()

  constructor(before: Workspace, after: Workspace) {
    this.#before = before.routes
    this.#after = after.routes
    this.#places = new Map(after.routes.map(({ id }, at) => [id, at]))
  }

  /** `id` of the route that was found. */
  alike(id: string): boolean {
    let alike = this.#alike.get(id)
    if (alike === undefined) this.#alike.set(id, (alike = this.#compare(this.#places.get(id))))
    return alike
  }

  #compare(place: number | undefined): boolean {
    if (place === undefined) return false
    const [was, is] = [this.#before[place]!, this.#after[place]!]
    return this.#after.every(
      (other, at) => (other.plan === is.plan) === (this.#before[at]!.plan === was.plan) || !mayBeRead(is, other),
    )
  }
}

/** Whether a request of one route may be read as one of another: its path as that of a narrower one, or its method. */
function mayBeRead({ match }: Route, other: Route): boolean {
  if (isNarrower(other.match.path, match.path)) return true
  return match.methods.length + other.match.methods.length > 0 && mayMeet(match.path, other.match.path)
}

/** Whether one path may fit both; true where that cannot be seen. */
function mayMeet(one: PathMatch, other: PathMatch): boolean {
  if (!('value' in one) || !('value' in other) || one.kind === 'expression' || other.kind === 'expression') return true
  const [parts, others] = [one.value.split('/'), other.value.split('/')]
  const shared = Math.min(lengthOf(one, parts), lengthOf(other, others))
  for (let at = 0; at < shared; at++) {
    const [part, its] = [parts[at]!, others[at]!]
    if (part !== its && !part.includes('{') && !its.includes('{')) return false
  }
  if (one.kind === 'template' && other.kind === 'template') return parts.length === others.length
  const [prefix, longer] = one.kind === 'prefix' ? [parts, other] : [others, one]
  return longer.kind === 'prefix' || longer.value.split('/').length >= prefix.length - 1
}

/** Segments that a path has to have: a prefix ends in one for all below. */
function lengthOf({ kind }: PathMatch, parts: readonly string[]): number {
  return kind === 'prefix' ? parts.length - 1 : parts.length
}

import type { Position } from '../pipeline/outcome.ts'
import { type Phase, phases } from '../pipeline/phases.ts'
import type { PlanNode, PolicyInstance } from '../pipeline/plan.ts'
import type { AnyPolicy, Setup } from '../pipeline/policy.ts'
import { policies, policyByType } from '../policies/index.ts'
import { didYouMean } from './closest.ts'
import { isMapping, mergeMappings } from './merge.ts'
import { escapeKey, type Origins } from './origins.ts'
import { makeInstance, type Surroundings } from './policy-instance.ts'
import type { Finding } from './problems.ts'
import type { PolicySet } from './sets.ts'
import { show } from './wording.ts'

/** The policies of one scope (workspace, api or route), prepared. */
export interface ScopePolicies {
  readonly nodes: readonly PlanNode[]
  /** Names of all policies that are written in it, those too that are switched off or wrong. */
  readonly names: ReadonlySet<string>
  /** Names of outer policies that do not run here. */
  readonly without: readonly { readonly name: string; readonly report: (finding: Finding) => void }[]
}

type Mapping = Record<string, unknown>

interface Scope extends ScopePolicies {
  readonly id: string
  readonly openapi: Setup['openapi']
  readonly nodes: PlanNode[]
  readonly without: { name: string; report: (finding: Finding) => void }[]
  readonly names: Set<string>
}

/** Where a policy is written and how to say something about it. */
interface Place {
  readonly position: Position
  readonly report: (finding: Finding) => void
}

/** For policies that want a document, where it is not known which one they will get. */
const anyDocument = { openapi: '3.1.0', info: { title: '', version: '' }, paths: {} }
const itemForm = 'write it like: - rate-limiting: { limit: 100, window: 1m }'
const keywords = ['any-of', 'without', 'use'] as const
const afterRequest: ReadonlySet<Phase> = new Set(
  phases.filter((phase) => phase !== 'requestHeaders' && phase !== 'requestBody'),
)

/** Reads `policies:` lists: instances, `any-of`, `without` and named sets. */
export class ScopeReader {
  readonly #around: Surroundings
  readonly #origins: Origins
  readonly #sets: ReadonlyMap<string, PolicySet>
  readonly #overrides: Mapping
  readonly #overridesUsed = new Set<string>()
  readonly #names = new Set<string>()
  readonly #setsUsed = new Set<string>()

  /** `overrides` is what the active environment says about policies, by name or id. */
  constructor(around: Surroundings, origins: Origins, sets: ReadonlyMap<string, PolicySet>, overrides: Mapping) {
    this.#around = around
    this.#origins = origins
    this.#sets = sets
    this.#overrides = overrides
  }

  /** `id` is the scope path: `workspace`, `api:books`, `api:books/route:/books/{id}`. */
  read(id: string, list: unknown, openapi: Setup['openapi']): ScopePolicies {
    const scope: Scope = { id, openapi, nodes: [], without: [], names: new Set() }
    if (Array.isArray(list)) for (const at of list.keys()) this.#item(list, at, scope, [])
    return scope
  }

  /** Call when all scopes were read: an override that fits no policy is a mistake. */
  reportUnusedOverrides(): void {
    for (const name of Object.keys(this.#overrides)) {
      if (this.#overridesUsed.has(name)) continue
      const suggestion = didYouMean(name, [...this.#names], 'there are')
      const message = `no policy has the name or id "${name}"`
      this.#place(this.#overrides, name, 'key').report({ code: 'UNKNOWN_REFERENCE', message, suggestion })
    }
  }

  /** Call when all scopes were read: what is wrong in a set that none of them takes in is told all the same. */
  reportUnusedSets(): void {
    const unused = [...this.#sets].filter(([name]) => !this.#setsUsed.has(name))
    for (const [name, { list }] of unused) this.read(`set:${name}`, list, anyDocument)
    if (this.#around.problems.failed) return
    for (const [name, { report }] of unused) {
      if (this.#setsUsed.has(name)) continue
      const message = `no scope takes in the policy set "${name}"`
      report({ code: 'UNUSED', severity: 'warning', message, suggestion: `write where it belongs: - use: ${name}` })
    }
  }

  #item(list: unknown[], at: number, scope: Scope, using: readonly string[]): void {
    const item = list[at]
    const keys = isMapping(item) ? Object.keys(item) : []
    if (isMapping(item) && keys.length === 1) {
      if (keys[0] === 'any-of') return this.#anyOf(item, scope)
      if (keys[0] === 'without') return this.#without(item, scope)
      if (keys[0] === 'use') return this.#use(item, scope, using)
    }
    const instance = this.#policy(list, at, scope)
    if (instance && instance !== 'off') scope.nodes.push({ kind: 'policy', instance })
  }

  #anyOf(item: Mapping, scope: Scope): void {
    const branches = item['any-of']
    const place = this.#place(item, 'any-of', 'key')
    if (!Array.isArray(branches) || branches.length < 2) {
      const suggestion = 'write it like: - any-of: [ key-auth, jwt-auth: { issuer: … } ]'
      place.report({ code: 'WRONG_TYPE', message: '"any-of" takes a list of two or more alternatives', suggestion })
      return
    }
    const kept: PolicyInstance[][] = []
    for (const [at, branch] of branches.entries()) {
      const list: unknown[] = Array.isArray(branch) ? branch : branches
      const places = Array.isArray(branch) ? [...branch.keys()] : [at]
      const made = places.map((one) => this.#alternative(list, one, scope))
      if (made.length === 0) {
        const message = 'an empty alternative would let every request pass'
        this.#place(branches, at).report({ code: 'BAD_VALUE', message, suggestion: 'remove it' })
      }
      const instances = made.filter((one) => one !== undefined && one !== 'off')
      // A branch loses a member that is switched off; one that lost all is gone, for it would pass everything.
      if (instances.length > 0) kept.push(instances)
    }
    if (kept.length > 0) scope.nodes.push({ kind: 'any-of', branches: kept, position: place.position })
  }

  #alternative(list: unknown[], at: number, scope: Scope): PolicyInstance | 'off' | undefined {
    const item = list[at]
    const key = isMapping(item) ? Object.keys(item)[0] : undefined
    if (keywords.some((keyword) => keyword === key)) {
      const message = `"${key}" cannot stand inside any-of`
      const suggestion = 'an alternative is a policy or a list of policies'
      this.#place(list, at).report({ code: 'BAD_VALUE', message, suggestion })
      return undefined
    }
    const instance = this.#policy(list, at, scope)
    if (instance === undefined || instance === 'off') return instance
    const runsIn = Object.keys(instance.policy.phases) as Phase[]
    const later = runsIn.filter((phase) => afterRequest.has(phase))
    if (later.length === 0 && runsIn.includes('requestHeaders')) return instance
    const { type } = instance.policy
    const message = `${type} cannot be an alternative: it does not decide on the request headers alone`
    const suggestion = `move it out of any-of`
    this.#place(list, at).report({ code: 'BAD_VALUE', message, suggestion })
    return undefined
  }

  #without(item: Mapping, scope: Scope): void {
    const names = item['without']
    const list = Array.isArray(names) ? names : [names]
    if (list.length === 0) {
      const message = '"without" names no policy, so it takes nothing away'
      const suggestion = 'write it like: - without: [rate-limiting], or remove it'
      this.#place(item, 'without').report({ code: 'UNUSED', severity: 'warning', message, suggestion })
    }
    for (const [at, name] of list.entries()) {
      const place = Array.isArray(names) ? this.#place(names, at) : this.#place(item, 'without')
      if (typeof name === 'string') scope.without.push({ name, report: place.report })
      else {
        const message = `"without" takes names of policies, but this is ${show(name)}`
        place.report({ code: 'WRONG_TYPE', message, suggestion: 'write it like: - without: [rate-limiting]' })
      }
    }
  }

  #use(item: Mapping, scope: Scope, using: readonly string[]): void {
    const name = item['use']
    const place = this.#place(item, 'use')
    if (typeof name !== 'string') {
      const message = `"use" takes the name of one policy set, but this is ${show(name)}`
      place.report({ code: 'WRONG_TYPE', message, suggestion: 'write a line for each: - use: fair-use' })
      return
    }
    const set = this.#sets.get(name)
    if (!set) {
      const names = [...this.#sets.keys()]
      const suggestion = didYouMean(name, names, 'there are') ?? 'write it in policies/<file>.yaml as: name: [ … ]'
      place.report({ code: 'UNKNOWN_REFERENCE', message: `there is no policy set ${show(name)}`, suggestion })
      return
    }
    if (using.includes(name)) {
      const message = `the policy set "${name}" takes in itself`
      place.report({ code: 'BAD_VALUE', message, suggestion: 'remove this line' })
      return
    }
    this.#setsUsed.add(name)
    for (const at of set.list.keys()) this.#item(set.list, at, scope, [...using, name])
  }

  #policy(list: unknown[], at: number, scope: Scope): PolicyInstance | 'off' | undefined {
    const item = list[at]
    if (typeof item === 'string') return this.#make(item, null, this.#place(list, at), scope)
    if (!isMapping(item) || Object.keys(item).length === 0) {
      const message = `a policy is its type with its configuration, but this is ${show(item)}`
      this.#place(list, at).report({ code: 'WRONG_TYPE', message, suggestion: itemForm })
      return undefined
    }
    const [type, ...others] = Object.keys(item) as [string, ...string[]]
    if (others.length > 0) {
      this.#reportSeveral(item, type, others)
      return undefined
    }
    const config = item[type]
    if (config === null || isMapping(config)) return this.#make(type, config, this.#place(item, type, 'key'), scope)
    const policy = policyByType.get(type)
    if (!policy) return this.#make(type, null, this.#place(item, type, 'key'), scope)
    const message = `${type} takes a mapping of its keys, but is ${show(config)}`
    const suggestion = `the keys are: ${ownKeys(policy).join(', ')}`
    this.#place(item, type).report({ code: 'WRONG_TYPE', message, suggestion })
    return undefined
  }

  #reportSeveral(item: Mapping, type: string, others: readonly string[]): void {
    const policy = policyByType.get(type)
    const belong = policy !== undefined && item[type] === null && others.every((key) => ownKeys(policy).includes(key))
    const message = belong
      ? `the keys of ${type} have to be indented deeper than ${type}`
      : `an item holds one policy, but this one has ${[type, ...others].join(' and ')}`
    const suggestion = belong
      ? `move ${others.join(', ')} two spaces to the right`
      : 'begin each policy with a dash of its own'
    this.#place(item, others[0]!, 'key').report({ code: 'WRONG_TYPE', message, suggestion })
  }

  #make(type: string, written: Mapping | null, place: Place, scope: Scope): PolicyInstance | 'off' | undefined {
    const policy = policyByType.get(type)
    if (!policy) {
      const known = [...policies.map((one) => one.type), ...keywords]
      const suggestion = didYouMean(type, known, 'there are')
      place.report({ code: 'UNKNOWN_POLICY', message: `there is no policy type "${type}"`, suggestion })
      return undefined
    }
    const name = typeof written?.['name'] === 'string' ? written['name'] : type
    const id = `${scope.id}/${name}`
    this.#names.add(name).add(id)
    if (scope.names.has(name)) {
      const message = `this scope has two policies with the name "${name}"`
      const suggestion = `name one of them: ${type}: { name: ${name}-2, … }`
      place.report({ code: 'DUPLICATE_NAME', message, suggestion })
      return undefined
    }
    scope.names.add(name)
    const config = this.#overridden(written, name, id)
    return makeInstance({ policy, scope: scope.id, config, openapi: scope.openapi, ...place }, this.#around)
  }

  /** What the environment says comes on top; an id is more exact than a name and wins. */
  #overridden(written: Mapping | null, name: string, id: string): Mapping | null {
    let config = written
    for (const key of [name, id]) {
      if (!Object.hasOwn(this.#overrides, key)) continue
      this.#overridesUsed.add(key)
      const override = this.#overrides[key]
      if (isMapping(override)) config = mergeMappings(config ?? {}, override, this.#origins)
    }
    return config
  }

  #place(container: Mapping | unknown[], key: string | number, part: 'key' | 'value' = 'value'): Place {
    const { problems } = this.#around
    const pointer = `/${escapeKey(key)}`
    return {
      position: problems.position(container, pointer, part),
      report: (finding) => problems.at(container, pointer, { part, ...finding }),
    }
  }
}

/** An outer scope as an inner one sees it. */
export type OuterScope = Pick<ScopePolicies, 'names' | 'without'>

/**
 * The nodes of outer scopes that still run in an inner one. An alternative that holds a removed policy goes as a
 * whole. Names that no outer scope has are reported; one that is switched off or wrong there is none of these.
 */
export function withoutRemoved(
  outer: readonly (readonly PlanNode[])[],
  inner: ScopePolicies,
  scopes: readonly OuterScope[],
): readonly (readonly PlanNode[])[] {
  if (inner.without.length === 0) return outer
  const known = new Set(outer.flat().flatMap((node) => instancesOf(node).map((instance) => instance.name)))
  const written = new Set(scopes.flatMap(({ names }) => [...names]))
  const gone = new Set(scopes.flatMap(({ without }) => without.map(({ name }) => name)))
  for (const { name, report } of inner.without) {
    if (known.has(name)) continue
    if (!written.has(name)) report(notThere(name, inner, [...written]))
    else if (gone.has(name)) {
      const message = `an outer scope leaves out "${name}" already`
      report({ code: 'UNUSED', severity: 'warning', message, suggestion: 'remove it here' })
    }
  }
  const removed = new Set(inner.without.map(({ name }) => name))
  return outer.map((nodes) => nodes.flatMap((node) => keep(node, removed)))
}

function notThere(name: string, { names }: ScopePolicies, written: readonly string[]): Finding {
  const suggestion = names.has(name)
    ? 'it stands in this scope itself: remove it there'
    : (didYouMean(name, written, 'the outer scopes have') ?? 'the outer scopes have no policies')
  const message = `no outer scope has a policy with the name "${name}"`
  return { code: 'UNKNOWN_REFERENCE', message, suggestion }
}

function keep(node: PlanNode, removed: ReadonlySet<string>): PlanNode[] {
  if (node.kind === 'policy') return removed.has(node.instance.name) ? [] : [node]
  const branches = node.branches.filter((branch) => !branch.some((instance) => removed.has(instance.name)))
  return branches.length === 0 ? [] : [{ ...node, branches }]
}

/** Every policy instance of a node. */
export function instancesOf(node: PlanNode): readonly PolicyInstance[] {
  return node.kind === 'policy' ? [node.instance] : node.branches.flat()
}

function ownKeys(policy: AnyPolicy): string[] {
  return Object.keys((policy.config['properties'] as object | undefined) ?? {})
}

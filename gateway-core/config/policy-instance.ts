import { createHash } from 'node:crypto'
import type { Place } from '../exchange.ts'
import type { Schema } from './config-of.ts'
import { compileCondition, type Condition } from '../pipeline/condition.ts'
import type { Position } from '../pipeline/outcome.ts'
import type { PolicyInstance } from '../pipeline/plan.ts'
import type { AnyPolicy, ConsumerEntry, Mention, Setup } from '../pipeline/policy.ts'
import { conditionFindings } from './condition-names.ts'
import { fillDefaults } from './json-schema.ts'
import type { Container } from './origins.ts'
import type { Finding, Problems } from './problems.ts'
import type { References } from './references.ts'
import { reservedProperties } from './schema.ts'
import { checkAgainst } from './check-against.ts'
import type { WorkspaceKey } from './workspace-key.ts'

/** What preparing a policy needs besides what is written about it. */
export interface Surroundings {
  readonly problems: Problems
  readonly references: References
  readonly key: WorkspaceKey
  readonly consumers: readonly ConsumerEntry[]
}

/** One policy as it is written: its configuration (null: all defaults) and where to point for problems. */
export interface WrittenPolicy {
  readonly policy: AnyPolicy
  readonly scope: string
  readonly config: Record<string, unknown> | null
  readonly openapi: Setup['openapi']
  readonly position: Position
  /** Reports something about the policy as a whole. */
  readonly report: (finding: Finding) => void
}

const reservedSchema = { type: 'object', properties: reservedProperties } as const
const documentationKeys = ['owner', 'rationale', 'reviewBy', 'compliance'] as const

const sealedPlaces = new WeakMap<PolicyInstance, readonly Place[]>()

/** Places whose values are credentials under the configuration of an instance. */
export function sealedOf(instance: PolicyInstance): readonly Place[] {
  return sealedPlaces.get(instance) ?? []
}

/** A consumer or group that a policy names, and how to say something about that. */
export interface Mentioned extends Mention {
  readonly report: (finding: Finding) => void
}

const mentioned = new WeakMap<PolicyInstance, readonly Mentioned[]>()

/** Consumers and groups that an instance names. */
export function mentionsOf(instance: PolicyInstance): readonly Mentioned[] {
  return mentioned.get(instance) ?? []
}

/**
 * Checks and prepares one policy: reserved keys are taken off, its own are checked by its schema, `prepare` runs once.
 * `off` when it is switched off; undefined when there are problems, which are reported.
 */
export function makeInstance(written: WrittenPolicy, around: Surroundings): PolicyInstance | 'off' | undefined {
  const { policy, scope, position } = written
  const config = written.config ?? {}
  const failed = { problem: false }
  const report = (pointer: string, finding: Finding) => {
    failed.problem ||= finding.severity !== 'warning'
    if (pointer === '' || written.config === null) written.report(finding)
    else around.problems.at(config, pointer, finding)
  }
  const [reserved, own] = split(config)
  checkAgainst(reservedSchema, reserved, config, around.references, report)
  const filled = fillDefaults(policy.config, structuredClone(own)) as Record<string, unknown>
  checkAgainst(policy.config, filled, config, around.references, report)
  reportSecrets(policy.config, config, '', around.references, report)
  const when = conditionOf(reserved['when'], report)
  if (failed.problem) return undefined
  if (reserved['mode'] === 'off') return 'off'
  const name = (reserved['name'] as string | undefined) ?? policy.type
  const id = `${scope}/${name}`
  const setup: Setup = {
    consumers: around.consumers,
    openapi: written.openapi,
    tag: (secret) => around.key.tag(secret),
    problem: (pointer, code, message, suggestion) => {
      // What is unsafe or without effect works: it is said, and loads.
      report(pointer, {
        code,
        message,
        suggestion,
        severity: code === 'UNSAFE' || code === 'UNUSED' ? 'warning' : 'error',
      })
    },
  }
  let prepared: unknown
  try {
    prepared = policy.prepare(filled, setup)
  } catch (error) {
    report('', {
      code: 'BAD_VALUE',
      message: `${policy.type} cannot use this configuration: ${(error as Error).message}`,
    })
  }
  if (failed.problem) return undefined
  const hash = configurationHash([policy.type, filled, when?.source ?? null], config, around)
  const instance: PolicyInstance = {
    id,
    stateId: `${id}#${hash}`,
    name,
    policy,
    mode: reserved['mode'] === 'shadow' ? 'shadow' : 'enforce',
    when,
    prepared,
    position,
    notes: notesOf(reserved),
  }
  const sealed = policy.sealed?.(filled)
  if (sealed && sealed.length > 0) sealedPlaces.set(instance, sealed)
  const mentions = policy.mentions?.(filled)
  if (mentions && mentions.length > 0) {
    mentioned.set(
      instance,
      mentions.map((one) => ({ ...one, report: (finding) => report(one.pointer, { part: one.part, ...finding }) })),
    )
  }
  return instance
}

/** Secrets (`writeOnly` in the schema) that stand in the file instead of behind a reference. */
function reportSecrets(
  schema: Schema,
  written: unknown,
  pointer: string,
  references: References,
  report: (pointer: string, finding: Finding) => void,
): void {
  if (typeof written !== 'object' || written === null) return
  const { properties = {}, items } = schema as { properties?: Record<string, Schema>; items?: Schema }
  for (const [key, value] of Object.entries(written)) {
    const inner = Array.isArray(written) ? items : Object.hasOwn(properties, key) ? properties[key] : undefined
    if (!inner) continue
    const at = `${pointer}/${key}`
    reportSecrets(inner, value, at, references, report)
    if (!inner['writeOnly'] || typeof value !== 'string') continue
    if (references.written(written as Container, key) !== undefined) continue
    references.inClear.add(value)
    const suggestion = 'run: gatehouse secret set token-key, and write ${secret:token-key} here'
    report(at, {
      code: 'SECRET_IN_CLEAR',
      severity: 'warning',
      message: 'this secret stands here in clear',
      suggestion,
    })
  }
}

/** Reserved keys and the policy's own. */
function split(config: Record<string, unknown>): [Record<string, unknown>, Record<string, unknown>] {
  const reserved: Record<string, unknown> = {}
  const own: Record<string, unknown> = {}
  for (const [key, value] of Object.entries(config)) {
    const side = Object.hasOwn(reservedProperties, key) ? reserved : own
    Object.defineProperty(side, key, { value, enumerable: true, writable: true, configurable: true })
  }
  return [reserved, own]
}

function conditionOf(source: unknown, report: (pointer: string, finding: Finding) => void): Condition | undefined {
  if (typeof source !== 'string') return undefined
  try {
    const condition = compileCondition(source)
    for (const finding of conditionFindings(source)) report('/when', finding)
    return condition
  } catch (error) {
    const [, column, reason] = /^(?:<input>:\d+:(\d+):)?\s*([^\n]*)/.exec((error as Error).message)!
    const message = `"when" is not a CEL condition: ${reason}`
    const suggestion = `write it like: when: "request.method == 'POST'"`
    const offset = column === undefined ? undefined : Number(column) - 1
    report('/when', { code: 'BAD_EXPRESSION', message, suggestion, offset })
    return undefined
  }
}

function notesOf(reserved: Record<string, unknown>): Record<string, string> {
  const notes: Record<string, string> = {}
  for (const key of documentationKeys) {
    const value = reserved[key] as string | readonly string[] | undefined
    if (value !== undefined) notes[key] = typeof value === 'string' ? value : value.join(', ')
  }
  return notes
}

/** What came from secrets is hashed under the workspace key, so that a state id gives nothing away. */
function configurationHash(configuration: unknown, written: object, { key, references }: Surroundings): string {
  const canonical = canonicalJson(configuration)
  if (references.usedIn(written as Container)) return key.tag(canonical).slice(0, 10)
  return createHash('sha256').update(canonical).digest('base64url').slice(0, 10)
}

/** JSON with sorted keys: equal values have equal texts. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null'
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  return `{${entries.map(([key, entry]) => `${JSON.stringify(key)}:${canonicalJson(entry)}`).join(',')}}`
}

import type { Consumer, Evidence, Exchange } from '../exchange.ts'
import { deny, type Outcome } from '../pipeline/outcome.ts'
import { definePolicy, type Judge, type Mention } from '../pipeline/policy.ts'
import { challengeForAnyone } from './not-authenticated.ts'

interface Members {
  readonly consumers: ReadonlySet<string>
  readonly groups: ReadonlySet<string>
}
interface Lists {
  readonly allow: Members
  readonly deny: Members
  /** Nobody is listed under `allow`: everybody who is known and not denied may pass. */
  readonly allowsAll: boolean
  readonly expected: string
}

const list = { type: 'array', items: { type: 'string' } } as const

/** Allows or denies consumers by name and by group. A denied one stays denied whatever else it is. */
export const acl = definePolicy({
  type: 'acl',
  docs: {
    summary: 'Allows or denies callers by consumer name and group.',
    owasp: ['API5:2023'],
    example: `- acl:
    allow: { groups: [readers, editors] }
    deny: { consumers: [retired-app] }`,
  },
  config: {
    type: 'object',
    additionalProperties: false,
    minProperties: 1,
    properties: {
      allow: {
        type: 'object',
        additionalProperties: false,
        minProperties: 1,
        description:
          'Who may pass: one of these consumers, or a member of one of these groups. Without it: every known caller.',
        properties: {
          consumers: { ...list, description: 'Names of consumers.' },
          groups: { ...list, description: 'Names of groups.' },
        },
      },
      deny: {
        type: 'object',
        additionalProperties: false,
        minProperties: 1,
        description: 'Who may not pass; wins over `allow`.',
        properties: {
          consumers: { ...list, description: 'Names of consumers.' },
          groups: { ...list, description: 'Names of groups.' },
        },
      },
    },
  },
  prepare: (config, setup): Lists => {
    if (config.deny && [...(config.deny.consumers ?? []), ...(config.deny.groups ?? [])].length === 0) {
      setup.problem(
        '/deny',
        'UNUSED',
        'nobody is listed, so it denies nobody',
        'name consumers or groups, or remove it',
      )
    }
    const { consumers = [], groups = [] } = config.allow ?? {}
    const wanted = [
      ...(consumers.length > 0 ? [`consumer ${consumers.join(', ')}`] : []),
      ...(groups.length > 0 ? [`group ${groups.join(', ')}`] : []),
    ]
    return {
      allow: { consumers: new Set(consumers), groups: new Set(groups) },
      deny: { consumers: new Set(config.deny?.consumers), groups: new Set(config.deny?.groups) },
      allowsAll: config.allow === undefined,
      expected: wanted.join(' or ') || 'nobody is allowed',
    }
  },
  phases: { requestHeaders: judge },
  judgesBy: () => ['caller'],
  mentions: (config) =>
    (['allow', 'deny'] as const).flatMap((side) => [
      ...(config[side]?.consumers ?? []).map((name, at) => mention('consumer', name, `/${side}/consumers/${at}`)),
      ...(config[side]?.groups ?? []).map((name, at) => mention('group', name, `/${side}/groups/${at}`)),
    ]),
})

function mention(kind: Mention['kind'], name: string, pointer: string): Mention {
  return { kind, name, pointer, part: 'value' }
}

function judge(lists: Lists, _exchange: Exchange, { consumer }: Judge): Outcome {
  if (!consumer) {
    const evidence: Evidence = {
      at: { in: 'consumer' },
      observed: null,
      expected: 'a caller whom a policy before this one found',
    }
    return deny('NOT_AUTHENTICATED', [evidence], challengeForAnyone)
  }
  const denied = memberOf(lists.deny, consumer)
  if (denied !== undefined) {
    return deny('CONSUMER_DENIED', [observe(consumer, `anyone but ${denied}`)])
  }
  const allowed = lists.allowsAll ? 'any known caller' : memberOf(lists.allow, consumer)
  if (allowed === undefined) return deny('CONSUMER_NOT_ALLOWED', [observe(consumer, lists.expected)])
  return { verdict: 'pass', evidence: [{ at: { in: 'consumer' }, observed: consumer.name, expected: allowed }] }
}

function memberOf({ consumers, groups }: Members, consumer: Consumer): string | undefined {
  if (consumers.has(consumer.name)) return `consumer ${consumer.name}`
  const group = consumer.groups.find((name) => groups.has(name))
  return group === undefined ? undefined : `group ${group}`
}

function observe({ name, groups }: Consumer, expected: string): Evidence {
  return { at: { in: 'consumer' }, observed: name, expected, detail: { groups } }
}

import ipaddr from 'ipaddr.js'
import type { Evidence, Exchange, Place } from '../exchange.ts'
import { claimAt } from '../pipeline/place.ts'
import type { Judge, Setup } from '../pipeline/policy.ts'

/** What a limiter may count by; `header:` and `claim:` are followed by a name. */
const kinds = ['ip', 'consumer', 'client-id', 'route', 'api', 'global'] as const
type Kind = (typeof kinds)[number] | 'header' | 'claim'

const dimension = {
  type: 'string',
  pattern: "^(ip|consumer|client-id|route|api|global|header:[!#$%&'+.^_`|~0-9A-Za-z-]+|claim:.+)$",
} as const

/** Schema of `by`, shared by all policies that count. */
export const bySchema = {
  oneOf: [dimension, { type: 'array', items: dimension, minItems: 1, uniqueItems: true }],
  description:
    'What is counted apart: `ip` (client address), `consumer` (what an identity policy before this one found), `client-id` (claim `client_id`, else `azp`), `header:<name>`, `claim:<name>`, `route`, `api`, `global` (everything together), or a list of these for their combination.',
} as const

/** Schema of `whenMissing`. */
export const whenMissingSchema = {
  enum: ['ip', 'deny', 'pass'],
  default: 'ip',
  description:
    'What happens to a request without the value that is counted by, such as one without a consumer: count it by its client address, deny it (403 LIMIT_KEY_MISSING), or let it pass uncounted.',
} as const

/** Schema of `ipv6Prefix`. */
export const ipv6PrefixSchema = {
  type: 'integer',
  minimum: 1,
  maximum: 128,
  default: 64,
  description:
    'Addresses of one IPv6 network of this length are counted together: a single subscriber usually has 2^64 addresses to choose from.',
} as const

export interface KeyConfig {
  readonly by: string | readonly string[]
  readonly whenMissing: 'ip' | 'deny' | 'pass'
  readonly ipv6Prefix: number
}

interface Dimension {
  readonly kind: Kind
  readonly name: string
  readonly text: string
  readonly at: Place
}

/** How to find the key of a request, prepared. `text` names what is counted by, for people. */
export interface KeyPlan {
  readonly text: string
  readonly dimensions: readonly Dimension[]
  readonly whenMissing: 'ip' | 'deny' | 'pass'
  readonly ipv6Prefix: number
}

/** The key, or the part that the request does not carry. */
export type KeyReading = { key: string; by: string } | { missing: Evidence }

/** Prepares `by`; a claim that needs an identity policy is not checked here, the request shows it. */
export function prepareKey(config: KeyConfig, setup: Setup): KeyPlan {
  const texts = typeof config.by === 'string' ? [config.by] : config.by
  if (texts.length > 1 && texts.includes('global')) {
    setup.problem('/by', 'BAD_VALUE', '`global` counts everything together, so it cannot be combined', 'leave it out')
  }
  return {
    text: texts.join(' and '),
    dimensions: texts.map(readDimension),
    whenMissing: config.whenMissing,
    ipv6Prefix: config.ipv6Prefix,
  }
}

/** What has to be known for this key. Claims come with who calls. */
export function judgedBy({ dimensions }: KeyPlan): ('address' | 'caller')[] {
  return dimensions.flatMap(({ kind }) => {
    if (kind === 'ip') return ['address']
    return kind === 'consumer' || kind === 'client-id' || kind === 'claim' ? ['caller'] : []
  })
}

function readDimension(text: string): Dimension {
  const colon = text.indexOf(':')
  const kind = (colon === -1 ? text : text.slice(0, colon)) as Kind
  const name = colon === -1 ? '' : text.slice(colon + 1)
  return { kind, name, text, at: placeOf(kind, name) }
}

function placeOf(kind: Kind, name: string): Place {
  if (kind === 'header') return { in: 'header', name: name.toLowerCase() }
  if (kind === 'claim') return { in: 'claim', name }
  if (kind === 'client-id') return { in: 'claim', name: 'client_id' }
  return kind === 'consumer' ? { in: 'consumer' } : { in: 'client' }
}

/**
 * The key of a request. Header values become tags (HMAC under the workspace key): they may be credentials, and keys stand in
 * snapshots and in the state file. Values are set apart by a line break, which none of them can hold.
 */
export function keyOf(plan: KeyPlan, exchange: Exchange, judge: Judge): KeyReading {
  let key = ''
  for (const dimension of plan.dimensions) {
    const value = valueOf(dimension, plan, exchange, judge)
    if (value === undefined) return withoutValue(plan, dimension, exchange)
    key = key === '' ? value : `${key}\n${value}`
  }
  return { key, by: plan.text }
}

function withoutValue(plan: KeyPlan, dimension: Dimension, exchange: Exchange): KeyReading {
  if (plan.whenMissing === 'ip') {
    const key = `missing ${dimension.text}\nip:${network(exchange.clientAddress, plan.ipv6Prefix)}`
    return { key, by: `ip, because the request carries no ${dimension.text}` }
  }
  return { missing: { at: dimension.at, observed: null, expected: `a value to count by (${dimension.text})` } }
}

function valueOf({ kind, name, at }: Dimension, plan: KeyPlan, exchange: Exchange, judge: Judge): string | undefined {
  switch (kind) {
    case 'ip':
      return `ip:${network(exchange.clientAddress, plan.ipv6Prefix)}`
    case 'consumer':
      return judge.consumer && `consumer:${oneLine(judge.consumer.name)}`
    case 'client-id':
      return claimValue('client-id', claimAt(judge.claims, 'client_id') ?? claimAt(judge.claims, 'azp'))
    case 'claim':
      return claimValue(`claim:${name}`, claimAt(judge.claims, name))
    case 'header': {
      const tag = judge.facts.tag(at)
      return 'value' in tag && tag.value !== null
        ? `header:${at.in === 'header' ? at.name : ''}:${tag.value}`
        : undefined
    }
    case 'route':
      return `route:${oneLine(exchange.route?.id ?? '')}`
    case 'api':
      return `api:${oneLine(exchange.route?.api ?? '')}`
    case 'global':
      return 'global'
  }
}

function claimValue(label: string, value: unknown): string | undefined {
  const usable = typeof value === 'number' || typeof value === 'boolean' || (typeof value === 'string' && value !== '')
  return usable ? `${label}:${JSON.stringify(value)}` : undefined
}

function oneLine(text: string): string {
  return text.includes('\n') ? text.replaceAll('\n', '\\n') : text
}

/** The address itself for IPv4 (also when it is written as IPv6), the network for IPv6. */
export function network(address: string, prefix: number): string {
  if (!address.includes(':')) return address
  try {
    const parsed = ipaddr.process(address)
    if (parsed.kind() === 'ipv4') return parsed.toString()
    const bytes = parsed.toByteArray()
    for (let at = 0; at < 16; at += 1) {
      const kept = Math.min(8, Math.max(0, prefix - at * 8))
      bytes[at] = bytes[at]! & (0xff << (8 - kept))
    }
    return `${ipaddr.fromByteArray(bytes).toString()}/${prefix}`
  } catch {
    return address
  }
}

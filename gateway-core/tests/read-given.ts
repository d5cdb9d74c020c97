import { readPublicKeys, type Jwk } from '../config/public-keys.ts'
import type { Problems } from '../config/problems.ts'
import { escapeKey } from '../config/origins.ts'
import { parseDuration } from '../config/units.ts'
import type { FactAnswer } from '../pipeline/facts.ts'
import type { Given, TokenSpec } from './policy-test.ts'

type Mapping = Record<string, unknown>

/** When a test begins that does not say when: a Thursday, noon. */
export const defaultTime = Date.UTC(2026, 0, 15, 12)

export const noGiven: Given = {
  time: defaultTime,
  peer: '127.0.0.1',
  tokens: new Map(),
  keySets: new Map(),
  facts: new Map(),
}

/** What `given` says, as far as it says it. The value fits the schema. */
export function readGiven(written: unknown, holder: Mapping, problems: Problems): Partial<Given> {
  if (written === undefined) return {}
  const given = written as Mapping
  const read: { -readonly [K in keyof Given]?: Given[K] } = {}
  if (given['time'] !== undefined) {
    const time = Date.parse(given['time'] as string)
    if (Number.isFinite(time)) read.time = time
    else {
      const message = `there is no such time: ${given['time'] as string}`
      problems.at(holder, '/given/time', {
        code: 'BAD_VALUE',
        message,
        suggestion: 'write it like 2026-03-01T12:00:00Z',
      })
    }
  }
  if (given['peer'] !== undefined) read.peer = given['peer'] as string
  const tokens = Object.entries((given['tokens'] ?? {}) as Record<string, Mapping>)
  read.tokens = new Map(tokens.map(([name, token]) => [name, readTokenSpec(token)]))
  read.facts = new Map(Object.entries((given['facts'] ?? {}) as Record<string, FactAnswer<unknown>>))
  const keySets = (given['keySets'] ?? {}) as Record<string, { unavailable: string } | { keys: (string | Jwk)[] }>
  for (const [name, set] of Object.entries(keySets)) {
    if (!('keys' in set)) continue
    for (const [at, key] of set.keys.entries()) {
      const reading = readPublicKeys(key)
      if ('keys' in reading) continue
      const { problem: message, suggestion } = reading
      problems.at(holder, `/given/keySets/${escapeKey(name)}/keys/${at}`, { code: 'BAD_VALUE', message, suggestion })
    }
  }
  read.keySets = new Map(Object.entries(keySets))
  return read
}

/** What a test gives, over what its file gives. */
export function mergeGiven(base: Given, over: Partial<Given>): Given {
  return {
    time: over.time ?? base.time,
    peer: over.peer ?? base.peer,
    tokens: new Map([...base.tokens, ...(over.tokens ?? [])]),
    keySets: new Map([...base.keySets, ...(over.keySets ?? [])]),
    facts: new Map([...base.facts, ...(over.facts ?? [])]),
  }
}

const own = new Set(['issuer', 'alg', 'signature', 'header', 'claims'])

/** A token as it is written: what is none of its own keys is a claim. */
export function readTokenSpec(written: Mapping): TokenSpec {
  const claims: Mapping = {}
  if (written['issuer'] !== undefined) claims['iss'] = written['issuer']
  for (const [name, value] of Object.entries(written)) if (!own.has(name)) claims[name] = value
  return {
    alg: (written['alg'] as string | undefined) ?? 'RS256',
    signature: (written['signature'] as TokenSpec['signature'] | undefined) ?? 'valid',
    header: (written['header'] ?? {}) as Mapping,
    claims: { ...claims, ...(written['claims'] as Mapping | undefined) },
  }
}

const timeClaims = ['exp', 'nbf', 'iat', 'auth_time'] as const

/** The claims at a time (ms since the epoch): relative times become seconds, null leaves a claim out. */
export function claimsAt({ claims }: TokenSpec, time: number): Mapping {
  const seconds = Math.floor(time / 1000)
  const all: Mapping = { iat: seconds, exp: seconds + 3600, ...claims }
  for (const name of timeClaims) {
    const value = all[name]
    if (value === null) delete all[name]
    else if (typeof value === 'string' && /^[+-]/.test(value)) {
      const ms = parseDuration(value.slice(1)) ?? 0
      all[name] = seconds + (value.startsWith('-') ? -1 : 1) * (ms / 1000)
    }
  }
  return all
}

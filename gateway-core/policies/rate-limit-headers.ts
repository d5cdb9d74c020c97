import type { HeaderList } from '../headers.ts'
import type { Carried, Change, HeaderField } from '../pipeline/outcome.ts'

/**
 * Writes the fields of draft-ietf-httpapi-ratelimit-headers (structured fields, RFC 9651): the policy with its quota `q` and
 * window `w`, and beside it what remains (`r`) and after how many seconds there is more (`t`). Times are rounded up, so that a client
 * that obeys them is admitted.
 */
export interface RateLimitFields {
  /** `RateLimit-Policy`, the same for each response. */
  readonly policy: string
  /** Start of `RateLimit`: the name of the policy as a structured string. */
  readonly name: string
}

/** Prepares the fields of a policy called `name` (printable ASCII; anything else is left out). A window whose length varies is left out. */
export function rateLimitFields(name: string, quota: number, windowMs: number | undefined): RateLimitFields {
  const quoted = `"${name.replaceAll(/[^ -~]|["\\]/g, '')}"`
  const window = windowMs === undefined ? '' : `;w=${seconds(windowMs)}`
  return { policy: `${quoted};q=${whole(quota)}${window}`, name: quoted }
}

/** The fields of a response that tells how much is left. */
export function standing(fields: RateLimitFields, remaining: number, resetMs: number): HeaderField[] {
  return [
    ['RateLimit-Policy', fields.policy],
    ['RateLimit', `${fields.name};r=${whole(remaining)};t=${seconds(resetMs)}`],
  ]
}

/** The fields of a denial: the standing, and how long to wait (RFC 9110 §10.2.3). */
export function refusal(fields: RateLimitFields, remaining: number, retryAfterMs: number): HeaderField[] {
  return [...standing(fields, remaining, retryAfterMs), retryAfter(retryAfterMs)]
}

export function retryAfter(retryAfterMs: number): HeaderField {
  return ['Retry-After', String(Math.max(1, seconds(retryAfterMs)))]
}

/** What the request phase hands to the response phase. */
export function carry(remaining: number, resetMs: number): Carried {
  return { remaining, resetMs }
}

/**
 * Adds the standing to a response. Several limits on the way each add a member to the two lists; what an upstream
 * says about its own limits stays in front.
 */
export function addStanding(fields: RateLimitFields, carried: Carried, headers: HeaderList): Change[] {
  const { remaining, resetMs } = carried
  return standing(apart(fields, headers.list('ratelimit-policy')), Number(remaining), Number(resetMs)).map(
    ([name, value]) => {
      const before = headers.list(name.toLowerCase())
      return { kind: 'set-header', name, value: before === undefined ? value : `${before}, ${value}` }
    },
  )
}

/** The name tells which member of the one list belongs to which of the other: a limit that counts alike gets a number behind it. */
function apart(fields: RateLimitFields, others: string | undefined): RateLimitFields {
  if (others === undefined || !others.includes(`${fields.name};`)) return fields
  let name = fields.name
  for (let count = 2; others.includes(`${name};`); count++) name = `${fields.name.slice(0, -1)} ${count}"`
  return { name, policy: name + fields.policy.slice(fields.name.length) }
}

/** Structured integers have at most 15 digits. */
function whole(value: number): number {
  return Math.min(Math.max(0, Math.floor(value)), 999_999_999_999_999)
}

function seconds(ms: number): number {
  return whole(Math.ceil(ms / 1000))
}

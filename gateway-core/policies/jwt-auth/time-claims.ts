import type { DenialCode } from '../../errors.ts'
import type { Claims, Evidence } from '../../exchange.ts'

/** What a configuration says about time, in milliseconds. */
export interface TimeRules {
  readonly skewMs: number
  readonly requireExpiry: boolean
  readonly maxAgeMs: number | undefined
}

/** The greatest time a Date can hold, in seconds. */
const latest = 8.64e12

/** Judges exp, nbf and iat (RFC 7519 §4.1) at `now`; undefined when nothing is wrong. */
export function brokenTime(
  claims: Claims,
  now: number,
  rules: TimeRules,
): { code: DenialCode; evidence: Evidence } | undefined {
  const { exp, nbf, iat } = claims
  const malformed = notADate('exp', exp) ?? notADate('nbf', nbf) ?? notADate('iat', iat)
  if (malformed) return malformed
  if (exp === undefined) {
    if (rules.requireExpiry) return wrong('EXPIRY_MISSING', 'exp', null, 'a time at which the token ends')
  } else if ((exp as number) * 1000 + rules.skewMs <= now) {
    const observed = `expired ${duration(now - (exp as number) * 1000)} ago at ${instant(exp as number)}`
    return wrong('TOKEN_EXPIRED', 'exp', observed, `a time after ${instant(now / 1000)}${tolerance(rules)}`)
  }
  const early = tooEarly('nbf', nbf, now, rules) ?? tooEarly('iat', iat, now, rules)
  if (early) return early
  if (rules.maxAgeMs === undefined) return undefined
  if (iat === undefined) return wrong('CLAIM_MISSING', 'iat', null, 'the time at which the token was issued')
  const age = now - (iat as number) * 1000
  if (age <= rules.maxAgeMs + rules.skewMs) return undefined
  const observed = `issued ${duration(age)} ago at ${instant(iat as number)}`
  return wrong('TOKEN_TOO_OLD', 'iat', observed, `at most ${duration(rules.maxAgeMs)} ago${tolerance(rules)}`)
}

type Wrong = { code: DenialCode; evidence: Evidence } | undefined

function notADate(name: string, value: unknown): Wrong {
  if (value === undefined || (typeof value === 'number' && Math.abs(value) <= latest)) return undefined
  const observed = typeof value === 'number' ? value : `a ${value === null ? 'null' : typeof value}`
  return wrong('TOKEN_MALFORMED', name, observed, 'a time as seconds since 1970 (NumericDate, RFC 7519 §2)')
}

function tooEarly(name: 'nbf' | 'iat', value: unknown, now: number, rules: TimeRules): Wrong {
  if (value === undefined || (value as number) * 1000 - rules.skewMs <= now) return undefined
  const ahead = duration((value as number) * 1000 - now)
  const what = name === 'nbf' ? 'becomes valid' : 'was issued'
  const observed = `${what} ${ahead} from now at ${instant(value as number)}`
  return wrong('TOKEN_NOT_YET_VALID', name, observed, `a time before ${instant(now / 1000)}${tolerance(rules)}`)
}

function wrong(code: DenialCode, name: string, observed: Evidence['observed'], expected: string) {
  return { code, evidence: { at: { in: 'claim', name } as const, observed, expected } }
}

function tolerance({ skewMs }: TimeRules): string {
  return skewMs > 0 ? ` (clocks may differ by ${duration(skewMs)})` : ''
}

function instant(seconds: number): string {
  return new Date(Math.floor(seconds) * 1000).toISOString().replace('.000Z', 'Z')
}

/** `12 min`, `3 h 5 min`, `41 days`: two units at most. */
export function duration(ms: number): string {
  const seconds = Math.floor(ms / 1000)
  if (seconds < 1) return `${Math.round(ms)} ms`
  if (seconds < 60) return `${seconds} s`
  const minutes = Math.floor(seconds / 60)
  if (minutes < 60) return `${minutes} min`
  const hours = Math.floor(minutes / 60)
  if (hours < 48) return minutes % 60 === 0 ? `${hours} h` : `${hours} h ${minutes % 60} min`
  return `${Math.floor(hours / 24)} days`
}

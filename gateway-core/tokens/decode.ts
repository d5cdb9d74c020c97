import type { DecodedToken, TimeClaim } from '../protocol/tokens.ts'
import { readClaims, splitToken } from '../facts/token.ts'

const timeNames = ['iat', 'nbf', 'exp', 'auth_time', 'updated_at']

/** Decodes a token, with or without its scheme in front, as far as it can be read. `now`: ms since the epoch. */
export function decodeToken(written: string, now: number): DecodedToken {
  const token = bareToken(written)
  const parts = token.split('.')
  const strict = splitToken(token)
  const header = 'malformed' in strict ? looseObject(parts[0]) : strict.header
  const reading = 'malformed' in strict ? undefined : readClaims(strict.payload)
  const claims = reading && 'value' in reading ? reading.value : parts.length === 5 ? null : looseObject(parts[1])
  const form = parts.length === 5 && header ? 'jwe' : header && parts.length >= 2 ? 'jwt' : 'opaque'
  const decoded: DecodedToken = {
    form,
    header,
    claims: form === 'jwt' ? claims : null,
    times: form === 'jwt' && claims ? timesOf(claims, now) : [],
    length: token.length,
  }
  const malformed =
    'malformed' in strict ? strict.malformed : reading && 'malformed' in reading ? reading.malformed : undefined
  if (malformed !== undefined) decoded.malformed = malformed
  return decoded
}

/** The token itself: without white space around it and without `Bearer` or another scheme in front. */
export function bareToken(written: string): string {
  return written
    .trim()
    .replace(/^(?:authorization:\s*)?(?:bearer|dpop|token|jwt)\s+/i, '')
    .trim()
}

function looseObject(part: string | undefined): Readonly<Record<string, unknown>> | null {
  if (!part) return null
  try {
    const value = JSON.parse(Buffer.from(part, 'base64url').toString('utf8')) as unknown
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : null
  } catch {
    return null
  }
}

function timesOf(claims: Readonly<Record<string, unknown>>, now: number): TimeClaim[] {
  return timeNames.flatMap((name): TimeClaim[] => {
    const value = claims[name]
    if (value === undefined) return []
    const at = typeof value === 'number' ? new Date(value * 1000) : undefined
    if (!at || Number.isNaN(at.getTime())) return [{ name, at: null, relative: 'no time' }]
    return [{ name, at: at.toISOString(), relative: relativeText(at.getTime() - now) }]
  })
}

/** A distance in ms as people say it. */
export function relativeText(distanceMs: number): string {
  const seconds = Math.round(Math.abs(distanceMs) / 1000)
  if (seconds === 0) return 'now'
  const [size, unit] =
    seconds < 120
      ? [1, 's']
      : seconds < 7200
        ? [60, 'min']
        : seconds < 172_800
          ? [3600, 'h']
          : seconds < 730 * 86_400
            ? [86_400, 'days']
            : [365.25 * 86_400, 'years']
  const amount = `${Math.round(seconds / size)} ${unit}`
  return distanceMs > 0 ? `in ${amount}` : `${amount} ago`
}

import { type DenialCode, denials } from '../../errors.ts'
import type { Evidence } from '../../exchange.ts'
import { deny, type HeaderField, type Outcome } from '../../pipeline/outcome.ts'

/** What every challenge of one configuration says. */
export interface Challenge {
  readonly realm: string
  /** Scopes that would do, with spaces between; empty: none is asked for. */
  readonly scope: string
}

/** Seconds after which a client may try again when the keys could not be had. */
const retryAfter = '10'

/** A denial with the challenge that RFC 6750 §3 asks for. The description is the code's title: nothing of the token. */
export function denyToken(challenge: Challenge, code: DenialCode, ...evidence: Evidence[]): Outcome {
  return deny(code, evidence, fields(challenge, code))
}

function fields({ realm, scope }: Challenge, code: DenialCode): readonly HeaderField[] | undefined {
  if (code === 'KEYS_UNAVAILABLE') return [['Retry-After', retryAfter]]
  const { status, title } = denials[code]
  const start = `Bearer realm="${realm}"`
  if (code === 'TOKEN_MISSING') {
    // Who shows no credential at all is told no error (RFC 6750 §3.1).
    return [['WWW-Authenticate', scope === '' ? start : `${start}, scope="${scope}"`]]
  }
  if (code === 'SCOPE_MISSING') {
    const error = `error="insufficient_scope", error_description="${title}", scope="${scope}"`
    return [['WWW-Authenticate', `${start}, ${error}`]]
  }
  if (status !== 401) return undefined
  const error = code === 'TOKEN_AMBIGUOUS' ? 'invalid_request' : 'invalid_token'
  return [['WWW-Authenticate', `${start}, error="${error}", error_description="${title}"`]]
}

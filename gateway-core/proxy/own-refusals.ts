import { type DenialCode, denials } from '../errors.ts'
import type { JudgedExchange } from '../pipeline/judged-exchange.ts'
import type { HeaderField } from '../pipeline/outcome.ts'

/** What routing found for an exchange. */
export interface Routing {
  readonly exchange: JudgedExchange
  /** Methods that the path has routes for, when this method has none. */
  readonly allowedMethods: readonly string[]
  /** No route takes it, because servers read its path differently. */
  readonly contested?: boolean | undefined
  /** It came in by the forward proxy and no route takes it: it passes unjudged. */
  readonly observed?: unknown
}

/**
 * Why the gateway itself refuses a request whose head the policies let pass; undefined: it goes on. `length` in bytes as
 * far as it is known, `most` is the largest body that is forwarded.
 */
export function refusalOf(routing: Routing, length: number, most: number | undefined): DenialCode | undefined {
  if (most !== undefined && length > most) return 'BODY_TOO_LARGE'
  if (routing.contested) return 'AMBIGUOUS_ROUTE'
  if (routing.exchange.route || routing.observed) return undefined
  return routing.allowedMethods.length > 0 ? 'METHOD_NOT_ROUTED' : 'NO_ROUTE'
}

/** Header fields that a refusal carries besides those of every problem (RFC 9110 §15.5.6). */
export function refusalFields(code: DenialCode, allowedMethods: readonly string[]): readonly HeaderField[] {
  return code === 'METHOD_NOT_ROUTED' ? [['Allow', allowedMethods.join(', ')]] : []
}

/** Why the gateway refused, for people. */
export function refusalDetail(code: DenialCode, allowedMethods: readonly string[]): string {
  return code === 'METHOD_NOT_ROUTED' ? `The path has routes for ${allowedMethods.join(', ')}.` : denials[code].help
}

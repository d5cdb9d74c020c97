import { HeldBody } from '../body.ts'
import type { DenialCode } from '../errors.ts'
import type { ResponseMessage } from '../exchange.ts'
import { HeaderList } from '../headers.ts'
import type { GatewayResponse, HeaderField } from '../pipeline/outcome.ts'
import type { Decision } from '../pipeline/runner.ts'
import { problemDetails } from './problem.ts'

/** Problem details (RFC 9457) as a response of the gateway, with further header fields. */
export function denialResponse(
  code: DenialCode,
  id: string,
  fields: readonly HeaderField[] = [],
  detail?: string,
): GatewayResponse {
  const { status, headers, body } = problemDetails(code, id, detail)
  return { status, headers: [...headers, ...fields], body }
}

/** A response of the gateway's own, as the response phases of every policy in scope see it: so a 401 carries its CORS headers. */
export function messageOf({ status, headers, body }: GatewayResponse): ResponseMessage {
  const bytes = typeof body === 'string' ? Buffer.from(body) : body
  const held = bytes === undefined ? undefined : new HeldBody(bytes)
  return { status, reason: '', headers: HeaderList.of(headers), from: 'gateway', body: held }
}

/** The response that a decision of the policies makes. */
export function answerOf(decision: Decision, id: string): GatewayResponse {
  switch (decision.verdict) {
    case 'respond':
      return decision.response
    case 'deny':
      return denialResponse(decision.code, id, decision.headers, decision.detail)
    case 'error':
    case 'undecidable':
      return denialResponse('INTERNAL_ERROR', id)
  }
}

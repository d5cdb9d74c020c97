import { type DenialCode, denials } from '../errors.ts'

/** A denial as it goes to the client: status, header pairs in order, JSON text. */
export interface Problem {
  status: number
  headers: [name: string, value: string][]
  body: string
}

/**
 * Problem details (RFC 9457) of a denial. `id` is the exchange id, by which the capture is searched; `detail` is for
 * the person at the other end and must hold no internals and nothing secret; without it the help text of the code
 * stands there. A code of `denials` is always known, so this never fails.
 */
export function problemDetails(code: DenialCode, id: string, detail?: string): Problem {
  const denial = denials[code]
  const body = JSON.stringify({
    type: `urn:gatehouse:denial:${code}`,
    title: denial.title,
    status: denial.status,
    detail: detail ?? denial.help,
    code,
    instance: `urn:gatehouse:exchange:${id}`,
  })
  return {
    status: denial.status,
    headers: [
      ['content-type', 'application/problem+json'],
      ['cache-control', 'no-store'],
      ['content-length', String(Buffer.byteLength(body))],
    ],
    body,
  }
}

import type { DenialCode } from '../../errors.ts'

/** What went wrong. `sent` is false when the request cannot have reached the upstream, so that another target may be tried. */
export interface UpstreamFailure {
  code: Extract<DenialCode, 'UPSTREAM_UNREACHABLE' | 'UPSTREAM_NOT_TRUSTED' | 'UPSTREAM_BROKEN' | 'UPSTREAM_TIMEOUT'>
  reason: string
  sent: boolean
}

/** Whether an error of a TLS handshake says that the server's certificate does not verify. */
export function isUntrusted(code: string): boolean {
  return /^(?:ERR_TLS_CERT_|CERT_|CRL_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|INVALID_(?:CA|PURPOSE)|HOSTNAME_MISMATCH|ERROR_IN_CERT_)/.test(
    code,
  )
}

/** Why no connection came about. */
export function unreachableBy(error: Error): UpstreamFailure {
  const code = codeOf(error)
  return {
    code: isUntrusted(code) ? 'UPSTREAM_NOT_TRUSTED' : 'UPSTREAM_UNREACHABLE',
    reason: describe(error, code),
    sent: false,
  }
}

/** Why an open connection brought no whole answer; `otherwise` where there was no error but its end. */
export function brokenBy(error: Error | undefined, otherwise: string): UpstreamFailure {
  const reason = error ? describe(error, codeOf(error)) : otherwise
  return { code: 'UPSTREAM_BROKEN', reason, sent: true }
}

function codeOf(error: Error & { code?: string; cause?: unknown }): string {
  return error.code ?? (error.cause as { code?: string } | undefined)?.code ?? ''
}

function describe(error: Error, code: string): string {
  const errors = error instanceof AggregateError ? (error.errors as Error[]) : [error]
  // Advice for whoever runs Node is none for the reader.
  const text = errors.map((one) => one.message.replace(/; if the root CA.*$/, '')).join('; ')
  return code && !text.includes(code) ? `${code}: ${text}` : text
}

import { hasMarker } from '../capture/markers.ts'
import type { ExchangeRecord } from '../capture/record.ts'
import { visible } from '../visible.ts'
import { policyName } from './policy-names.ts'
import type { TestDraft } from './draft-of-record.ts'

/** What a test of a recorded exchange expects: its outcome. */
export function expectationOf(record: ExchangeRecord): NonNullable<TestDraft['expect']> {
  const { verdict, status, decidedBy, code, consumer, trace } = record
  const noted = trace.filter((entry) => entry.verdict === 'would-deny' && entry.mode === 'shadow')
  const shadow = Object.fromEntries(noted.map((entry) => [policyName(entry.policy), 'would-deny']))
  const also = noted.length > 0 ? { trace: shadow } : {}
  // What went wrong behind the gateway, or with the client, no policy decided.
  if (verdict === 'pass' || verdict === 'failed' || verdict === 'aborted') {
    return { verdict: 'pass', ...(consumer && !hasMarker(consumer.name) && { consumer: consumer.name }), ...also }
  }
  return {
    verdict,
    ...(status !== 0 && verdict !== 'error' && { status }),
    ...(decidedBy !== undefined && { decidedBy: policyName(decidedBy) }),
    ...(code !== undefined && { code }),
    ...also,
  }
}

/** The exchange in a few words: `PATCH /books/1 is denied by rbac (ROLE_NOT_ALLOWED)`. */
export function describeRecord({ request, route, verdict, decidedBy, code, consumer }: ExchangeRecord): string {
  const written = request.path || request.target.split('?', 1)[0]!
  const path =
    hasMarker(written) || written.length > 60
      ? (route?.template ?? (hasMarker(written) ? '…' : `${written.slice(0, 40)}…`))
      : written
  const what = `${visible(request.method, 20)} ${visible(path, 60)}`
  const by = decidedBy === undefined ? '' : ` by ${policyName(decidedBy)}`
  const why = code === undefined ? '' : ` (${code})`
  const who = consumer && !hasMarker(consumer.name) ? ` for ${visible(consumer.name, 40)}` : ''
  switch (verdict) {
    case 'deny':
      return `${what} is denied${who}${by}${why}`
    case 'respond':
      return `${what} is answered${by}`
    case 'refused':
      return `${what} is refused${why}`
    case 'error':
      return `${what} fails${by}${why}`
    default:
      return `${what} passes${who}`
  }
}

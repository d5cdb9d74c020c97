import { denials } from '../../gateway-core/errors.ts'
import type { TrafficRow } from '../../gateway-core/protocol/types.ts'
import { visible } from '../../gateway-core/visible.ts'
import { instanceName } from '../ui/format.ts'

/** What the answer column says: the look of a verdict, who decided, and why in a few words. */
export interface Decision {
  verdict: string
  who?: string
  why: string
}

/** Title of a denial code in plain words; codes of other versions stay as they are. */
export function denialTitle(code: string): string {
  return Object.hasOwn(denials, code) ? denials[code as keyof typeof denials].title : code
}

/** What a denial code means and what would help. */
export function denialHelp(code: string): string | undefined {
  return Object.hasOwn(denials, code) ? denials[code as keyof typeof denials].help : undefined
}

/** What to do about an upstream that gave no answer. */
export function upstreamHelp(code: string | undefined): string | undefined {
  if (code === 'UPSTREAM_UNREACHABLE')
    return 'Start it, or correct its address under upstreams; then resend the request.'
  if (code === 'UPSTREAM_TIMEOUT') return 'Where it needs longer, raise its timeout under upstreams.'
  return undefined
}

/** Who decided about an exchange and why, as one line. */
export function decisionOf(row: TrafficRow): Decision {
  const who = row.decidedBy === undefined ? undefined : visible(instanceName(row.decidedBy), 60)
  const why = row.code === undefined ? undefined : denialTitle(row.code)
  switch (row.verdict) {
    case 'pass':
      if (row.wouldDeny) return shadowDecision(row)
      if (row.state === 'open') return { verdict: 'pass', why: 'stream open' }
      if (row.observed)
        return { verdict: 'no-policy', why: row.observed === 'tunnel' ? 'tunnel, not read' : 'observed: no route' }
      return row.judged ? { verdict: 'pass', why: 'pass' } : { verdict: 'no-policy', why: 'no policy' }
    case 'respond':
      return { verdict: 'respond', ...(who && { who }), why: 'answered' }
    case 'aborted':
      return { verdict: 'aborted', why: 'the client left' }
    default:
      return { verdict: row.verdict, who: who ?? 'gateway', why: why ?? row.verdict }
  }
}

function shadowDecision({ wouldDenyBy }: TrafficRow): Decision {
  const name = wouldDenyBy === undefined ? 'a policy' : visible(instanceName(wouldDenyBy), 60)
  return { verdict: 'would-deny', why: `${name} would deny` }
}

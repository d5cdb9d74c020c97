import type { DenialCode } from '../errors.ts'
import { type Context, decodeContext } from './decode-context.ts'
import type { ExchangeVerdict } from './record.ts'
import { type WrittenField, writtenFields } from './writer.ts'

/** One row of a list of exchanges; secrets are markers. */
export interface ExchangeSummary {
  /** Place in the order recorded. */
  sequence: number
  id: string
  /** Milliseconds since the epoch. */
  startedAt: number
  durationMicros: number
  method: string
  host: string
  /** Path and query. */
  url: string
  status: number
  verdict: ExchangeVerdict
  code?: DenialCode
  decidedBy?: string
  route?: string
  api?: string
  consumer?: string
  clientAddress: string
  /** Length of the response body in bytes. */
  responseBytes: number
  /** A policy in shadow mode would have denied it. */
  wouldDeny: boolean
  /** Id of the first one, and its code. */
  wouldDenyBy?: string
  wouldDenyCode?: DenialCode
  /** Whether any policy stood before it. */
  judged: boolean
  state: 'open' | 'done'
  revision: string
  /** It came by the forward proxy, and no route took it: it passed unjudged. `tunnel`: nobody read its bytes. */
  observed?: 'exchange' | 'tunnel'
}

/** Rows as the store worker sends them. */
export function summariesOf(fields: readonly WrittenField[]): ExchangeSummary[] {
  const rows: ExchangeSummary[] = []
  const contexts = new Map<string, Context>()
  for (let at = 0; at < fields.length; at += writtenFields) {
    const text = fields[at + 4] as string
    let context = contexts.get(text)
    if (!context) contexts.set(text, (context = decodeContext(text)))
    rows.push(
      summaryOf(context, {
        sequence: fields[at] as number,
        id: fields[at + 1] as string,
        startedAt: fields[at + 2] as number,
        durationMicros: fields[at + 3] as number,
        clientAddress: fields[at + 5] as string,
        url: fields[at + 6] as string,
        responseBytes: fields[at + 7] as number,
      }),
    )
  }
  return rows
}

type OwnColumns = Pick<
  ExchangeSummary,
  'sequence' | 'id' | 'startedAt' | 'durationMicros' | 'clientAddress' | 'url' | 'responseBytes'
>

/** A row from its context and its own columns. */
export function summaryOf(context: Context, own: OwnColumns): ExchangeSummary {
  const proxied = context.listener === 'proxy' && context.verdict === 'pass' && context.route === undefined
  const shadow = context.shape.find((entry) => entry.verdict === 'would-deny')
  return {
    ...own,
    method: context.method,
    host: context.authority,
    status: context.status,
    verdict: context.verdict,
    code: context.code,
    decidedBy: context.decidedBy,
    route: context.route,
    api: context.api,
    consumer: context.consumer,
    wouldDeny: shadow !== undefined,
    wouldDenyBy: shadow?.policy,
    wouldDenyCode: shadow?.code,
    judged: context.shape.length > 0,
    state: context.state,
    revision: context.revision,
    ...(proxied && { observed: context.method === 'CONNECT' ? 'tunnel' : 'exchange' }),
  }
}

import type { ExchangeRecord } from '../capture/record.ts'
import type { Workspace } from '../config/workspace.ts'
import { denials } from '../errors.ts'
import type { Refusal } from './inbound.ts'

/** The record of a request that the listener refused before anything judged it: code, offset and a redacted head only. */
export function recordOfRefusal(refusal: Refusal, workspace: Workspace): ExchangeRecord {
  const { code, detail, offset, head, peer, startedAt } = refusal
  return {
    id: refusal.id,
    startedAt,
    durationMicros: 0,
    state: 'done',
    revision: workspace.revision,
    listener: refusal.listener,
    peer: { address: peer.address, port: peer.port },
    clientAddress: peer.address,
    request: {
      method: head?.method ?? '',
      scheme: head?.scheme ?? (refusal.listener === 'http' ? 'http' : 'https'),
      authority: head?.authority ?? '',
      target: head?.target ?? '',
      path: head?.path ?? '',
      query: head?.query ?? '',
      httpVersion: head?.httpVersion ?? '',
      headers: head?.rawHeaders ?? [],
    },
    verdict: 'refused',
    status: denials[code].status,
    code,
    trace: [],
    facts: [],
    timings: { policyMicros: 0 },
    error: offset === undefined ? detail : `${detail} (at byte ${offset})`,
    sealed: [],
  }
}

import type { Socket } from 'node:net'
import type { ExchangeRecord } from '../capture/record.ts'
import type { Peer } from '../exchange.ts'
import { exchangeId } from './exchange-id.ts'

/** Why bytes of a tunnel were not read as HTTP. */
export type TunnelReason = 'passed-through' | 'not-http' | 'h2c'

/** A tunnel whose bytes nobody reads. */
export interface RawTunnel {
  readonly client: Socket
  readonly upstream: Socket
  readonly host: string
  readonly port: number
  readonly reason: TunnelReason
  readonly peer: Peer
  readonly revision: string
}

/**
 * Carries bytes both ways until either side ends; the sockets never outlive each other. `record` hears of it when it
 * opens and when it ends. Returns the way to cut it.
 */
export function carry(tunnel: RawTunnel, record: (record: ExchangeRecord) => void, now: () => number): () => void {
  const { client, upstream } = tunnel
  const startedAt = now()
  const id = exchangeId(startedAt)
  let bytesIn = 0
  let bytesOut = 0
  let error: string | undefined
  let ended = false
  record(recordOfTunnel(tunnel, { id, startedAt, endedAt: startedAt, bytesIn, bytesOut, state: 'open' }))
  const cut = () => {
    client.destroy()
    upstream.destroy()
    if (ended) return
    ended = true
    const endedAt = now()
    record(recordOfTunnel(tunnel, { id, startedAt, endedAt, bytesIn, bytesOut, state: 'done', error }))
  }
  client.on('data', (chunk: Buffer) => {
    bytesIn += chunk.length
  })
  upstream.on('data', (chunk: Buffer) => {
    bytesOut += chunk.length
  })
  for (const side of [client, upstream]) {
    side.setTimeout(0)
    side.on('error', (failure: NodeJS.ErrnoException) => {
      if (failure.code !== 'ECONNRESET' && failure.code !== 'EPIPE') error ??= failure.message
    })
    side.on('close', cut)
  }
  // `pipe` ends the other side when one has ended: half-closed connections live on.
  client.pipe(upstream)
  upstream.pipe(client)
  if (client.destroyed || upstream.destroyed) cut()
  return cut
}

interface TunnelState {
  id: string
  startedAt: number
  endedAt: number
  bytesIn: number
  bytesOut: number
  state: 'open' | 'done'
  error?: string | undefined
}

function recordOfTunnel(tunnel: RawTunnel, now: TunnelState): ExchangeRecord {
  const authority = `${tunnel.host.includes(':') ? `[${tunnel.host}]` : tunnel.host}:${tunnel.port}`
  const record: ExchangeRecord = {
    id: now.id,
    startedAt: now.startedAt,
    durationMicros: (now.endedAt - now.startedAt) * 1000,
    state: now.state,
    revision: tunnel.revision,
    listener: 'proxy',
    peer: { address: tunnel.peer.address, port: tunnel.peer.port },
    clientAddress: tunnel.peer.address,
    request: {
      method: 'CONNECT',
      scheme: 'https',
      authority,
      target: authority,
      path: '',
      query: '',
      httpVersion: '1.1',
      headers: [],
    },
    verdict: 'pass',
    status: 200,
    trace: [],
    facts: [],
    timings: { policyMicros: 0 },
    sealed: [],
    tunnel: { reason: tunnel.reason, bytesIn: now.bytesIn, bytesOut: now.bytesOut },
  }
  if (now.error !== undefined) record.error = now.error
  return record
}

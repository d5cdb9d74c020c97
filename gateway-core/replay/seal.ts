import { isPlainCoding } from '../capture/content.ts'
import { readBody, readHeaders, readQuery } from '../capture/readings.ts'
import { sortPlaces } from '../capture/sealed-places.ts'
import { Sealer } from '../capture/sealer.ts'
import type { WorkspaceKey } from '../config/workspace-key.ts'
import type { ReplayField, ReplayRequest } from '../protocol/replay-request.ts'
import type { WireResponse } from './send-http1.ts'
import { textOfWire } from './wire-text.ts'

const noPlaces = sortPlaces([], '')
const shortest = 4

/** Sealed values by tag, each encrypted under the workspace key, base64. */
export type SealedValues = Readonly<Record<string, string>>

/**
 * Replaces the credentials of a request by markers; their values come back sealed. What is a variable or a reference
 * stays as it is written: it gives nothing away.
 */
export function sealRequest(
  request: ReplayRequest,
  key: WorkspaceKey,
): { request: ReplayRequest; values: SealedValues } {
  const sealer = new Sealer(key, Number.MAX_SAFE_INTEGER)
  const secrets: string[] = []
  const plain = (text: string) => request.settings.literal !== true && /\{\{|\$\{(?:secret|env):/.test(text)
  const headers = request.headers.map((field): ReplayField => {
    if (plain(field.value)) return field
    const reading = readHeaders(JSON.stringify([field.name, field.value]), 'request', noPlaces, sealer)
    secrets.push(...reading.secrets)
    return { ...field, value: (JSON.parse(reading.text) as string[])[1]! }
  })
  const query = plain(request.url) ? undefined : readQuery(request.url, noPlaces, sealer)
  if (query) secrets.push(...query.secrets)
  let { body } = request
  if (body?.kind === 'text' && !plain(body.text)) {
    const contentType = headers.find(({ name }) => name.toLowerCase() === 'content-type')?.value.toLowerCase()
    const reading = readBody(Buffer.from(body.text), { contentType }, 'request', noPlaces, sealer)
    secrets.push(...reading.secrets)
    const text = reading.text ?? body.text
    body = { ...body, text: sealer.sealEchoes(text, longEnough(secrets), false) }
  }
  const values: Record<string, string> = {}
  for (const { tag, value } of sealer.takeFresh()) values[tag] = Buffer.from(value).toString('base64')
  return { request: { ...request, url: query?.text ?? request.url, headers, body }, values }
}

/** A response as it is kept and shown: credentials in it, and echoes of those that were sent, are markers. */
export interface SealedResponse {
  headers: [name: string, value: string][]
  trailers: [name: string, value: string][]
  body: Uint8Array
  /** `body` is not what was on the wire: decoded, and markers stand in it. */
  decoded: boolean
  /** The body cannot be shown: it may hold secrets that cannot be told apart. */
  hidden: boolean
}

export function sealResponse(response: WireResponse, sent: readonly string[], key: WorkspaceKey): SealedResponse {
  const sealer = new Sealer(key, Number.MAX_SAFE_INTEGER)
  const head = readHeaders(JSON.stringify(response.rawHeaders), 'response', noPlaces, sealer)
  const trailers = readHeaders(JSON.stringify(response.rawTrailers), 'response', noPlaces, sealer)
  const body = readBody(response.body, head, 'response', noPlaces, sealer)
  const secrets = longEnough([...sent, ...head.secrets, ...trailers.secrets, ...body.secrets])
  const clean = (text: string) => sealer.sealEchoes(text, secrets, true)
  const fields = {
    headers: pairsOf(JSON.parse(clean(head.text)) as string[]),
    trailers: pairsOf(JSON.parse(clean(trailers.text)) as string[]),
  }
  if (body.text === undefined) {
    const hidden = body.opaque || sealer.holds(Buffer.from(body.bytes).toString('latin1'), secrets)
    return { ...fields, body: hidden ? new Uint8Array() : body.bytes, decoded: false, hidden }
  }
  const text = sealer.sealTail(sealer.sealEchoes(body.text, secrets, false), secrets)
  const coded = !isPlainCoding(head.coding)
  if (text === body.text && !body.changed && !coded)
    return { ...fields, body: body.bytes, decoded: false, hidden: false }
  return { ...fields, body: Buffer.from(text), decoded: true, hidden: false }
}

function pairsOf(raw: readonly string[]): [string, string][] {
  const pairs: [string, string][] = []
  for (let at = 0; at + 1 < raw.length; at += 2) pairs.push([textOfWire(raw[at]!), textOfWire(raw[at + 1]!)])
  return pairs
}

function longEnough(secrets: readonly string[]): readonly string[] {
  return [...new Set(secrets)].filter((secret) => secret.length >= shortest)
}

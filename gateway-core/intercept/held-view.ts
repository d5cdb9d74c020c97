import { type BodyReading, readBody, readHeaders, readQuery } from '../capture/readings.ts'
import { openMarkers } from '../capture/markers.ts'
import { type SealedPlaces, sortPlaces } from '../capture/sealed-places.ts'
import { Sealer } from '../capture/sealer.ts'
import type { Workspace } from '../config/workspace.ts'
import type { WorkspaceKey } from '../config/workspace-key.ts'
import type { RawHeaders } from '../exchange.ts'
import type { AnsweredResponse } from '../proxy/holds.ts'
import type { Start } from './draft.ts'
import { valuesOf } from './framing.ts'
import type { Held } from './held.ts'

/** Only how long sealed values would be kept; nothing of this is. */
const unusedMs = 60_000

const noBytes = new Uint8Array()

/** A held message as a person sees it. */
export interface HeldView {
  start: Start
  headers: RawHeaders
  /**
   * Undefined: there is none, or it streams on. `hidden`: it is binary and holds secrets that cannot be told apart.
   * `long`: its length, where it is longer than was asked for; it is not looked into then.
   */
  body: { bytes: Uint8Array; coded: boolean; masked: boolean; hidden: boolean; long?: number } | undefined
  /** Something in it is a marker. */
  masked: boolean
  /** What the markers stand for, by tag. */
  values: ReadonlyMap<string, string>
}

/** By workspace: where a request may hold what is sealed, whichever route takes it. */
const inRequests = new WeakMap<Workspace, SealedPlaces>()

/**
 * Places of a held message that are shown as markers. Which route takes a request is not known yet: so the fields and
 * parameters that any of them reads credentials from are sealed.
 */
export function sealedIn({ kind, side, from }: Held['message']): SealedPlaces {
  const { workspace } = from
  const everywhere = workspace.capture.seal
  if (kind === 'http' && side === 'response') {
    return sortPlaces([...everywhere, ...(from as AnsweredResponse).record().sealed], `held ${from.id}`)
  }
  const known = inRequests.get(workspace)
  if (known) return known
  const named = workspace.routes.flatMap(({ plan }) => plan.sealed).filter((place) => place.in !== 'body')
  const places = sortPlaces([...everywhere, ...named], `held ${workspace.revision}`)
  inRequests.set(workspace, places)
  return places
}

/**
 * The message with its secrets as markers, like captures show them; in clear where somebody asked for that. Of a body of
 * more than `mostBytes` only its length is told.
 */
export async function viewOf(
  { message }: Held,
  key: WorkspaceKey,
  secrets: boolean,
  mostBytes: number,
): Promise<HeldView> {
  const { draft, side } = message
  const found = draft.wire && (await draft.content())
  const long = found && found.bytes.length > mostBytes ? found.bytes.length : undefined
  const unread = long !== undefined && { bytes: noBytes, coded: found!.coded, masked: false, hidden: false, long }
  const content = unread ? undefined : found
  const { start, headers } = draft
  if (secrets) {
    const body = unread || (content && { ...content, masked: false, hidden: false })
    return { start, headers, body, masked: false, values: new Map() }
  }
  const sealer = new Sealer(key, unusedMs)
  const places = sealedIn(message)
  const head = readHeaders(JSON.stringify(headers), side, places, sealer)
  const target = 'target' in start ? readQuery(start.target, places, sealer) : undefined
  const contentType = valuesOf(headers, 'content-type')[0]?.toLowerCase()
  const reading = content && readBody(content.bytes, { contentType }, side, places, sealer)
  // Clients and servers echo credentials: each part is searched for the secrets of all.
  const hidden = [...new Set([head, target, reading].flatMap((one) => one?.secrets ?? []))]
  const shown = (text: string, json: boolean) => sealer.sealEchoes(text, hidden, json)
  const body = unread || (content && reading && maskedBody(content, reading, shown))
  const view = {
    start: target && 'target' in start ? { ...start, target: shown(target.text, false) } : start,
    headers: JSON.parse(shown(head.text, true)) as string[],
    body,
  }
  const values = new Map(
    sealer.takeFresh().map(({ tag, value }) => [tag, Buffer.from(key.open(value) ?? []).toString('utf8')] as const),
  )
  return { ...view, masked: values.size > 0 || body?.hidden === true, values }
}

function maskedBody(
  content: { bytes: Uint8Array; coded: boolean },
  reading: BodyReading,
  shown: (text: string, json: boolean) => string,
): NonNullable<HeldView['body']> {
  if (reading.opaque) return { bytes: new Uint8Array(), coded: content.coded, masked: true, hidden: true }
  const text = reading.text === undefined ? undefined : shown(reading.text, false)
  const masked = text !== undefined && (reading.changed || text !== reading.text)
  return { ...content, bytes: masked ? Buffer.from(text) : content.bytes, masked, hidden: false }
}

/** Puts the values back that markers stand for. */
export function unmask(text: string, view: HeldView): string {
  return openMarkers(text, (tag) => view.values.get(tag))
}

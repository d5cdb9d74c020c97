import { readBody, readHeaders, readQuery } from '../capture/readings.ts'
import { openMarkers } from '../capture/markers.ts'
import { sortPlaces } from '../capture/sealed-places.ts'
import { Sealer } from '../capture/sealer.ts'
import type { WorkspaceKey } from '../config/workspace-key.ts'
import type { RawHeaders } from '../exchange.ts'
import type { Start } from './draft.ts'
import { valuesOf } from './framing.ts'
import type { Held } from './held.ts'

/** Only how long sealed values would be kept; nothing of this is. */
const unusedMs = 60_000

/** A held message as a person sees it. */
export interface HeldView {
  start: Start
  headers: RawHeaders
  /** Undefined: there is none, or it streams on. */
  body: { bytes: Uint8Array; coded: boolean; masked: boolean } | undefined
  /** Something in it is a marker. */
  masked: boolean
  /** What the markers stand for, by tag. */
  values: ReadonlyMap<string, string>
}

/** The message with its secrets as markers, like captures show them; in clear where somebody asked for that. */
export async function viewOf({ message }: Held, key: WorkspaceKey, secrets: boolean): Promise<HeldView> {
  const { draft, side, from } = message
  const content = draft.wire && (await draft.content())
  const { start, headers } = draft
  if (secrets)
    return { start, headers, body: content && { ...content, masked: false }, masked: false, values: new Map() }
  const sealer = new Sealer(key, unusedMs)
  const places = sortPlaces(from.workspace.capture.seal, 'held')
  const shown = JSON.parse(readHeaders(JSON.stringify(headers), side, places, sealer).text) as string[]
  const target = 'target' in start ? readQuery(start.target, places, sealer).text : undefined
  const body = content && maskedBody()
  const values = new Map(
    sealer.takeFresh().map(({ tag, value }) => [tag, Buffer.from(key.open(value) ?? []).toString('utf8')] as const),
  )
  return {
    start: 'target' in start ? { ...start, target: target! } : start,
    headers: shown,
    body,
    masked: values.size > 0,
    values,
  }

  function maskedBody(): HeldView['body'] {
    const contentType = valuesOf(headers, 'content-type')[0]?.toLowerCase()
    const reading = readBody(content!.bytes, { contentType }, side, places, sealer)
    const masked = reading.text !== undefined && reading.changed
    return { ...content!, bytes: masked ? Buffer.from(reading.text!) : content!.bytes, masked }
  }
}

/** Puts the values back that markers stand for. */
export function unmask(text: string, view: HeldView): string {
  return openMarkers(text, (tag) => view.values.get(tag))
}

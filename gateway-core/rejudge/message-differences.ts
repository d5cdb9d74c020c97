import { decodeContent } from '../capture/content.ts'
import { hasMarker } from '../capture/markers.ts'
import type { RecordedBody, RecordedResponse } from '../capture/record.ts'
import type { Body, RawHeaders, ResponseMessage } from '../exchange.ts'
import type { JudgedExchange } from '../pipeline/judged-exchange.ts'
import { foreignRevision, type RecordedExchange } from './recorded-exchange.ts'

const none: readonly string[] = []

/** What of the request for the upstream differs from the one that was sent on. `read`: the body as policies were given it. */
export function requestDifferences(
  recorded: RecordedExchange,
  exchange: JudgedExchange,
  read: Body | undefined,
): readonly string[] {
  const { forwarded, request: received, upstreamPath, context } = recorded
  const { request, route } = exchange
  const differs: string[] = []
  const foreign = context.revision === foreignRevision
  if (context.upstream !== undefined && !foreign && route?.upstream !== context.upstream) differs.push('upstream')
  const sent = forwarded ?? received
  const own = pathOf(sent) === pathOf(received) ? upstreamPath : pathOf(sent)
  if ((pathOf(request) === pathOf(received) ? route?.upstreamPath : pathOf(request)) !== own) {
    differs.push('request path')
  }
  if (queryOf(request) !== queryOf(sent)) differs.push('request query')
  const was = forwarded ? forwarded.headers : received.headers.raw
  differs.push(...headerDifferences('request', was, request.headers.raw, none))
  if (bodyDiffers(forwarded?.body, recorded.requestBody, read, request.body)) differs.push('request body')
  return differs
}

/**
 * What of the client's response differs from the one it got. `read`: the body as policies were given it; `counters`:
 * header names that tell of a counter.
 */
export function responseDifferences(
  recorded: RecordedExchange,
  response: ResponseMessage,
  read: Body | undefined,
  counters: ReadonlySet<string>,
): readonly string[] {
  const was = recorded.response
  if (!was) return none
  const differs: string[] = []
  if (was.status !== response.status) differs.push('response status')
  differs.push(...headerDifferences('response', was.headers, response.headers.raw, counters))
  const own = was.from === 'gateway' && response.from === 'gateway'
  const untouched = !own && !recorded.answerBodyChanged && response.body === read
  if (!untouched && !sameContent(was, response.body)) differs.push('response body')
  return differs
}

/** Compares without content codings: what policies saw of it. */
function sameContent({ body, headers }: RecordedResponse, now: Body | undefined): boolean {
  const at = headers.findIndex((name, place) => place % 2 === 0 && name.toLowerCase() === 'content-encoding')
  const coded = body && !body.decoded && at >= 0
  const bytes = coded ? (decodeContent(body.bytes, headers[at + 1]!) ?? body.bytes) : (body?.bytes ?? noBytes)
  try {
    return sameBytes(bytes, now?.bytes ?? noBytes)
  } catch {
    // What cannot be read was not kept whole; so it is not what was sent.
    return false
  }
}

/**
 * Whether a body is another than the recorded one. `changed`: what policies made of it then, `received`: as it came;
 * `read`: what policies were given now, `now`: what they made of it. What nobody changed is the same.
 */
function bodyDiffers(
  changed: RecordedBody | undefined,
  received: RecordedBody | undefined,
  read: Body | undefined,
  now: Body | undefined,
): boolean {
  if (now === read) {
    if (!changed || !read) return changed !== undefined
  }
  const then = changed ?? received
  try {
    return !sameBytes(then?.bytes ?? noBytes, now?.bytes ?? noBytes)
  } catch {
    // What cannot be read was not kept whole; so it is not what was sent.
    return true
  }
}

/** Names of fields whose values differ; their order among other fields does not count. */
export function headerDifferences(
  side: 'request' | 'response',
  was: RawHeaders,
  now: RawHeaders,
  ignored: Iterable<string>,
): string[] {
  if (was === now || (was.length === now.length && was.every((text, at) => text === now[at]))) return []
  const [before, after] = [byName(was), byName(now)]
  const skip = new Set(ignored)
  const differs: string[] = []
  for (const name of new Set([...before.keys(), ...after.keys()])) {
    const [one, other] = [before.get(name), after.get(name)]
    if (one === other || (skip.has(name) && one !== undefined && other !== undefined)) continue
    differs.push(`${side} header ${name}`)
  }
  return differs
}

function byName(raw: RawHeaders): Map<string, string> {
  const values = new Map<string, string>()
  for (let at = 0; at + 1 < raw.length; at += 2) {
    const name = raw[at]!.toLowerCase()
    const known = values.get(name)
    values.set(name, known === undefined ? raw[at + 1]! : `${known}\n${raw[at + 1]!}`)
  }
  return values
}

/** A part that was sealed and is gone is the same as itself. */
export function pathOf(request: { readonly path: string }): string | undefined {
  return unless(() => request.path)
}

export function queryOf(request: { readonly query: string }): string | undefined {
  return unless(() => request.query)
}

function unless(read: () => string): string | undefined {
  try {
    const text = read()
    return hasMarker(text) ? undefined : text
  } catch {
    return undefined
  }
}

function sameBytes(one: Uint8Array, other: Uint8Array): boolean {
  return one === other || (one.length === other.length && Buffer.compare(one, other) === 0)
}

const noBytes = new Uint8Array(0)

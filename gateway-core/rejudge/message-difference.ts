import { hasMarker } from '../capture/markers.ts'
import type { ExchangeRecord, RecordedRequest, RecordedResponse } from '../capture/record.ts'
import type { RawHeaders } from '../exchange.ts'
import type { Difference } from './first-difference.ts'
import { messagesOf } from './judged.ts'
import { partingOf, type Traced } from './traced.ts'

/** The two messages of an exchange at the end, as one side of a comparison has them. */
interface Ends {
  upstream: string | undefined
  path: string | undefined
  query: string | undefined
  status: number | undefined
  request: RawHeaders
  response: RawHeaders
  requestBody: Uint8Array | undefined
  responseBody: Uint8Array | undefined
}

/**
 * Where two judgements of an exchange part: at a step, or in what was sent on or answered where every step before that
 * is alike, as an edit of a route makes it. `differs` names it: `request header x-caller`, `upstream`, `response body`.
 * Values that were sealed are not told.
 */
export function differenceOf(
  before: Traced,
  after: Traced,
  differs: readonly string[],
  stored: ExchangeRecord,
): Difference | null {
  const [what] = differs
  const whole = partingOf(before, after, stored.route?.id)
  if (what === undefined) return whole
  // Of a request that is sent on otherwise the answer is not known: that its policies did not run comes of it.
  const reached = what.startsWith('response') ? whole : partingOf(asked(before), asked(after), stored.route?.id)
  return reached && reached.step !== 'outcome' ? reached : inMessages(what, before, after, stored)
}

/** The steps until a request is sent on. */
function asked(side: Traced): Traced {
  return { ...side, trace: side.trace.filter(({ phase }) => phase.startsWith('request')) }
}

function inMessages(what: string, before: Traced, after: Traced, stored: ExchangeRecord): Difference {
  const [a, b] = [endsOf(before, stored), endsOf(after, stored)]
  if (what === 'upstream') return { step: 'route', field: what, a: a.upstream ?? null, b: b.upstream ?? null }
  const [side, part = '', name = ''] = what.split(' ')
  const step = side === 'response' ? 'response' : 'request'
  const [one, other] = [a, b].map((ends) => valueOf(ends, step, part, name))
  return { step, field: [part, name].filter(Boolean).join(' '), a: one ?? null, b: other ?? null }
}

function valueOf(ends: Ends, side: 'request' | 'response', part: string, name: string): string | number | undefined {
  switch (part) {
    case 'path':
      return ends.path
    case 'query':
      return ends.query
    case 'status':
      return ends.status
    case 'header': {
      const raw = ends[side]
      const values = raw.filter((_, at) => at % 2 === 1 && raw[at - 1]!.toLowerCase() === name)
      return values.length === 0 ? undefined : values.some(hasMarker) ? 'a sealed value' : values.join(', ')
    }
    default: {
      const body = side === 'request' ? ends.requestBody : ends.responseBody
      return body && `${body.length} bytes`
    }
  }
}

function endsOf({ run, judged }: Traced, stored: ExchangeRecord): Ends {
  const sent = stored.forwarded ?? stored.request
  const recorded = recordedEnds(sent, stored.response, stored)
  if (!run || judged.asRecorded) return recorded
  const { request, response } = messagesOf(run)
  const { route } = run.exchange
  return {
    ...recorded,
    upstream: route?.upstream,
    path: route?.upstreamPath ?? run.exchange.request.path,
    query: request?.query,
    request: sealedAs(sent.headers, request?.headers ?? []),
    requestBody: request?.body,
    ...(response && {
      status: response.status,
      response: sealedAs(stored.response?.headers ?? [], response.headers),
      responseBody: response.body,
    }),
  }
}

function recordedEnds(
  sent: RecordedRequest,
  response: RecordedResponse | undefined,
  { upstream, route }: ExchangeRecord,
): Ends {
  return {
    upstream: upstream?.name,
    path: route?.upstreamPath ?? sent.path,
    query: sent.query,
    status: response?.status,
    request: sent.headers,
    response: response?.headers ?? [],
    requestBody: sent.body?.bytes,
    responseBody: response?.body?.bytes,
  }
}

/** Fields whose recorded value was sealed are sealed here too: judging again puts what was sent in their place. */
function sealedAs(stored: RawHeaders, now: RawHeaders): RawHeaders {
  const sealed = new Map<string, string>()
  for (let at = 0; at + 1 < stored.length; at += 2) {
    if (hasMarker(stored[at + 1]!)) sealed.set(stored[at]!.toLowerCase(), stored[at + 1]!)
  }
  return now.map((text, at) => (at % 2 === 1 ? (sealed.get(now[at - 1]!.toLowerCase()) ?? text) : text))
}

import type { Content, Entry, Header, PostData, Response } from 'har-format'
import type { RawHeaders } from '../exchange.ts'
import { bodyText } from './body-text.ts'
import type { RecordedBody, RecordedRequest, RecordedResponse, StoredExchange, StoredMessage } from './record.ts'

/** What HAR has no place for: everything that judging the exchange again needs. Version 1. */
export interface HarExtension {
  format: 1
  exchange: Omit<StoredExchange, 'request' | 'response' | 'peer' | 'forwarded' | 'upstreamResponse'> & {
    peer: { address: string; port: number; certificates?: string[] }
  }
  request: Pick<RecordedRequest, 'authority' | 'target' | 'path' | 'query' | 'trailers'> & { body?: HarBody }
  response?: Pick<RecordedResponse, 'from' | 'trailers'> & { body?: HarBody }
  forwarded?: Omit<RecordedRequest, 'body'> & { body?: HarBody }
  upstreamResponse?: Omit<RecordedResponse, 'body'> & { body?: HarBody }
}

/** `base64`: the bytes of the wire; absent where HAR's own text says the same. */
export interface HarBody extends Omit<RecordedBody, 'bytes'> {
  base64?: string
}

/** A WebSocket message as Chromium writes it. `time`: seconds since the epoch; `opcode` 2: `data` is base64. */
export interface HarMessage {
  type: 'send' | 'receive'
  time: number
  opcode: 1 | 2
  data: string
}

export type HarEntry = Entry & { _gatehouse?: HarExtension; _webSocketMessages?: HarMessage[] }

/** One exchange as a HAR 1.2 entry. Pass exchanges read with `secrets: 'sealed'`: what is in clear here leaves the house. */
export function harEntry(exchange: StoredExchange, messages: readonly StoredMessage[] = []): HarEntry {
  const { request, response, peer, forwarded, upstreamResponse, ...rest } = exchange
  const { certificates, ...address } = peer
  const time = exchange.durationMicros / 1000
  const wait = exchange.timings.firstByteMicros === undefined ? time : exchange.timings.firstByteMicros / 1000
  const { method, httpVersion, headers, body, ...target } = request
  const entry: HarEntry = {
    startedDateTime: new Date(exchange.startedAt).toISOString(),
    time,
    request: {
      method,
      url: urlOf(request),
      httpVersion: `HTTP/${httpVersion}`,
      cookies: [],
      headers: harHeaders(headers),
      queryString: harQuery(request.query),
      ...(body && { postData: harPostData(request, body) }),
      headersSize: -1,
      bodySize: body?.length ?? 0,
    },
    response: harResponse(response),
    cache: {},
    timings: { send: 0, wait, receive: Math.max(0, time - wait) },
    _gatehouse: {
      format: 1,
      exchange: {
        ...rest,
        peer: certificates
          ? { ...address, certificates: certificates.map((der) => Buffer.from(der).toString('base64')) }
          : address,
      },
      request: { ...target, ...(body && { body: harBody(body, carries(request)) }) },
    },
  }
  const carried = messages.filter(({ kind, fate }) => kind !== 'close' && fate === 'sent')
  if (carried.length > 0) entry._webSocketMessages = carried.map((message) => harMessage(exchange, message))
  const extension = entry._gatehouse!
  if (response) {
    extension.response = { from: response.from, ...(response.trailers && { trailers: response.trailers }) }
    if (response.body) extension.response.body = harBody(response.body, carries(response))
  }
  if (forwarded) extension.forwarded = wholeMessage(forwarded)
  if (upstreamResponse) extension.upstreamResponse = wholeMessage(upstreamResponse)
  return entry
}

/** A request that was refused for its host or its target has none that a URL could hold: the extension keeps what was sent. */
function urlOf({ scheme, authority, path, query }: RecordedRequest): string {
  const url = `${scheme}://${authority}${path === '' ? '/' : path}${query === '' ? '' : `?${query}`}`
  return URL.canParse(url) ? url : `${scheme}://refused.invalid/`
}

function harMessage(exchange: StoredExchange, { side, kind, at, bytes, sent }: StoredMessage): HarMessage {
  const content = Buffer.from(sent ?? bytes)
  return {
    type: side === 'request' ? 'send' : 'receive',
    time: exchange.startedAt / 1000 + at / 1e6,
    opcode: kind === 'binary' ? 2 : 1,
    data: content.toString(kind === 'binary' ? 'base64' : 'utf8'),
  }
}

function wholeMessage<M extends { body?: RecordedBody }>(message: M): Omit<M, 'body'> & { body?: HarBody } {
  const { body, ...head } = message
  return body ? { ...head, body: harBody(body, false) } : head
}

/** Whether HAR's text, or its base64, gives the very bytes back. */
function carries(message: { headers: RawHeaders; body?: RecordedBody }): boolean {
  const { body } = message
  return (
    body !== undefined && (body.decoded === true || !message.headers.some((name) => /^content-encoding$/i.test(name)))
  )
}

function harBody(body: RecordedBody, carried: boolean): HarBody {
  const { bytes, ...rest } = body
  return carried ? rest : { ...rest, base64: Buffer.from(bytes).toString('base64') }
}

function harHeaders(headers: RawHeaders): Header[] {
  const list: Header[] = []
  for (let at = 0; at + 1 < headers.length; at += 2) list.push({ name: headers[at]!, value: headers[at + 1]! })
  return list
}

function harQuery(query: string): { name: string; value: string }[] {
  if (query === '') return []
  return query.split('&').map((pair) => {
    const equals = pair.indexOf('=')
    return equals < 0 ? { name: pair, value: '' } : { name: pair.slice(0, equals), value: pair.slice(equals + 1) }
  })
}

function harPostData(request: RecordedRequest, body: RecordedBody): PostData {
  const { text, encoding } = harText(request, body)
  return { mimeType: headerOf(request.headers, 'content-type') ?? '', text, ...(encoding && { encoding }) }
}

function harResponse(response: RecordedResponse | undefined): Response {
  const headers = response?.headers ?? []
  const content: Content = {
    size: response?.body?.length ?? 0,
    mimeType: headerOf(headers, 'content-type') ?? 'x-unknown',
    ...(response?.body && harText(response, response.body)),
  }
  return {
    status: response?.status ?? 0,
    statusText: response?.reason ?? '',
    httpVersion: 'HTTP/1.1',
    cookies: [],
    headers: harHeaders(headers),
    content,
    redirectURL: headerOf(headers, 'location') ?? '',
    headersSize: -1,
    bodySize: response?.body?.length ?? 0,
  }
}

/** The decoded body as text, or in base64 where it is none. */
function harText(message: { headers: RawHeaders }, body: RecordedBody): { text: string; encoding?: 'base64' } {
  const text = bodyText({ ...message, body })
  if (text !== undefined && !text.includes('\ufffd')) return { text }
  return { text: Buffer.from(body.bytes).toString('base64'), encoding: 'base64' }
}

function headerOf(headers: RawHeaders, name: string): string | undefined {
  for (let at = 0; at + 1 < headers.length; at += 2) if (headers[at]!.toLowerCase() === name) return headers[at + 1]
  return undefined
}

import { createHash } from 'node:crypto'
import type { HarBody, HarExtension } from './har-entry.ts'
import type { ExchangeRecord, RecordedBody, RecordedRequest, RecordedResponse } from './record.ts'

export interface HarReadOptions {
  /** Bytes of each body that are kept; of longer ones the hash and the length stay. */
  bodyBytes: number
  /** Milliseconds since the epoch, for entries that do not say when they were. */
  now: number
  /** Id for a foreign entry that began at this time (ms since the epoch). */
  newId(startedAt: number): string
}

/** Why an entry is not one that can be recorded. */
export class HarEntryError extends Error {
  override name = 'HarEntryError'
}

/**
 * One HAR entry as a record. An entry that Gatehouse wrote becomes the exchange it was; a foreign one has no trace and
 * no facts. What browsers and other tools leave out or add is tolerated; an entry without a method or an HTTP URL
 * throws a HarEntryError.
 */
export function recordOfHar(entry: unknown, options: HarReadOptions): ExchangeRecord {
  const source = objectOf(entry)
  const own = extensionOf(source['_gatehouse'])
  const request = requestOf(objectOf(source['request']), own, options)
  const response = responseOf(objectOf(source['response']), own, options)
  return own ? ownRecord(own, request, response, options) : foreignRecord(source, request, response, options)
}

/** Names that only Gatehouse writes; anything else under `_gatehouse` is foreign. */
function extensionOf(value: unknown): HarExtension | undefined {
  const extension = objectOf(value)
  const exchange = objectOf(extension['exchange'])
  const sound =
    extension['format'] === 1 &&
    typeof exchange['id'] === 'string' &&
    Array.isArray(exchange['trace']) &&
    exchange['trace'].every((step) => typeof objectOf(step)['policy'] === 'string' && objectOf(step)['position']) &&
    Array.isArray(exchange['facts']) &&
    Array.isArray(exchange['sealed']) &&
    typeof objectOf(exchange['timings'])['policyMicros'] === 'number' &&
    typeof objectOf(exchange['peer'])['address'] === 'string' &&
    ['authority', 'target', 'path', 'query'].every((key) => typeof objectOf(extension['request'])[key] === 'string') &&
    ['response', 'forwarded', 'upstreamResponse'].every((key) => isMessage(extension[key], key !== 'response'))
  return sound ? (extension as unknown as HarExtension) : undefined
}

function isMessage(value: unknown, withHeaders: boolean): boolean {
  if (value === undefined) return true
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
  const { headers, body } = value as { headers?: unknown; body?: unknown }
  if (body === null || (body !== undefined && typeof body !== 'object')) return false
  return !withHeaders || (Array.isArray(headers) && headers.every((text) => typeof text === 'string'))
}

function ownRecord(
  own: HarExtension,
  request: RecordedRequest,
  response: RecordedResponse | undefined,
  options: HarReadOptions,
): ExchangeRecord {
  const { order: _order, secrets: _secrets, peer, ...exchange } = own.exchange
  const { certificates, ...address } = peer
  const record: ExchangeRecord = {
    ...exchange,
    peer: certificates ? { ...address, certificates: certificates.map((der) => Buffer.from(der, 'base64')) } : address,
    request,
    ...(response && { response }),
  }
  if (own.forwarded) record.forwarded = ownMessage(own.forwarded, options)
  if (own.upstreamResponse) record.upstreamResponse = ownMessage(own.upstreamResponse, options)
  return record
}

function ownMessage<M extends { body?: HarBody }>(
  message: M,
  options: HarReadOptions,
): Omit<M, 'body'> & { body?: RecordedBody } {
  const { body, ...head } = message
  if (!body) return head
  const { base64 = '', ...rest } = body
  return { ...head, body: limited({ ...rest, bytes: Buffer.from(base64, 'base64') }, options.bodyBytes) }
}

function foreignRecord(
  source: Record<string, unknown>,
  request: RecordedRequest,
  response: RecordedResponse | undefined,
  options: HarReadOptions,
): ExchangeRecord {
  const started = Date.parse(text(source['startedDateTime']))
  const startedAt = Number.isNaN(started) ? options.now : started
  const error = text(objectOf(source['response'])['_error'])
  const server = text(source['serverIPAddress']).replace(/^\[|\]$/g, '')
  return {
    id: options.newId(startedAt),
    startedAt,
    durationMicros: Math.round(Math.max(0, number(source['time'], 0)) * 1000),
    state: 'done',
    revision: 'har',
    listener: 'none',
    peer: { address: '', port: 0 },
    clientAddress: '',
    request,
    ...(response && { response }),
    ...(server !== '' && { upstream: { name: 'har', url: `${request.scheme}://${request.authority}` } }),
    verdict: response ? 'pass' : 'failed',
    status: response?.status ?? 0,
    trace: [],
    facts: [],
    timings: { policyMicros: 0 },
    ...(!response && { error: error || 'the file holds no response' }),
    sealed: [],
  }
}

function requestOf(source: Record<string, unknown>, own: HarExtension | undefined, options: HarReadOptions) {
  const method = text(source['method'])
  // What was refused before it was read has no method.
  const unread = own?.exchange.verdict === 'refused' && method === ''
  if (!unread && !/^[!#$%&'*+.^`|~\w-]+$/.test(method))
    throw new HarEntryError('request.method is missing or malformed')
  const address = text(source['url'])
  if (!/^https?:\/\//i.test(address) || !URL.canParse(address)) {
    throw new HarEntryError(`request.url is no HTTP address: ${JSON.stringify(address.slice(0, 80))}`)
  }
  const url = new URL(address)
  const headers = headersOf(source['headers'])
  const request: RecordedRequest = {
    method,
    scheme: url.protocol === 'https:' ? 'https' : 'http',
    authority: url.host,
    target: targetOf(address, url),
    path: url.pathname,
    query: url.search.slice(1),
    httpVersion: versionOf(source['httpVersion']),
    headers,
  }
  const posted = objectOf(source['postData'])
  const content = typeof posted['text'] === 'string' ? posted : formOf(posted)
  const body = bodyOf(content, own?.request.body, headers, options)
  if (own) {
    const { body: _, ...target } = own.request
    Object.assign(request, target)
  }
  if (body) request.body = body
  return request
}

/** The target as it was sent: a URL would take out the dots of `/a/../b`, which may be what the request is about. */
function targetOf(address: string, url: URL): string {
  const target = /^[a-z]+:\/\/[^/?#\\]*([^#]*)/i.exec(address)![1]!
  return /^\/[\x21-\x7e]*$/.test(target) ? target : url.pathname + url.search
}

/** Firefox and others give the fields of a form instead of its text. */
function formOf(posted: Record<string, unknown>): Record<string, unknown> {
  const { params, mimeType } = posted
  if (!Array.isArray(params) || params.length === 0 || !text(mimeType).includes('urlencoded')) return {}
  const pairs = params.map((each) => `${formText(objectOf(each)['name'])}=${formText(objectOf(each)['value'])}`)
  return { text: pairs.join('&') }
}

/** Some tools give the fields as they travelled, some as they read: what could not travel like this is encoded. */
function formText(value: unknown): string {
  const given = text(value)
  return /^(?:[\w.*+-]|%[0-9a-f]{2})*$/i.test(given) ? given : new URLSearchParams([['', given]]).toString().slice(1)
}

function responseOf(source: Record<string, unknown>, own: HarExtension | undefined, options: HarReadOptions) {
  const status = number(source['status'], 0)
  // Browsers write status 0 for requests that were blocked, aborted or never answered.
  if (own ? !own.response : status < 100) return undefined
  const headers = headersOf(source['headers'])
  const response: RecordedResponse = {
    status,
    reason: text(source['statusText']),
    from: own?.response?.from ?? 'upstream',
    headers,
  }
  if (own?.response?.trailers) response.trailers = own.response.trailers
  const body = bodyOf(objectOf(source['content']), own?.response?.body, headers, options)
  if (body) response.body = body
  return response
}

function bodyOf(
  content: Record<string, unknown>,
  own: HarBody | undefined,
  headers: readonly string[],
  options: HarReadOptions,
): RecordedBody | undefined {
  const given = content['text']
  if (own) {
    const { base64, ...rest } = own
    const bytes = base64 === undefined ? bytesOf(given, content['encoding']) : Buffer.from(base64, 'base64')
    return limited({ ...rest, bytes }, options.bodyBytes)
  }
  if (typeof given !== 'string' || given === '') return undefined
  const bytes = bytesOf(given, content['encoding'])
  const body: RecordedBody = { bytes, length: bytes.byteLength, truncated: false }
  // HAR bodies are decoded while their headers still say how they travelled.
  if (headers.some((name, at) => at % 2 === 0 && name.toLowerCase() === 'content-encoding')) body.decoded = true
  return limited(body, options.bodyBytes)
}

function bytesOf(given: unknown, encoding: unknown): Uint8Array {
  return Buffer.from(text(given), encoding === 'base64' ? 'base64' : 'utf8')
}

function limited(body: RecordedBody, limit: number): RecordedBody {
  if (body.bytes.byteLength <= limit) return body
  const sha256 = body.sha256 ?? createHash('sha256').update(body.bytes).digest('hex')
  return { ...body, bytes: body.bytes.subarray(0, limit), truncated: true, sha256 }
}

/** HTTP/2 pseudo headers say what the URL and the method say already. */
function headersOf(value: unknown): string[] {
  if (!Array.isArray(value)) return []
  const headers: string[] = []
  for (const each of value) {
    const name = text(objectOf(each)['name'])
    if (name === '' || name.startsWith(':')) continue
    // Several fields of one name stand in one text, a line each (Playwright, WebKit): no field holds a line break.
    for (const line of text(objectOf(each)['value']).split(/[\r\n]+/)) headers.push(name, line)
  }
  return headers
}

function versionOf(value: unknown): string {
  const version = text(value).toLowerCase()
  if (/^(?:http\/)?(?:h?3|2|h2)(?:\.0)?/.test(version)) return version.includes('3') ? '3' : '2'
  return version.includes('1.0') ? '1.0' : '1.1'
}

function objectOf(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {}
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : typeof value === 'number' ? String(value) : ''
}

function number(value: unknown, otherwise: number): number {
  const given = typeof value === 'string' && value.trim() !== '' ? Number(value) : value
  return typeof given === 'number' && Number.isFinite(given) ? given : otherwise
}

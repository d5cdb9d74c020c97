import type { Entry, Har } from 'har-format'
import { HarEntryError, recordOfHar } from '../capture/har-record.ts'
import type { ExchangeRecord, RecordedBody } from '../capture/record.ts'
import { CannotRun } from './command.ts'
import { type FileBody, type FileRequest, rawHeadersOf, splitAddress } from './file-request.ts'

/** Reads the requests of a HAR 1.2 file, with the responses where there are any. Throws CannotRun. */
export function readHarRequests(text: string, file: string): FileRequest[] {
  let har: Partial<Har>
  try {
    har = JSON.parse(text) as Partial<Har>
  } catch (error) {
    throw new CannotRun(`${file} is not JSON: ${(error as Error).message}`)
  }
  const entries = har?.log?.entries
  if (!Array.isArray(entries)) throw new CannotRun(`${file} is no HAR: it has no list log.entries`)
  return entries.map((entry, at) => readEntry(entry, `${file} entry ${at + 1}`))
}

function readEntry(entry: Entry, name: string): FileRequest {
  if ('_gatehouse' in (entry ?? {})) return readOwn(entry, name)
  const { request, response } = entry ?? {}
  if (typeof request?.url !== 'string' || typeof request.method !== 'string') {
    throw new CannotRun(`${name} has no request with method and url`)
  }
  const { scheme, authority, target } = splitAddress(request.url)
  const read: FileRequest = {
    name,
    scheme,
    method: request.method,
    target,
    httpVersion: versionOf(request.httpVersion),
    rawHeaders: rawHeadersOf(fieldsOf(request.headers), authority),
  }
  const body = request.postData?.text
  if (body) read.body = bodyOf(body, (request.postData as { encoding?: string }).encoding)
  if (response && response.status > 0) {
    const { status, statusText, headers, content } = response
    read.response = { status, reason: statusText ?? '', rawHeaders: fieldsOf(headers).flat() }
    if (content?.text) read.response.body = bodyOf(content.text, content.encoding)
  }
  return read
}

/** An entry that Gatehouse wrote is judged by the facts recorded with it, as the gateway met it. */
function readOwn(entry: unknown, name: string): FileRequest {
  let record: ExchangeRecord
  try {
    record = recordOfHar(entry, { bodyBytes: Number.POSITIVE_INFINITY, now: Date.now(), newId: () => '' })
  } catch (error) {
    if (error instanceof HarEntryError) throw new CannotRun(`${name}: ${error.message}`)
    throw error
  }
  const { scheme, method, target, authority, httpVersion, headers, body } = record.request
  const upstream = record.upstreamResponse ?? (record.response?.from === 'upstream' ? record.response : undefined)
  const fields: [string, string][] = []
  for (let at = 0; at < headers.length; at += 2) fields.push([headers[at]!, headers[at + 1]!])
  return {
    name,
    scheme,
    method,
    target,
    // HTTP/2 names its host beside the header list; what is judged is the same request over HTTP/1.1.
    httpVersion: httpVersion === '2' ? '1.1' : httpVersion,
    rawHeaders: rawHeadersOf(fields, authority),
    ...(body && { body: recordedBody(body) }),
    ...(upstream && {
      response: {
        status: upstream.status,
        reason: upstream.reason,
        rawHeaders: [...upstream.headers],
        ...(upstream.body && { body: recordedBody(upstream.body) }),
      },
    }),
    ...(record.peer.address !== '' && { client: record.peer.address }),
    ...(record.listener !== 'none' && { recorded: { facts: record.facts, at: record.startedAt } }),
  }
}

function recordedBody({ bytes, decoded }: RecordedBody): FileBody {
  return { bytes, decoded: decoded === true }
}

function bodyOf(text: string, encoding: string | undefined): FileBody {
  return { bytes: Buffer.from(text, encoding === 'base64' ? 'base64' : 'utf8'), decoded: true }
}

/** Header pairs without the pseudo headers that browsers write for HTTP/2. */
function fieldsOf(headers: unknown): [string, string][] {
  if (!Array.isArray(headers)) return []
  return (headers as { name?: unknown; value?: unknown }[])
    .filter((field) => typeof field?.name === 'string' && !field.name.startsWith(':'))
    .map(({ name, value }) => [String(name), typeof value === 'string' ? value : ''])
}

/** Browsers write `http/2.0`, `h2`, `h3`; what is judged is the same request over HTTP/1.1. */
function versionOf(written: unknown): string {
  const version = /^HTTP\/(1\.[01])$/i.exec(String(written))?.[1]
  return version ?? '1.1'
}

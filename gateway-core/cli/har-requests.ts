import type { Entry, Har } from 'har-format'
import type { RecordedFact } from '../pipeline/facts.ts'
import { CannotRun } from './command.ts'
import { type FileBody, type FileRequest, rawHeadersOf, splitAddress } from './file-request.ts'

/** What an entry written by Gatehouse carries besides HAR 1.2. */
interface OwnEntry {
  _gatehouse?: { facts?: readonly RecordedFact[]; clientAddress?: string }
}

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

function readEntry(entry: Entry & OwnEntry, name: string): FileRequest {
  const { request, response } = entry ?? {}
  if (typeof request?.url !== 'string' || typeof request.method !== 'string') {
    throw new CannotRun(`${name} has no request with method and url`)
  }
  const { scheme, authority, target } = splitAddress(request.url)
  const own = entry._gatehouse
  const at = Date.parse(entry.startedDateTime)
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
  if (own?.clientAddress !== undefined) read.client = own.clientAddress
  if (Array.isArray(own?.facts)) read.recorded = { facts: own.facts, at: Number.isFinite(at) ? at : Date.now() }
  if (response && response.status > 0) {
    const { status, statusText, headers, content } = response
    read.response = { status, reason: statusText ?? '', rawHeaders: fieldsOf(headers).flat() }
    if (content?.text) read.response.body = bodyOf(content.text, content.encoding)
  }
  return read
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

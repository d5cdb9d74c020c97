import { HeldBody } from '../body.ts'
import type { Body, RequestMessage, ResponseMessage, StreamMessage } from '../exchange.ts'
import { type HeaderList, isForwardingField } from '../headers.ts'
import type { Change } from './outcome.ts'

/**
 * The request after the changes. A changed body gets no length, digest or content coding of the old one. What a policy
 * writes belongs to no connection: a client that names it in Connection cannot make it stay behind (RFC 9110 §7.6.1).
 */
export function changeRequest(request: RequestMessage, changes: readonly Change[]): RequestMessage {
  const changed = changeHeaders(request.headers, changes, ['range', 'if-range'])
  const headers = changed.has('connection') ? withoutOptions(changed, changes) : changed
  let { path, query, hasBody, contentLength, assigned } = request
  let body: Body | undefined = request.body
  for (const change of changes) {
    if (change.kind === 'set-path') path = change.path
    else if (change.kind === 'set-query') query = change.query
    else if (change.kind === 'set-header') {
      const name = change.name.toLowerCase()
      if (isForwardingField(name)) assigned = new Set([...(assigned ?? []), name])
    } else if (change.kind === 'set-body') {
      body = new HeldBody(change.bytes)
      hasBody = true
      contentLength = change.bytes.length
    }
  }
  const changedRequest = { ...request, path, query, headers, body, hasBody, contentLength }
  return assigned ? { ...changedRequest, assigned } : changedRequest
}

/** The response after the changes; `reason` is cleared when the status changes. */
export function changeResponse(response: ResponseMessage, changes: readonly Change[]): ResponseMessage {
  const headers = changeHeaders(response.headers, changes, ['accept-ranges', 'content-range'])
  let { status, reason } = response
  let body: Body | undefined = response.body
  for (const change of changes) {
    if (change.kind === 'set-body') body = new HeldBody(change.bytes)
    else if (change.kind === 'set-status') {
      status = change.status
      reason = ''
    }
  }
  return { ...response, status, reason, headers, body }
}

/** The message after the changes: it has nothing but its content. */
export function changeMessage(message: StreamMessage, changes: readonly Change[]): StreamMessage {
  const content = changes.findLast((change) => change.kind === 'set-body')
  return content ? { ...message, body: new HeldBody(content.bytes) } : message
}

/** Takes the names of fields that the changes write out of Connection. */
function withoutOptions(headers: HeaderList, changes: readonly Change[]): HeaderList {
  const options = headers.list('connection')!
  if (options === 'keep-alive' || options === 'close') return headers
  const written = new Set<string>()
  for (const change of changes) {
    if (change.kind === 'set-header' || change.kind === 'add-header') written.add(change.name.toLowerCase())
  }
  const kept = options.split(',').filter((option) => !written.has(option.trim().toLowerCase()))
  if (kept.length === options.split(',').length) return headers
  return kept.length === 0 ? headers.without('connection') : headers.with('Connection', kept.join(',').trim())
}

const bodyHeaders = ['content-length', 'content-encoding', 'digest', 'content-digest', 'repr-digest', 'content-md5']

function changeHeaders(headers: HeaderList, changes: readonly Change[], lostWithBody: readonly string[]): HeaderList {
  const raw = [...headers.raw]
  for (const change of changes) {
    switch (change.kind) {
      case 'set-header':
        setHeader(raw, change.name, change.value)
        break
      case 'add-header':
        raw.push(change.name, change.value)
        break
      case 'remove-header':
        removeHeaders(raw, [change.name.toLowerCase()])
        break
      case 'set-body': {
        removeHeaders(raw, [...bodyHeaders, ...lostWithBody])
        dropStrongETag(raw)
        if (change.contentType) setHeader(raw, 'Content-Type', change.contentType)
        break
      }
    }
  }
  return headers.remade(raw)
}

function setHeader(raw: string[], name: string, value: string): void {
  const lower = name.toLowerCase()
  const at = raw.findIndex(
    (text, position) => position % 2 === 0 && text.length === name.length && text.toLowerCase() === lower,
  )
  if (at === -1) {
    raw.push(name, value)
    return
  }
  raw[at + 1] = value
  for (let other = raw.length - 2; other > at; other -= 2) {
    if (raw[other]!.toLowerCase() === lower) raw.splice(other, 2)
  }
}

function removeHeaders(raw: string[], names: readonly string[]): void {
  for (let at = raw.length - 2; at >= 0; at -= 2) {
    if (names.includes(raw[at]!.toLowerCase())) raw.splice(at, 2)
  }
}

function dropStrongETag(raw: string[]): void {
  for (let at = raw.length - 2; at >= 0; at -= 2) {
    if (raw[at]!.toLowerCase() === 'etag' && !raw[at + 1]!.startsWith('W/')) raw.splice(at, 2)
  }
}

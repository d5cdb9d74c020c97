import type { Exchange, Place } from '../../exchange.ts'
import { cookiesOf, decodeForm, decodePercent, rawPairsOf } from '../../openapi/query.ts'
import type { Context } from './finding.ts'

/** One text of a request that is to be looked at. */
export interface Found {
  text: string
  at: Place
  context: Context
  /** Header fields whose grammar is full of signs need surer evidence. */
  cautious: boolean
}

export type Visit = (found: Found) => void

const queryValue: Context = { place: 'query', name: false }
const queryName: Context = { place: 'query', name: true }
const pathValue: Context = { place: 'path', name: false }
const headerValue: Context = { place: 'header', name: false }
const cookieValue: Context = { place: 'cookie', name: false }
const cookieName: Context = { place: 'cookie', name: true }

/** Header fields that hold credentials or steer this connection: never looked at. */
const skippedHeaders =
  /^(?:host|cookie|content-length|connection|date|expect|te|trailer|transfer-encoding|upgrade|if-(?:modified|unmodified)-since|if-(?:none-)?match|(?:proxy-)?authorization|sec-websocket-.*|dpop|signature(?:-input)?|(?:content-)?digest|content-md5|traceparent|.*(?:api-?key|token|secret|password|credential).*)$/
/** Header fields with a grammar of their own. */
const cautiousHeaders =
  /^(?:user-agent|accept(?:-.*)?|via|forwarded|content-type|content-disposition|from|server|cache-control|pragma|sec-.*|link|prefer|range|referer|origin|x-forwarded-.*|tracestate|baggage|warning|priority|dnt)$/

/** Visits every text of the request head: query names and values, path segments, header fields and cookies. */
export function visitHead(exchange: Exchange, parameters: Readonly<Record<string, string>>, visit: Visit): void {
  const { request } = exchange
  if (request.query !== '') {
    for (const [name, raw] of rawPairsOf(request.query)) {
      if (raw !== '') visit({ text: decodeForm(raw), at: { in: 'query', name }, context: queryValue, cautious: false })
      visit({ text: name, at: { in: 'query', name }, context: queryName, cautious: false })
    }
  }
  visitPath(exchange, parameters, visit)
  const { raw } = request.headers
  for (let at = 0; at < raw.length; at += 2) {
    const name = raw[at]!.toLowerCase()
    const value = raw[at + 1]!
    if (name === 'cookie') visitCookies(value, visit)
    else if (!skippedHeaders.test(name))
      visit({ text: value, at: { in: 'header', name }, context: headerValue, cautious: cautiousHeaders.test(name) })
  }
}

function visitPath(exchange: Exchange, parameters: Readonly<Record<string, string>>, visit: Visit): void {
  const seen = new Set<string>()
  for (const [name, raw] of Object.entries(parameters)) {
    seen.add(raw)
    visit({ text: decodePercent(raw), at: { in: 'path', name }, context: pathValue, cautious: false })
  }
  const { path } = exchange.request
  if (/^[\w./-]*$/.test(path)) return
  for (const segment of path.split('/')) {
    if (!seen.has(segment))
      visit({ text: decodePercent(segment), at: { in: 'path' }, context: pathValue, cautious: false })
  }
}

/** A cookie without a name is a value all the same (RFC 6265bis §5.6). */
function visitNamelessCookies(header: string, visit: Visit): void {
  for (const piece of header.split(';')) {
    const text = piece.trim()
    if (text !== '' && !text.includes('='))
      visit({ text: decodePercent(text), at: { in: 'cookie', name: '' }, context: cookieValue, cautious: false })
  }
}

function visitCookies(header: string, visit: Visit): void {
  let pairs = 0
  for (const [name, value] of cookiesOf(header)) {
    pairs += 1
    visit({ text: decodePercent(value), at: { in: 'cookie', name }, context: cookieValue, cautious: false })
    visit({ text: name, at: { in: 'cookie', name }, context: cookieName, cautious: false })
  }
  if (pairs === 0 || header.split(';').length > pairs) visitNamelessCookies(header, visit)
}

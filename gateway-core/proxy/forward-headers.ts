import type { RawHeaders } from '../exchange.ts'
import { isForwardingField } from '../headers.ts'

/** Fields that belong to one connection (RFC 9110 §7.6.1) and never travel on. `te: trailers` is put back where it matters. */
export const hopByHop: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'proxy-authenticate',
  'proxy-authorization',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

const via = '1.1 gatehouse'

export interface ForwardingFacts {
  /** Address of the peer, as `X-Forwarded-For` names it. */
  peer: string
  /** The peer is a trusted proxy: its forwarding fields are kept and added to. */
  trusted: boolean
  scheme: 'http' | 'https'
  authority: string
  /** What `Host` says to the upstream. */
  host: string
  httpVersion: string
  /** Names (lower case) of forwarding fields that a policy set, and that go on whoever the peer is. */
  assigned?: ReadonlySet<string> | undefined
}

/**
 * Header list for the upstream: hop-by-hop fields out (and those that Connection names), `Host` set, forwarding fields
 * stripped unless the peer is trusted and set anew, `Via` added (RFC 9110 §7.6.3). Order, case and duplicates of the
 * other fields stay.
 */
export function upstreamHeaders(headers: RawHeaders, facts: ForwardingFacts): string[] {
  const out: string[] = ['Host', facts.host]
  const named = connectionNames(headers)
  const kept = (name: string) => (facts.trusted || facts.assigned?.has(name) === true) && has(headers, name)
  let forwardedFor = ''
  let viaSoFar = ''
  for (let at = 0; at < headers.length; at += 2) {
    const name = headers[at]!
    const lower = lowerCase(name)
    if (
      lower === 'host' ||
      lower === 'expect' ||
      lower === 'http2-settings' ||
      // No field of HTTP; servers behind CGI would take it for their proxy, HTTP_PROXY (httpoxy, CVE-2016-5385).
      lower === 'proxy' ||
      hopByHop.has(lower) ||
      named?.has(lower)
    )
      continue
    if (lower === 'via') {
      viaSoFar = viaSoFar ? `${viaSoFar}, ${headers[at + 1]!}` : headers[at + 1]!
      continue
    }
    if (isForwardingField(lower)) {
      if (!facts.trusted && !facts.assigned?.has(lower)) continue
      if (lower === 'x-forwarded-for') {
        forwardedFor = forwardedFor ? `${forwardedFor}, ${headers[at + 1]!}` : headers[at + 1]!
        continue
      }
    }
    out.push(name, headers[at + 1]!)
  }
  out.push('X-Forwarded-For', forwardedFor ? `${forwardedFor}, ${facts.peer}` : facts.peer)
  if (!kept('x-forwarded-proto')) out.push('X-Forwarded-Proto', facts.scheme)
  if (!kept('x-forwarded-host')) out.push('X-Forwarded-Host', facts.authority)
  const mine = facts.httpVersion === '2' ? '2 gatehouse' : `${facts.httpVersion} gatehouse`
  out.push('Via', viaSoFar ? `${viaSoFar}, ${mine}` : mine)
  return out
}

/** Header list for a server that is only observed: hop-by-hop fields out, `Host` first, and nothing told of the client. */
export function observedHeaders(headers: RawHeaders, host: string): string[] {
  const out: string[] = ['Host', host]
  const named = connectionNames(headers)
  for (let at = 0; at < headers.length; at += 2) {
    const lower = lowerCase(headers[at]!)
    if (lower === 'host' || lower === 'expect' || lower === 'http2-settings') continue
    if (!hopByHop.has(lower) && !named?.has(lower)) out.push(headers[at]!, headers[at + 1]!)
  }
  return out
}

/** Header list for the client, from the upstream's: hop-by-hop fields out, `Via` added unless it is only observed. */
export function clientHeaders(headers: RawHeaders, tellVia = true): string[] {
  const out: string[] = []
  const named = connectionNames(headers)
  let viaSoFar = ''
  for (let at = 0; at < headers.length; at += 2) {
    const name = headers[at]!
    const lower = lowerCase(name)
    if (hopByHop.has(lower) && lower !== 'proxy-authenticate' && lower !== 'trailer') continue
    if (named?.has(lower)) continue
    if (lower === 'via' && tellVia) {
      viaSoFar = viaSoFar ? `${viaSoFar}, ${headers[at + 1]!}` : headers[at + 1]!
      continue
    }
    out.push(name, headers[at + 1]!)
  }
  if (tellVia) out.push('Via', viaSoFar ? `${viaSoFar}, ${via}` : via)
  return out
}

/** Where a route sits in front of its upstream: what `Location` and cookie paths are translated back by. */
export interface Mounting {
  /** Origin of the upstream target, for example `http://127.0.0.1:9001`. */
  upstreamOrigin: string
  /** Path prefix that the upstream sees in front. */
  upstreamPrefix: string
  /** Path prefix that the client sees instead. */
  clientPrefix: string
  clientOrigin: string
}

/** Translates `Location`, `Content-Location` and the Path and Domain of `Set-Cookie` back to what the client can reach. In place. */
export function rewriteBack(headers: string[], mounting: Mounting): void {
  for (let at = 0; at < headers.length; at += 2) {
    const lower = lowerCase(headers[at]!)
    if (lower === 'location' || lower === 'content-location')
      headers[at + 1] = rewriteLocation(headers[at + 1]!, mounting)
    else if (lower === 'set-cookie') headers[at + 1] = rewriteCookie(headers[at + 1]!, mounting)
  }
}

function rewriteLocation(value: string, mounting: Mounting): string {
  const { upstreamOrigin, clientOrigin } = mounting
  if (value.startsWith('/') && !value.startsWith('//')) return swapPrefix(value, mounting)
  if (!value.startsWith(upstreamOrigin)) return value
  const rest = value.slice(upstreamOrigin.length)
  return rest === '' || '/?#'.includes(rest[0]!) ? clientOrigin + swapPrefix(rest, mounting) : value
}

function rewriteCookie(value: string, mounting: Mounting): string {
  const host = new URL(mounting.upstreamOrigin).hostname
  return value
    .replace(/(;\s*path=)(\/[^;]*)/i, (_, start: string, path: string) => start + swapPrefix(path, mounting))
    .replace(/;\s*domain=([^;]*)/i, (whole, domain: string) =>
      domain.trim().replace(/^\./, '').toLowerCase() === host ? '' : whole,
    )
}

function swapPrefix(path: string, { upstreamPrefix, clientPrefix }: Mounting): string {
  if (upstreamPrefix === clientPrefix) return path
  if (upstreamPrefix === '') return clientPrefix + path
  if (path === upstreamPrefix) return clientPrefix || '/'
  return path.startsWith(`${upstreamPrefix}/`) ? clientPrefix + path.slice(upstreamPrefix.length) : path
}

function connectionNames(headers: RawHeaders): Set<string> | undefined {
  let names: Set<string> | undefined
  for (let at = 0; at < headers.length; at += 2) {
    if (headers[at]!.length !== 10 || lowerCase(headers[at]!) !== 'connection') continue
    const value = headers[at + 1]!
    if (value === 'keep-alive' || value === 'close') continue
    names ??= new Set()
    for (const name of value.split(',')) names.add(name.trim().toLowerCase())
  }
  return names
}

function has(headers: RawHeaders, name: string): boolean {
  for (let at = 0; at < headers.length; at += 2) if (lowerCase(headers[at]!) === name) return true
  return false
}

/** Header names repeat; their lower-case forms are kept. Bounded, because hostile clients invent names. */
const lowered = new Map<string, string>()
export function lowerCase(name: string): string {
  const known = lowered.get(name)
  if (known !== undefined) return known
  const lower = name.toLowerCase()
  if (lowered.size < 2048) lowered.set(name, lower)
  return lower
}

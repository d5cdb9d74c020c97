import type http from 'node:http'
import { isIP } from 'node:net'
import type { Limits } from '../config/workspace.ts'
import type { DenialCode } from '../errors.ts'
import { authorityOf } from './authority.ts'
import type { Proxied } from './connection.ts'
import { hostOf } from './observed-origins.ts'
import { trimSpace } from './strict-fields.ts'

/** Where a CONNECT goes. */
export type ConnectTarget = NonNullable<Proxied['tunnel']>

/** What a record shows of a CONNECT without its header fields. */
export function headOf({ host, port }: ConnectTarget) {
  const authority = `${host.includes(':') ? `[${host}]` : host}:${port}`
  return {
    method: 'CONNECT',
    target: authority,
    authority,
    scheme: 'https' as const,
    httpVersion: '1.1' as const,
    rawHeaders: [],
  }
}

/** Reads the head of a CONNECT (RFC 9110 §9.3.6, RFC 9112 §3.2.3): a host with its port, no content, one Host at most. */
export function readTarget(
  req: http.IncomingMessage,
  limits: Pick<Limits, 'headerCount'>,
): ConnectTarget | { code: DenialCode; detail: string } {
  const bad = (detail: string) => ({ code: 'BAD_TARGET' as const, detail })
  if (req.httpVersion !== '1.1' && req.httpVersion !== '1.0') {
    return { code: 'UNSUPPORTED_VERSION', detail: 'Speak HTTP/1.1 to a forward proxy.' }
  }
  if (req.rawHeaders.length > limits.headerCount * 2) {
    return { code: 'HEADERS_TOO_LARGE', detail: `At most ${limits.headerCount} header fields are read.` }
  }
  const authority = authorityOf(req.url ?? '')
  const port = /:(\d+)$/.exec(authority ?? '')
  if (authority === undefined || !port || Number(port[1]) === 0) {
    return bad('CONNECT names a host and a port, and nothing else.')
  }
  let hosts = 0
  for (let at = 0; at < req.rawHeaders.length; at += 2) {
    const name = req.rawHeaders[at]!.toLowerCase()
    if (name === 'content-length' || name === 'transfer-encoding') {
      return { code: 'AMBIGUOUS_LENGTH', detail: 'CONNECT has no content.' }
    }
    if (name !== 'host') continue
    hosts += 1
    const named = authorityOf(trimSpace(req.rawHeaders[at + 1]!))
    // Some clients leave the port out here.
    if (hosts > 1 || named === undefined || hostOf(named) !== hostOf(authority)) {
      return { code: 'BAD_HOST', detail: 'Host has to name what CONNECT names, once.' }
    }
  }
  const host = hostOf(authority)
  return { host: isIP(host) ? host : host.replace(/\.$/, ''), port: Number(port[1]) }
}

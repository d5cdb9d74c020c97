import type { DenialCode } from '../errors.ts'
import type { Limits } from '../config/workspace.ts'
import {
  hasUpgradeToken,
  http2Refused,
  isForbiddenOption,
  isToken,
  judgeUpgrade,
  readTransferCoding,
  trimSpace,
} from './strict-fields.ts'
import { authorityOf } from './authority.ts'
import { readTarget } from './request-target.ts'

/** A request head that has one meaning only. `rawHeaders` is the flat list as received, without pseudo headers. */
export interface RequestHead {
  method: string
  scheme: 'http' | 'https'
  /** Host and port in lower case; empty only for HTTP/1.0 without Host. */
  authority: string
  /** Request target as received; for HTTP/2 `:path`. */
  target: string
  /** Normalized path; `*` for `OPTIONS *`. */
  path: string
  /** Query without `?`, as received. */
  query: string
  httpVersion: '1.0' | '1.1' | '2'
  rawHeaders: string[]
  /** True when Content-Length is above zero or the body is chunked (HTTP/2: decided by END_STREAM, see the listener). */
  hasBody: boolean
  contentLength?: number
  /** A complete and valid WebSocket handshake (RFC 6455 §4.2.1). */
  upgrade?: 'websocket'
  /** The client waits for `100 Continue`; the handler decides. Always false for HTTP/1.0 (RFC 9110 §10.1.1). */
  expectContinue: boolean
}

/** Why a head is refused. `detail` is for people and holds nothing the client sent. */
export interface HeadRefusal {
  code: DenialCode
  detail: string
  /** Character offset in the target, where one is to blame. */
  offset?: number
}

/** What came in, before judging. HTTP/2 heads come with their pseudo headers taken out (see `splitPseudoHeaders`). */
export interface HeadInput {
  method: string
  target: string
  /** As the parser names it: `1.1`, `1.0`, `2`, or something to refuse. */
  httpVersion: string
  rawHeaders: string[]
  scheme: 'http' | 'https'
  /** HTTP/2 `:authority`. */
  authority?: string
  /** A parser has refused bad names and control characters in values already, as Node's do; saves reading each. */
  parsed?: boolean
  /**
   * Whether nothing judges what goes to this host: then an ambiguous path passes as it was sent, and an offer to go on
   * in HTTP/2 is not taken up instead of being refused.
   */
  asSent?: (authority: string, scheme: 'http' | 'https') => boolean
}

/**
 * Judges a request head more strictly than parsers do (RFC 9112, RFC 9113 §8, RFC 9110): what two servers could read
 * differently is refused, so that nothing is judged as one request and forwarded as another (request smuggling).
 * Pure; one pass over the headers, which compares lengths before it compares names.
 */
export function judgeHead(
  input: HeadInput,
  limits: Pick<Limits, 'headerBytes' | 'headerCount'>,
): RequestHead | HeadRefusal {
  const { method, target, rawHeaders, scheme } = input
  const version = input.httpVersion
  if (version !== '1.1' && version !== '2' && version !== '1.0') {
    return refuse('UNSUPPORTED_VERSION', 'Speak HTTP/1.1, or HTTP/2 over TLS.')
  }
  const count = rawHeaders.length
  if (count > limits.headerCount * 2) {
    return refuse('HEADERS_TOO_LARGE', `${count / 2} header fields; at most ${limits.headerCount} are read.`)
  }
  const two = version === '2'
  const scan = input.parsed !== true
  let bytes = target.length
  let host: string | undefined
  let coding: string | undefined
  let length: string | undefined
  let expect: string | undefined
  let connection: string | undefined
  let upgrade: string | undefined
  let type: string | undefined
  for (let at = 0; at < count; at += 2) {
    const name = rawHeaders[at]!
    const value = rawHeaders[at + 1]!
    bytes += name.length + value.length + 4
    if (scan) {
      if (hasControl(value)) return refuse('MALFORMED_REQUEST', 'A header value holds a control character.')
      if (!isToken(name)) return refuse('MALFORMED_REQUEST', 'A header name is not a token (RFC 9110 §5.1).')
      if (two && name !== name.toLowerCase()) {
        return refuse('MALFORMED_REQUEST', 'HTTP/2 has no upper-case field names (RFC 9113 §8.2.1).')
      }
    }
    switch (name.length) {
      case 2:
        if (two && isName(name, 'te') && value !== 'trailers') {
          return refuse('MALFORMED_REQUEST', 'HTTP/2 allows TE only as `trailers` (RFC 9113 §8.2.2).')
        }
        break
      case 4:
        if (isName(name, 'host')) {
          if (host !== undefined) return refuse('BAD_HOST', 'Several Host fields.')
          host = value
        }
        break
      case 6:
        if (isName(name, 'expect')) {
          if (expect !== undefined) return refuse('EXPECTATION_FAILED', 'Several Expect fields.')
          expect = value
        }
        break
      case 7:
        if (isName(name, 'upgrade')) {
          if (two) return refuse('MALFORMED_REQUEST', 'HTTP/2 has no Upgrade field (RFC 9113 §8.2.2).')
          upgrade = upgrade === undefined ? value : `${upgrade}, ${value}`
        }
        break
      case 10:
        if (isName(name, 'connection') || isName(name, 'keep-alive')) {
          if (two) return refuse('MALFORMED_REQUEST', 'HTTP/2 has no connection fields (RFC 9113 §8.2.2).')
          if (isName(name, 'connection')) {
            if (isForbiddenOption(value)) {
              return refuse(
                'MALFORMED_REQUEST',
                'Connection names a field that belongs to the message (RFC 9110 §7.6.1).',
              )
            }
            connection = connection === undefined ? value : `${connection}, ${value}`
          }
        }
        break
      case 12:
        if (isName(name, 'content-type')) {
          if (isGrpc(value)) {
            return refuse('GRPC_UNSUPPORTED', 'Send gRPC straight to its server; this gateway forwards HTTP/1.1.')
          }
          if (type !== undefined && type !== value) {
            return refuse('MALFORMED_REQUEST', 'Several Content-Type fields, which differ (RFC 9110 §8.3).')
          }
          type = value
        }
        break
      case 14:
        if (isName(name, 'content-length')) {
          if (length !== undefined) return refuse('AMBIGUOUS_LENGTH', 'Several Content-Length fields.')
          length = value
        } else if (isLookalike(name)) return refuseLookalike()
        break
      case 15:
      case 16:
        if (isLookalike(name)) return refuseLookalike()
        break
      case 17:
        if (isName(name, 'transfer-encoding')) {
          if (two) return refuse('AMBIGUOUS_LENGTH', 'HTTP/2 has no Transfer-Encoding (RFC 9113 §8.2.2).')
          if (coding !== undefined) return refuse('AMBIGUOUS_LENGTH', 'Several Transfer-Encoding fields.')
          coding = value
        } else if (isLookalike(name)) return refuseLookalike()
        break
    }
  }
  if (bytes > limits.headerBytes) {
    return refuse(
      'HEADERS_TOO_LARGE',
      `${bytes} bytes of request target and headers; at most ${limits.headerBytes} are read.`,
    )
  }

  // Message length (RFC 9112 §6.3).
  let contentLength: number | undefined
  if (length !== undefined) {
    if (coding !== undefined) return refuse('AMBIGUOUS_LENGTH', 'Content-Length and Transfer-Encoding in one request.')
    if (length.length > 15 || !/^[0-9]+$/.test(length)) {
      return refuse('AMBIGUOUS_LENGTH', 'Content-Length has to be one decimal number.')
    }
    contentLength = Number(length)
  }
  if (coding !== undefined) {
    if (version === '1.0') return refuse('AMBIGUOUS_LENGTH', 'HTTP/1.0 has no Transfer-Encoding (RFC 9112 §6.1).')
    const refusal = coding === 'chunked' ? undefined : readTransferCoding(coding)
    if (refusal) return refusal
  }

  if (method === 'CONNECT')
    return refuse('UPGRADE_REFUSED', 'CONNECT is not served here: this is a gateway, not a tunnel.')
  if (!isToken(method)) return refuse('MALFORMED_REQUEST', 'The method is not a token (RFC 9110 §9.1).')

  let expectContinue = false
  if (expect !== undefined) {
    if (expect !== '100-continue' && trimSpace(expect).toLowerCase() !== '100-continue') {
      return refuse('EXPECTATION_FAILED', 'Send `Expect: 100-continue` or leave it out.')
    }
    expectContinue = version !== '1.0'
  }

  // Target and host (RFC 9112 §3.2, §3.3; RFC 9113 §8.3.1).
  let authority = ''
  const named = two ? input.authority : undefined
  if (two && named !== undefined && host !== undefined && named.toLowerCase() !== host.toLowerCase()) {
    return refuse('BAD_HOST', '`:authority` and Host name different hosts.')
  }
  const hostText = named ?? host
  if (hostText !== undefined) {
    const host = authorityOf(hostText)
    if (host === undefined) return refuse('BAD_HOST', 'Host has to be a name or an address, with or without a port.')
    authority = host
  } else if (version !== '1.0') return refuse('BAD_HOST', 'The request names no host.')

  const read = readTarget(input, authority)
  if ('code' in read) return read

  const head: RequestHead = {
    method,
    scheme,
    authority: read.authority,
    target,
    path: read.path,
    query: read.query,
    httpVersion: version,
    rawHeaders,
    hasBody: coding !== undefined || (contentLength !== undefined && contentLength > 0),
    contentLength,
    upgrade: undefined,
    expectContinue,
  }
  // HTTP/1.0 knows no Upgrade: it is ignored there (RFC 9110 §7.8).
  if (upgrade !== undefined && version === '1.1') {
    const wanted = connection !== undefined && hasUpgradeToken(connection)
    const verdict = judgeUpgrade(upgrade, wanted, head)
    if (verdict === 'websocket') head.upgrade = 'websocket'
    else if (verdict === 'h2c') {
      if (!input.asSent?.(head.authority, scheme)) return http2Refused
    } else if (verdict !== 'ignored') return verdict
  }
  return head
}

/** True where judging ended in a refusal. */
export function isRefusal(judged: RequestHead | HeadRefusal): judged is HeadRefusal {
  return 'code' in judged
}

function isName(name: string, lower: string): boolean {
  return name === lower || ((name.charCodeAt(0) | 0x20) === lower.charCodeAt(0) && name.toLowerCase() === lower)
}

// CGI-like upstreams read `Content_Length` as Content-Length: a field that the gateway did not judge or strip.
const lookalikes = new Set([
  'content-length',
  'transfer-encoding',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-port',
  'x-forwarded-proto',
])

function isLookalike(name: string): boolean {
  return name.includes('_') && lookalikes.has(name.replaceAll('_', '-').toLowerCase())
}

function refuseLookalike(): HeadRefusal {
  return refuse('MALFORMED_REQUEST', 'A field name with `_` is read by some servers as the one with `-`.')
}

function isGrpc(value: string): boolean {
  return (value.charCodeAt(0) | 0x20) === 0x61 && /^application\/grpc(?:$|[+;\s])/i.test(value)
}

function hasControl(value: string): boolean {
  // oxlint-disable-next-line no-control-regex -- these are the characters looked for
  return /[\0-\x08\n-\x1f\x7f]/.test(value)
}

function refuse(code: DenialCode, detail: string, offset?: number): HeadRefusal {
  return offset === undefined ? { code, detail } : { code, detail, offset }
}

import type http2 from 'node:http2'
import type { Limits } from '../config/workspace.ts'

/**
 * Limits of HTTP/2 sessions, which Node's HTTP/1 limits do not bound. The header limits of the protocol stand above
 * those of the workspace, so that a head somewhat too large is answered with 431, and only a flood is reset.
 * Resets (CVE-2023-44487), rejected streams, invalid frames and settings are counted by nghttp2; past them it ends the
 * session with GOAWAY, and the listener reports it.
 */
export function http2Options(limits: Limits): http2.SecureServerOptions {
  return {
    settings: {
      enablePush: false,
      enableConnectProtocol: false,
      maxConcurrentStreams: 128,
      maxHeaderListSize: limits.headerBytes * 2 + limits.headerCount * 64,
      initialWindowSize: 256 * 1024,
    },
    maxHeaderListPairs: limits.headerCount * 2 + 16,
    maxSettings: 32,
    maxOutstandingPings: 10,
    // MB; above what the windows let come in, so that full windows do not look like an attack.
    maxSessionMemory: 16,
    maxSessionInvalidFrames: 100,
    maxSessionRejectedStreams: 100,
    streamResetBurst: 200,
    streamResetRate: 33,
    unknownProtocolTimeout: limits.headersMs,
  }
}

/** An HTTP/2 head taken apart: pseudo-headers by name, fields in order, cookie crumbs joined (RFC 9113 §8.2.3). */
export interface SplitHeaders {
  headers: string[]
  method: string
  path: string
  authority: string | undefined
}

/** Takes the pseudo-headers out of a raw HTTP/2 header list. What is missing is empty, which judging refuses. */
export function splitPseudoHeaders(raw: readonly string[]): SplitHeaders {
  const split: SplitHeaders = { headers: [], method: '', path: '', authority: undefined }
  const { headers } = split
  let cookieAt = -1
  for (let at = 0; at < raw.length; at += 2) {
    const name = raw[at]!
    const value = raw[at + 1]!
    if (name.charCodeAt(0) === 0x3a) {
      if (name === ':method') split.method = value
      else if (name === ':path') split.path = value
      else if (name === ':authority') split.authority = value
    } else if (name === 'cookie' && cookieAt >= 0) headers[cookieAt] += `; ${value}`
    else {
      if (name === 'cookie') cookieAt = headers.length + 1
      headers.push(name, value)
    }
  }
  return split
}

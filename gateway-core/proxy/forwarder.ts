import http, { type ClientRequest, type IncomingMessage } from 'node:http'
import https from 'node:https'
import type { Readable } from 'node:stream'
import type { Dispatcher } from 'undici'
import type { DenialCode } from '../errors.ts'
import type { Target } from './upstream.ts'

/** A request as the upstream gets it. `headers` is flat and complete, `Host` first. */
export interface UpstreamCall {
  method: string
  path: string
  headers: string[]
  body: Uint8Array | Readable | undefined
  timeoutMs: number
  /** Needs `http.request`: the client waits for `100 Continue`, or trailers travel. */
  expectContinue: boolean
  trailers: boolean
}

/** Where the upstream's answer goes. Returning false pauses the upstream until `resume` of `onHead` is called. */
export interface UpstreamSink {
  onHead(status: number, headers: string[], resume: () => void, reason: string): boolean
  onData(chunk: Buffer): boolean
  onEnd(trailers: string[]): void
  onFailure(failure: UpstreamFailure): void
  /** The upstream asked for the body (`100 Continue`). */
  onContinue?(): void
}

/** What went wrong. `sent` is false when the request cannot have reached the upstream, so that another target may be tried. */
export interface UpstreamFailure {
  code: Extract<DenialCode, 'UPSTREAM_UNREACHABLE' | 'UPSTREAM_NOT_TRUSTED' | 'UPSTREAM_BROKEN' | 'UPSTREAM_TIMEOUT'>
  reason: string
  sent: boolean
}

/** Ends a call that nobody waits for any more. */
export type Abort = (reason?: Error) => void

/** Sends a call to a target. The sink gets exactly one of `onEnd` and `onFailure`. Returns the way to abort. */
export function send(target: Target, call: UpstreamCall, sink: UpstreamSink): Abort {
  return call.expectContinue || call.trailers ? sendByNode(target, call, sink) : sendByUndici(target, call, sink)
}

/**
 * undici's own handler interface (7.x): raw headers as buffers, no header object is built. The pool is asked to keep
 * order, case and duplicates, which it does except for Host, Connection and Content-Length.
 */
function sendByUndici(target: Target, call: UpstreamCall, sink: UpstreamSink): Abort {
  const handler = new DispatchHandler(sink)
  const options = {
    origin: target.origin,
    path: call.path,
    method: call.method as Dispatcher.HttpMethod,
    headers: call.headers,
    body: call.body ?? null,
    headersTimeout: call.timeoutMs,
    bodyTimeout: call.timeoutMs,
  }
  try {
    target.dispatcher.dispatch(options, handler as unknown as Dispatcher.DispatchHandler)
  } catch (error) {
    handler.onError(error as Error)
  }
  return handler.abort
}

class DispatchHandler {
  readonly #sink: UpstreamSink
  #abort: Abort | undefined
  #aborted: Error | undefined
  #sent = false

  constructor(sink: UpstreamSink) {
    this.#sink = sink
  }

  readonly abort: Abort = (reason = new Error('aborted')) => {
    this.#aborted = reason
    this.#abort?.(reason)
  }

  onConnect(abort: Abort): void {
    this.#sent = true
    this.#abort = abort
    if (this.#aborted) abort(this.#aborted)
  }

  onHeaders(status: number, raw: Buffer[], resume: () => void, reason: string): boolean {
    if (status < 200) return true
    return this.#sink.onHead(status, textOf(raw), resume, reason)
  }

  onData(chunk: Buffer): boolean {
    return this.#sink.onData(chunk)
  }

  onComplete(trailers: Buffer[] | null): void {
    this.#sink.onEnd(trailers ? textOf(trailers) : [])
  }

  onError(error: Error): void {
    if (!this.#aborted) this.#sink.onFailure(failureOf(error, this.#sent))
  }
}

function textOf(raw: readonly Buffer[]): string[] {
  return raw.map((text) => text.toString('latin1'))
}

function sendByNode(target: Target, call: UpstreamCall, sink: UpstreamSink): Abort {
  const { request } = target.origin.startsWith('https:') ? https : http
  const headers = call.expectContinue ? [...call.headers, 'Expect', '100-continue'] : call.headers
  const streamed = call.body !== undefined && !(call.body instanceof Uint8Array)
  const url = new URL(target.origin)
  let aborted = false
  let settled = false
  const outgoing = request({
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port,
    method: call.method,
    path: call.path,
    headers,
    agent: target.agent,
    timeout: call.timeoutMs,
  })
  const fail = (failure: UpstreamFailure) => {
    if (settled || aborted) return
    settled = true
    sink.onFailure(failure)
  }
  outgoing.on('timeout', () => {
    fail({ code: 'UPSTREAM_TIMEOUT', reason: `no answer within ${call.timeoutMs} ms`, sent: true })
    outgoing.destroy()
  })
  outgoing.on('error', (error) => fail(failureOf(error, outgoing.socket?.connecting === false)))
  outgoing.on('continue', () => {
    sink.onContinue?.()
    writeBody(outgoing, call.body)
  })
  outgoing.on('response', (incoming) => {
    relay(incoming, sink, fail)
    // The upstream answered without asking for the body: what it does not want is not sent.
    incoming.on('end', () => {
      if (!outgoing.writableEnded) outgoing.destroy()
    })
  })
  if (call.expectContinue) outgoing.flushHeaders()
  else writeBody(outgoing, call.body)
  return () => {
    aborted = true
    if (streamed) (call.body as Readable).unpipe?.(outgoing)
    outgoing.destroy()
  }
}

function writeBody(outgoing: ClientRequest, body: UpstreamCall['body']): void {
  if (body === undefined || body instanceof Uint8Array) {
    outgoing.end(body)
    return
  }
  body.on('error', (error: Error) => outgoing.destroy(error))
  body.on('end', () => {
    const { rawTrailers } = body as Partial<IncomingMessage>
    if (rawTrailers?.length) outgoing.addTrailers(pairs(rawTrailers))
    outgoing.end()
  })
  body.pipe(outgoing, { end: false })
}

/** Hands a response of Node's client on to a sink. */
export function relay(incoming: IncomingMessage, sink: UpstreamSink, fail: (failure: UpstreamFailure) => void): void {
  const resume = () => incoming.resume()
  const flowing = sink.onHead(incoming.statusCode ?? 0, incoming.rawHeaders, resume, incoming.statusMessage ?? '')
  incoming.on('data', (chunk: Buffer) => {
    if (!sink.onData(chunk)) incoming.pause()
  })
  if (!flowing) incoming.pause()
  let ended = false
  incoming.on('end', () => {
    ended = true
    sink.onEnd(incoming.rawTrailers)
  })
  incoming.on('close', () => {
    if (!ended)
      fail({
        code: 'UPSTREAM_BROKEN',
        reason: 'the upstream closed the connection in the middle of its answer',
        sent: true,
      })
  })
}

function pairs(raw: readonly string[]): [string, string][] {
  const out: [string, string][] = []
  for (let at = 0; at < raw.length; at += 2) out.push([raw[at]!, raw[at + 1]!])
  return out
}

const timeouts = new Set(['UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT', 'ETIMEDOUT'])
const unreachable = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EADDRNOTAVAIL',
  'UND_ERR_CONNECT_TIMEOUT',
])

/** Whether an error of a TLS handshake says that the server's certificate does not verify. */
export function isUntrusted(code: string): boolean {
  return /^(?:ERR_TLS_CERT_|CERT_|CRL_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|INVALID_(?:CA|PURPOSE)|HOSTNAME_MISMATCH|ERROR_IN_CERT_)/.test(
    code,
  )
}

/** Reads an error of Node or undici. TLS failures before the request count as unreachable. */
function failureOf(error: Error & { code?: string; cause?: unknown }, sent: boolean): UpstreamFailure {
  const code = error.code ?? (error.cause as { code?: string } | undefined)?.code ?? ''
  const reason = describe(error, code)
  if (isUntrusted(code)) return { code: 'UPSTREAM_NOT_TRUSTED', reason, sent: false }
  if (timeouts.has(code)) return { code: 'UPSTREAM_TIMEOUT', reason, sent: true }
  if (!sent || unreachable.has(code)) return { code: 'UPSTREAM_UNREACHABLE', reason, sent: false }
  return { code: 'UPSTREAM_BROKEN', reason, sent }
}

function describe(error: Error, code: string): string {
  const errors = error instanceof AggregateError ? (error.errors as Error[]) : [error]
  // Advice for whoever runs Node is none for the reader.
  const text = errors.map((one) => one.message.replace(/; if the root CA.*$/, '')).join('; ')
  return code && !text.includes(code) ? `${code}: ${text}` : text
}

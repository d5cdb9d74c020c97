import http2 from 'node:http2'
import { type Connected, type Destination, failure, since, type Timings } from './connect.ts'
import { ReplayError } from './replay-error.ts'
import type { WireRequest } from './resolve.ts'
import { keptBytes, type WireResponse } from './send-http1.ts'

/** Fields of a connection, which HTTP/2 does not have (RFC 9113 §8.2.2), and Host, which is `:authority` there. */
const connectionFields = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'transfer-encoding',
  'upgrade',
  'host',
])

/** Header list of a request over HTTP/2: pseudo fields first, the rest in the order written. */
export function fieldsForHttp2(target: string, request: WireRequest, destination: Destination): string[] {
  const host = request.fields.find(([name]) => name.toLowerCase() === 'host')?.[1]
  const authority = host ?? `${destination.host}:${destination.port}`
  const list = [':method', request.method, ':scheme', destination.scheme, ':authority', authority, ':path', target]
  for (const [name, value] of request.fields) {
    const lower = name.toLowerCase()
    if (!connectionFields.has(lower)) list.push(lower, value)
  }
  return list
}

/** A session on a connection that is there already. Over plain HTTP the other side has to expect HTTP/2 at once. */
export function openSession(connected: Connected, destination: Destination): http2.ClientHttp2Session {
  const { scheme, host, port } = destination
  if (scheme === 'https' && connected.alpn !== 'h2') {
    connected.socket.destroy()
    throw new ReplayError(`${host}:${port} does not speak HTTP/2`, 'send it over HTTP/1.1')
  }
  return http2.connect(`${scheme}://${host.includes(':') ? `[${host}]` : host}:${port}`, {
    createConnection: () => connected.socket,
  })
}

/** Sends a request as the only stream of a session. Throws a ReplayError, or the signal's reason. */
export async function sendHttp2(
  connected: Connected,
  destination: Destination,
  target: string,
  request: WireRequest,
  timings: Timings,
  start: number,
  signal: AbortSignal,
): Promise<WireResponse> {
  const session = openSession(connected, destination)
  try {
    return await new Promise<WireResponse>((resolve, reject) => {
      const stop = () => reject(signal.reason as Error)
      if (signal.aborted) return stop()
      signal.addEventListener('abort', stop, { once: true })
      session.on('error', reject)
      const stream = session.request(fieldsForHttp2(target, request, destination) as never, {
        endStream: request.body === undefined,
      })
      stream.on('error', () => undefined)
      readStream(stream, () => (timings.firstByte ??= since(start))).then(resolve, reject)
      if (request.body) stream.end(request.body, () => (timings.sent = since(start)))
      else timings.sent = since(start)
    })
  } catch (error) {
    throw failure(error as NodeJS.ErrnoException, destination, signal)
  } finally {
    session.destroy()
  }
}

/** The response on a stream. Rejects with a ReplayError when the stream is reset before its head came. */
export function readStream(stream: http2.ClientHttp2Stream, onHead: () => void): Promise<WireResponse> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let length = 0
    let head: { status: number; rawHeaders: string[] } | undefined
    let rawTrailers: string[] = []
    let problem: string | undefined
    stream.on('response', (headers, _flags, raw: unknown) => {
      onHead()
      const rawHeaders = (raw as string[] | undefined) ?? []
      head = { status: Number(headers[':status'] ?? 0), rawHeaders: withoutPseudo(rawHeaders) }
    })
    stream.on('trailers', (_headers, _flags, raw: unknown) => {
      rawTrailers = (raw as string[] | undefined) ?? []
    })
    stream.on('data', (chunk: Buffer) => {
      if (length < keptBytes) chunks.push(chunk.subarray(0, keptBytes - length))
      length += chunk.byteLength
    })
    stream.on('error', (error) => {
      problem = error.message
    })
    stream.on('close', () => {
      if (!head) return reject(new ReplayError(`the stream was reset: ${problem ?? `code ${stream.rstCode}`}`))
      const reset = problem ?? (stream.rstCode ? `the stream was reset with code ${stream.rstCode}` : undefined)
      const body = Buffer.concat(chunks)
      const response = { ...head, reason: '', version: '2', rawTrailers, body, length }
      resolve(reset === undefined ? response : { ...response, problem: reset })
    })
  })
}

function withoutPseudo(raw: readonly string[]): string[] {
  const kept: string[] = []
  for (let at = 0; at + 1 < raw.length; at += 2) if (!raw[at]!.startsWith(':')) kept.push(raw[at]!, raw[at + 1]!)
  return kept
}

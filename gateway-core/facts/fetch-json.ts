import type { Dispatcher } from 'undici'

export interface FetchOptions {
  /** Carries the outbound proxy and the CAs of this workspace. */
  readonly dispatcher?: Dispatcher
  /** Milliseconds for the whole answer. */
  readonly timeoutMs: number
  readonly maxBytes: number
}

/** A JSON document from the world, or why there is none. `maxAgeMs` is what Cache-Control says (RFC 9111 §5.2.2). */
export type FetchedJson = { value: unknown; maxAgeMs: number | undefined } | { problem: string }

/** Gets a JSON document with every limit on: time, size, no redirect, status 200. The problem names the address, never content. */
export async function fetchJson(url: string, options: FetchOptions): Promise<FetchedJson> {
  // Loaded by the first that asks the world: a gateway that starts, or starts again after a crash, takes requests before.
  const { request } = await import('undici')
  const signal = AbortSignal.timeout(options.timeoutMs)
  try {
    const { statusCode, headers, body } = await request(url, {
      signal,
      dispatcher: options.dispatcher,
      headers: { accept: 'application/json, application/jwk-set+json' },
    })
    const refused = refusal(statusCode, headers['content-length'], options.maxBytes)
    if (refused !== undefined) {
      body.on('error', () => undefined).destroy()
      return { problem: `${url} ${refused}` }
    }
    const chunks: Buffer[] = []
    let length = 0
    for await (const chunk of body as AsyncIterable<Buffer>) {
      length += chunk.length
      if (length > options.maxBytes) return { problem: `${url} answered more than ${options.maxBytes} bytes` }
      chunks.push(chunk)
    }
    const value = parse(Buffer.concat(chunks).toString('utf8'))
    if (value === undefined) return { problem: `${url} did not answer JSON` }
    return { value, maxAgeMs: maxAge(headers['cache-control']) }
  } catch (error) {
    return { problem: `${url} ${describe(error, signal, options.timeoutMs)}` }
  }
}

function refusal(status: number, length: string | string[] | undefined, maxBytes: number): string | undefined {
  if (status >= 300 && status < 400) return `answered ${status}, a redirect, which is not followed`
  if (status !== 200) return `answered ${status}`
  return Number(length ?? 0) > maxBytes ? `answered more than ${maxBytes} bytes` : undefined
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function maxAge(field: string | string[] | undefined): number | undefined {
  const text = String(field ?? '').toLowerCase()
  if (/\bno-(store|cache)\b/.test(text)) return 0
  const seconds = /(?:^|[\s,])max-age="?(\d{1,10})/.exec(text)?.[1]
  return seconds === undefined ? undefined : Number(seconds) * 1000
}

function describe(error: unknown, signal: AbortSignal, timeoutMs: number): string {
  if (signal.aborted) return `did not answer within ${timeoutMs} ms`
  const { code, message } = error as { code?: string; message?: string }
  return `could not be reached (${code ?? message ?? 'unknown error'})`
}

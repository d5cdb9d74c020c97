import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http'
import type { Store } from './store.ts'

/** One request on its way through a handler. */
export interface Call {
  request: IncomingMessage
  response: ServerResponse
  /** The values of the `{…}` segments of the route, decoded. */
  params: Record<string, string>
  query: URLSearchParams
  store: Store
}

/** What a handler answers: JSON unless it is text or bytes. `undefined` means that the handler wrote the response itself. */
export interface Reply {
  status: number
  body?: unknown
  headers?: OutgoingHttpHeaders
}

/** Answers a call; a throw becomes a 500 that tells too much (see `server.ts`). */
export type Handler = (call: Call) => Reply | undefined | Promise<Reply | undefined>

/** A line of the route table: `GET /books/{id}` and who answers it. */
export type Routes = Record<string, Handler>

export const ok = (body: unknown, headers?: OutgoingHttpHeaders): Reply => ({ status: 200, body, headers })
export const created = (body: unknown): Reply => ({ status: 201, body })
export const problem = (status: number, error: string): Reply => ({ status, body: { error } })

/** Where the sample's carelessness ends, so that trying a weakness never takes the machine down: 64 MiB. */
export const memoryCeiling = 64 * 1024 * 1024

/** Reads the body as JSON, whatever its declared type, with no limit short of the ceiling. An empty body is `{}`. */
export async function readJson<T>(call: Call): Promise<T> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of call.request as AsyncIterable<Buffer>) {
    length += chunk.length
    if (length > memoryCeiling) throw new RangeError(`body grew past ${memoryCeiling} bytes`)
    chunks.push(chunk)
  }
  return JSON.parse(Buffer.concat(chunks).toString('utf8') || '{}') as T
}

/** A number from the query string, or the default when it is missing. */
export function numberFrom(query: URLSearchParams, name: string, fallback: number): number {
  const text = query.get(name)
  return text === null ? fallback : Number(text)
}

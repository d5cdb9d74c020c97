import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { type Call, created, numberFrom, ok, type Routes } from './call.ts'

const megabyte = 1024 * 1024
const longestInterval = 3_600_000
const chunk = Buffer.alloc(64 * 1024, 'All the books that were ever written. ')

/** Large and long-lived messages: health, downloads, uploads, server-sent events. */
export const transferRoutes: Routes = {
  'GET /health': ({ store }) => ok({ status: 'ok', books: store.books.size }),

  'GET /downloads/catalogue': async (call) => {
    const length = Math.trunc(Math.min(numberFrom(call.query, 'megabytes', 1), 10_240) * megabyte)
    const { response } = call
    const framing = call.query.get('chunked') === 'true' ? {} : { 'content-length': length }
    response.writeHead(200, { 'content-type': 'application/octet-stream', ...framing })
    if (call.request.method === 'HEAD') response.end()
    else await pipeline(Readable.from(pieces(length)), response).catch(() => response.destroy())
    return undefined
  },

  'POST /uploads': async ({ request }) => {
    const hash = createHash('sha256')
    let bytes = 0
    for await (const piece of request as AsyncIterable<Buffer>) {
      bytes += piece.length
      hash.update(piece)
    }
    const contentType = request.headers['content-type'] ?? null
    return created({ bytes, sha256: hash.digest('hex'), contentType, trailers: request.trailers })
  },

  'GET /events': (call) => {
    streamEvents(call)
    return undefined
  },
}

function* pieces(length: number): Generator<Buffer> {
  for (let left = length; left > 0; left -= chunk.length) yield left < chunk.length ? chunk.subarray(0, left) : chunk
}

/** Server-sent events: a tick each `interval` milliseconds, and the shop's news; ends after `count` ticks when asked. */
function streamEvents({ request, response, query, store }: Call): void {
  const interval = Math.min(Math.max(10, numberFrom(query, 'interval', 1000) || 1000), longestInterval)
  const count = numberFrom(query, 'count', Infinity)
  let id = Number(request.headers['last-event-id'] ?? 0) || 0
  let ticks = 0
  const send = (event: string, data: unknown) => {
    if (response.writableNeedDrain) return // a reader who does not keep up misses news instead of filling memory
    id += 1
    response.write(`id: ${id}\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\n`)
  }
  const tell = (news: { type: string }) => send(news.type, news)
  const end = () => {
    clearInterval(timer)
    store.news.off('news', tell)
  }
  const timer = setInterval(() => {
    ticks += 1
    send('tick', { ticks })
    if (ticks >= count) response.end()
  }, interval)
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' })
  response.write('retry: 1000\n\n')
  store.news.on('news', tell)
  response.on('close', end)
}

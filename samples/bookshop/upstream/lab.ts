import { setTimeout as wait } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import { type Call, numberFrom, ok, type Routes } from './call.ts'

const longestWait = 60_000

/** Endpoints to try a gateway with: what arrived, and answers of every awkward shape. */
export const labRoutes: Routes = {
  'GET /lab/echo': echo,
  'POST /lab/echo': echo,
  'PUT /lab/echo': echo,
  'PATCH /lab/echo': echo,
  'DELETE /lab/echo': echo,

  'GET /lab/slow': async ({ query, response }) => {
    const milliseconds = Math.min(numberFrom(query, 'ms', 1000) || 0, longestWait)
    const gone = new AbortController()
    response.once('close', () => gone.abort())
    await wait(milliseconds, undefined, { signal: gone.signal }).catch(() => undefined)
    return response.destroyed ? undefined : ok({ waitedMs: milliseconds })
  },

  'GET /lab/status/{code}': ({ params }) => {
    const status = Number(params['code'])
    const valid = Number.isInteger(status) && status >= 200 && status <= 599
    const bodiless = status === 204 || status === 205 || status === 304
    if (valid) return bodiless ? { status } : { status, body: { status } }
    return { status: 400, body: { error: 'write a status from 200 to 599' } }
  },

  'GET /lab/redirect': ({ request, query }) => {
    const location = query.get('to') ?? `http://${request.headers.host}/health`
    return { status: 302, headers: { location: location.replaceAll(/[^\x21-\x7e]/g, '') } }
  },

  'GET /lab/cookies': () =>
    ok({ set: 2 }, { 'set-cookie': ['shop=1; Path=/lab; HttpOnly', 'theme=dark; Path=/; SameSite=Lax'] }),

  'GET /lab/gzip': () =>
    ok(gzipSync(JSON.stringify({ compressed: true, cardNumber: '4111111111111111' })), {
      'content-type': 'application/json',
      'content-encoding': 'gzip',
    }),

  'GET /lab/trailers': ({ response }) => {
    response.writeHead(200, { 'content-type': 'text/plain', trailer: 'X-Checksum' })
    response.write('a body, then a trailer\n')
    response.addTrailers({ 'X-Checksum': 'c0ffee' })
    response.end()
    return undefined
  },

  // Promises a hundred bytes, sends a few and hangs up.
  'GET /lab/broken': ({ response }) => {
    response.writeHead(200, { 'content-type': 'text/plain', 'content-length': 100 })
    response.write('half a sent', () => response.destroy())
    return undefined
  },
}

async function echo({ request }: Call) {
  const chunks: Buffer[] = []
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk)
  const { method, url, httpVersion, rawHeaders, rawTrailers } = request
  return ok({ method, url, httpVersion, rawHeaders, rawTrailers, body: Buffer.concat(chunks).toString('utf8') })
}

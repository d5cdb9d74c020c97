import http2 from 'node:http2'
import { afterEach, describe, expect, it } from 'vitest'
import { testUpstream, type TestUpstream, type TestGateway, testGateway } from '../gateway-fixture.ts'
import { Interceptor } from '../../gateway-core/intercept/interceptor.ts'
import { field } from './held-gateway.ts'

let gateway: TestGateway
let upstream: TestUpstream
let session: http2.ClientHttp2Session
const interceptor = new Interceptor()
afterEach(async () => {
  session.destroy()
  await gateway.close()
  await upstream.close()
})

async function connect() {
  upstream = await testUpstream()
  const yaml = `listen: { https: "127.0.0.1:0" }\nupstreams: { web: ${upstream.url} }\napis: [{ name: web, upstream: web }]\n`
  gateway = await testGateway(yaml, {}, {}, interceptor.slot)
  session = http2.connect(gateway.url, { rejectUnauthorized: false })
  session.on('error', () => undefined)
}

const held = async () => {
  await expect.poll(() => interceptor.held.length).toBe(1)
  return interceptor.held[0]!
}

/** Status and body; the error code where the stream was reset. */
function ask(path: string, body?: string): Promise<{ status: number; text: string } | number> {
  return new Promise((resolve) => {
    const stream = session.request({ ':method': body ? 'POST' : 'GET', ':path': path, 'x-one': '1' })
    let status = 0
    let text = ''
    stream.on('response', (headers) => (status = Number(headers[':status'])))
    stream.on('data', (chunk: Buffer) => (text += chunk.toString()))
    stream.on('error', () => undefined)
    stream.on('close', () => resolve(status === 0 ? stream.rstCode : { status, text }))
    stream.end(body)
  })
}

describe('over HTTP/2', () => {
  it('requests and responses are held and edited alike', async () => {
    await connect()
    const { id } = interceptor.addBreakpoint({ query: '', on: 'both', enabled: true, once: false, limitMs: 60_000 })
    const answer = ask('/before', 'body')
    const request = await held()
    const { headers } = request.message.draft
    expect(field(headers, 'host')).toMatch(/^127\.0\.0\.1:\d+$/)
    const body = { bytes: Buffer.from('another body'), coded: false }
    request.end({ kind: 'edited', message: { start: { method: 'PUT', target: '/after' }, headers, body } })
    await expect.poll(() => interceptor.held[0]?.side).toBe('response')
    const [response] = interceptor.held
    const start = { status: 203, reason: '' }
    response!.end({
      kind: 'edited',
      message: {
        start,
        headers: response!.message.draft.headers,
        body: { bytes: Buffer.from('edited'), coded: false },
      },
    })
    expect(await answer).toEqual({ status: 203, text: 'edited' })
    expect(upstream.seen[0]).toMatchObject({ method: 'PUT', url: '/after', body: Buffer.from('another body') })
    const dropped = ask('/drop')
    ;(await held()).end({ kind: 'dropped' })
    expect(await dropped).toBeGreaterThan(0)
    interceptor.removeBreakpoint(id)
    expect(await ask('/free')).toMatchObject({ status: 200 })
  })
})

import { once } from 'node:events'
import http from 'node:http'
import net from 'node:net'
import { afterEach } from 'vitest'
import { type TestGateway, type TestUpstream, testGateway, testUpstream } from '../gateway-fixture.ts'

/** What a test opened; closed after it, last first. */
export const open: { close(): Promise<unknown> }[] = []
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close()
})

export async function gateway(yaml: string, upstream?: TestUpstream): Promise<TestGateway> {
  const started = await testGateway(upstream ? yaml.replaceAll('UPSTREAM', upstream.url) : yaml)
  open.push(started)
  return started
}

export async function upstream(handler?: http.RequestListener): Promise<TestUpstream> {
  const started = await testUpstream(handler)
  open.push(started)
  return started
}

export const plain = `
upstreams: { up: UPSTREAM }
apis:
  - name: test
    routes:
      - { path: "/*", upstream: up }
`

/** One request with node:http, so that nothing is added or hidden. */
export async function ask(url: string, options: http.RequestOptions & { body?: string | Buffer } = {}) {
  const { body, ...rest } = options
  const request = http.request(url, { agent: false, ...rest })
  request.end(body)
  const [response] = (await once(request, 'response')) as [http.IncomingMessage]
  const chunks: Buffer[] = []
  for await (const chunk of response) chunks.push(chunk as Buffer)
  return {
    status: response.statusCode,
    headers: response.headers,
    raw: response.rawHeaders,
    body: Buffer.concat(chunks),
    trailers: response.trailers,
  }
}

/** Raw bytes out, everything that came back until the other side closed. */
export async function raw(url: string, bytes: string): Promise<string> {
  const { hostname, port } = new URL(url)
  const socket = net.connect(Number(port), hostname)
  socket.end(bytes)
  let text = ''
  for await (const chunk of socket) text += String(chunk)
  return text
}

import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import https from 'node:https'
import http2 from 'node:http2'
import { afterEach, describe, expect, test } from 'vitest'
import { caPem, caPath, clientLeafFor, ensureLocalCa, leafFor } from '../../gateway-core/proxy/local-ca.ts'
import { type TestGateway, type TestUpstream, testGateway, testUpstream, workspaceFolder } from '../gateway-fixture.ts'

const open: { close(): unknown }[] = []
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close()
})

const yaml = (upstream: string, more = '') => `
listen: { https: { address: "127.0.0.1:0"${more} } }
upstreams: { up: ${upstream} }
apis:
  - name: test
    routes:
      - { path: "/*", upstream: up }
`

async function start(more = ''): Promise<{ gate: TestGateway; up: TestUpstream; origin: string; ca: string }> {
  const up = await testUpstream()
  open.push(up)
  const gate = await testGateway(yaml(up.url, more))
  open.push(gate)
  return { gate, up, origin: gate.gateway.addresses.https!.url, ca: readFileSync(caPath(gate.folder), 'utf8') }
}

async function http2Request(origin: string, ca: string, headers: http2.OutgoingHttpHeaders, body?: Buffer) {
  const session = http2.connect(origin, { ca })
  open.push({ close: () => session.destroy() })
  const stream = session.request(headers)
  stream.end(body)
  const [response] = (await once(stream, 'response')) as [http2.IncomingHttpHeaders]
  let trailers: http2.IncomingHttpHeaders = {}
  stream.on('trailers', (received) => (trailers = received))
  const text = Buffer.concat(await stream.toArray()).toString()
  return { status: response[':status'], headers: response, text, trailers }
}

describe('HTTPS with the local CA', () => {
  test('HTTP/1.1 by ALPN', async () => {
    const { gate, origin, ca } = await start()
    const recorded = gate.next()
    const request = https.get(`${origin}/books`, { ca, agent: false })
    const [response] = await once(request, 'response')
    response.resume()
    expect(response.statusCode).toBe(200)
    expect((await recorded)[0]).toMatchObject({ listener: 'https', request: { scheme: 'https', httpVersion: '1.1' } })
  })

  test('HTTP/2 by ALPN, forwarded as HTTP/1.1 with lower-case fields', async () => {
    const { gate, up, origin, ca } = await start()
    const recorded = gate.next()
    const body = Buffer.alloc(100_000, 'x')
    const answer = await http2Request(origin, ca, { ':method': 'POST', ':path': '/books?x=1', 'x-custom': 'a' }, body)
    expect([answer.status, answer.text]).toEqual([200, '{"ok":true}'])
    expect(answer.headers['via']).toBe('1.1 gatehouse')
    expect(up.seen[0]).toMatchObject({ method: 'POST', url: '/books?x=1' })
    expect(up.seen[0]!.body.equals(body)).toBe(true)
    expect(up.seen[0]!.headers).toEqual(
      expect.arrayContaining(['x-custom', 'a', 'Via', '2 gatehouse', 'X-Forwarded-Proto', 'https']),
    )
    expect((await recorded)[0]).toMatchObject({ request: { httpVersion: '2', authority: new URL(origin).host } })
  })

  test('many streams of one connection are judged apart', async () => {
    const { gate, origin, ca } = await start()
    const session = http2.connect(origin, { ca })
    open.push({ close: () => session.destroy() })
    const statuses = await Promise.all(
      Array.from({ length: 40 }, async (_, at) => {
        const stream = session.request({ ':path': at % 2 === 0 ? `/books/${at}` : `/books/%2e%2e%2f${at}` })
        const [response] = (await once(stream, 'response')) as [http2.IncomingHttpHeaders]
        stream.resume()
        return Number(response[':status'])
      }),
    )
    expect(statuses.filter((status) => status === 200)).toHaveLength(20)
    expect(statuses.filter((status) => status === 400)).toHaveLength(20)
    expect(gate.records).toHaveLength(40)
  })

  test('an HTTP/2 client that resets its stream ends the call to the upstream', async () => {
    const up = await testUpstream(() => undefined)
    open.push(up)
    const gate = await testGateway(yaml(up.url))
    open.push(gate)
    const session = http2.connect(gate.gateway.addresses.https!.url, { ca: readFileSync(caPath(gate.folder), 'utf8') })
    open.push({ close: () => session.destroy() })
    const arrived = once(up.server, 'request')
    const stream = session.request({ ':path': '/hang' })
    stream.on('error', () => undefined)
    const [incoming] = await arrived
    incoming.on('error', () => undefined)
    const closed = new Promise((resolve) => incoming.on('close', resolve))
    const recorded = gate.next()
    stream.close(http2.constants.NGHTTP2_CANCEL)
    await closed
    expect((await recorded)[0]).toMatchObject({ verdict: 'aborted' })
  })
})

test('a client certificate stands in the record as its DER chain', async () => {
  const { gate, origin, ca } = await start(', clientCertificates: optional')
  const leaf = await clientLeafFor(await ensureLocalCa(gate.folder), 'anna')
  const recorded = gate.next()
  const request = https.get(`${origin}/x`, { ca, cert: leaf.certificate, key: leaf.key, agent: false })
  const [response] = await once(request, 'response')
  response.resume()
  expect((await recorded)[0]!.peer.certificates?.[0]?.length).toBeGreaterThan(200)
})

describe('HTTPS to the upstream', () => {
  test.each([
    ['verified by its own CA', '{ ca: ca.pem }', 200],
    ['an unknown CA is refused', '{}', 502],
    ['unless verification is off', '{ verify: false }', 200],
  ])('%s', async (_, tls, status) => {
    const place = workspaceFolder({})
    open.push({ close: place.remove })
    const ca = await ensureLocalCa(place.folder)
    const leaf = await leafFor(ca, ['localhost'])
    const up = await testUpstream(undefined, https.createServer({ cert: leaf.certificate, key: leaf.key }) as never)
    open.push(up)
    const text = `
upstreams: { up: { targets: [{ url: "https://localhost:${up.port}" }], tls: ${tls} } }
apis:
  - name: test
    routes:
      - { path: "/*", upstream: up }
`
    const gate = await testGateway(text, { 'ca.pem': caPem(ca) })
    open.push(gate)
    const response = await fetch(`${gate.url}/x`)
    expect(response.status).toBe(status)
  })
})

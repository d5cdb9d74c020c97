import { once } from 'node:events'
import http from 'node:http'
import { expect, test } from 'vitest'
import { mayTrail } from '../../gateway-core/proxy/trailer-fields.ts'
import { ask, gateway, plain, upstream } from './asking.ts'

test('what a policy would have judged does not come behind the body', async () => {
  const seen: Record<string, string | undefined> = {}
  const server = await upstream((request, response) => {
    request.resume().on('end', () => {
      Object.assign(seen, request.trailers)
      response.end()
    })
  })
  const { url } = await gateway(plain, server)
  const trailers = ['X-Digest', 'Authorization', 'Cookie', 'X-Forwarded-For', 'X_Forwarded_For', 'Host', 'Content-Type']
  const request = http.request(`${url}/a`, { method: 'POST', headers: { Trailer: 'X-Digest' }, agent: false })
  request.write('a')
  request.addTrailers(trailers.map((name) => [name, 'v'] as [string, string]))
  request.end()
  const [response] = (await once(request, 'response')) as [http.IncomingMessage]
  response.resume()
  expect(response.statusCode).toBe(200)
  expect(seen).toEqual({ 'x-digest': 'v' })
})

test('nor does an upstream’s answer bring there what policies of the response would have judged', async () => {
  const server = await upstream((_request, response) => {
    response.writeHead(200, { Trailer: 'Server-Timing' })
    response.write('a')
    response.addTrailers({ 'Server-Timing': 'db;dur=1', 'Set-Cookie': 'a=b', 'Content-Type': 'text/html' })
    response.end()
  })
  const { url } = await gateway(plain, server)
  const answer = await ask(`${url}/a`)
  expect(answer.body.toString()).toBe('a')
  expect(answer.trailers).toEqual({ 'server-timing': 'db;dur=1' })
})

test.each<[string, boolean]>([
  ['Server-Timing', true],
  ['Content-Digest', true],
  ['grpc-status', true],
  ['content-encoding', false],
  ['If-Match', false],
  ['RANGE', false],
  ['x_real_ip', false],
  ['Sec-WebSocket-Key', false],
  ['X-HTTP-Method-Override', false],
])('%s may trail: %s', (name, may) => {
  expect(mayTrail(name)).toBe(may)
})

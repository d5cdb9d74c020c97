import http from 'node:http'
import { afterEach, expect, it } from 'vitest'
import { Interceptor } from '../../gateway-core/intercept/interceptor.ts'
import { type TestGateway, testGateway, type TestUpstream, testUpstream } from '../gateway-fixture.ts'

let gateway: TestGateway
let upstream: TestUpstream
const interceptor = new Interceptor()
afterEach(async () => {
  interceptor.release('the test is over')
  for (const { id } of interceptor.breakpoints.slice()) interceptor.removeBreakpoint(id)
  await gateway.close()
  await upstream.close()
})

const open = async (yaml = '') => {
  upstream = await testUpstream()
  const listen = 'listen: { http: "127.0.0.1:0", proxy: "127.0.0.1:0" }\n'
  gateway = await testGateway(`${listen}${yaml.replaceAll('UPSTREAM', upstream.url)}`, {}, {}, interceptor.slot)
  interceptor.takeRules(gateway.gateway.workspace)
}

/** Status of an answer through the forward proxy. */
const ask = (path: string) =>
  new Promise<number>((resolve, reject) => {
    const { hostname: host, port } = new URL(gateway.gateway.addresses.proxy!.url)
    const headers = { Host: new URL(upstream.url).host }
    http
      .get({ host, port, path: `${upstream.url}${path}`, headers, agent: false }, (response) => {
        response.resume()
        response.on('end', () => resolve(response.statusCode!))
      })
      .on('error', reject)
  })

const hold = (query: string) =>
  interceptor.addBreakpoint({ query, on: 'request', enabled: true, once: true, limitMs: 10_000 })

it("one's own traffic is held at the forward proxy like any other", async () => {
  await open()
  hold('path:/before')
  const answer = ask('/before')
  await expect.poll(() => interceptor.held.length).toBe(1)
  const [held] = interceptor.held
  const { headers, start } = held!.message.draft
  const target = (start as { target: string }).target.replace('/before', '/after')
  held!.end({ kind: 'edited', message: { start: { method: 'GET', target }, headers } })
  expect(await answer).toBe(200)
  expect(upstream.seen.map(({ url }) => url)).toEqual(['/after'])
})

// Package registries and the like send what a gateway has to refuse: it passes when nobody touches it.
const paths = ['/@scope%2fname', '/x%00y', '/back%5cslash'] as const

it.each(paths)('goes on as it was written, edited or touched by a rule: %s', async (path) => {
  await open('rules: [{ name: mark, rewrite: { request: { setHeaders: { X-Mark: "1" } } } }]\n')
  expect(await ask(path)).toBe(200)
  hold('')
  const answer = ask(path)
  await expect.poll(() => interceptor.held.length).toBe(1)
  const [held] = interceptor.held
  const { headers, start } = held!.message.draft
  held!.end({ kind: 'edited', message: { start, headers: [...headers, 'X-Edited', '1'] } })
  expect(await answer).toBe(200)
  expect(upstream.seen.map(({ url }) => url)).toEqual([path, path])
  expect(upstream.seen[1]!.headers).toEqual(expect.arrayContaining(['X-Mark', 'X-Edited']))
})

it.each(paths)('to a host that routes name is judged as strictly as ever: %s', async (path) => {
  const host = 'apis: [{ name: web, upstream: web, host: 127.0.0.1 }]\nupstreams: { web: UPSTREAM }\n'
  await open(`${host}rules: [{ name: mark, rewrite: { request: { replace: [{ in: url, text: "_", with: "%" }] } } }]\n`)
  expect(await ask(path.replace('%', '_'))).toBe(400)
  expect(upstream.seen).toEqual([])
})

import http from 'node:http'
import { afterEach, expect, it } from 'vitest'
import { Interceptor } from '../../gateway-core/intercept/interceptor.ts'
import { type TestGateway, testGateway, type TestUpstream, testUpstream } from '../gateway-fixture.ts'

let gateway: TestGateway
let upstream: TestUpstream
const interceptor = new Interceptor()
afterEach(async () => {
  interceptor.release('the test is over')
  await gateway.close()
  await upstream.close()
})

it("one's own traffic is held at the forward proxy like any other", async () => {
  upstream = await testUpstream()
  gateway = await testGateway('listen: { http: "127.0.0.1:0", proxy: "127.0.0.1:0" }\n', {}, {}, interceptor.slot)
  const proxy = new URL(gateway.gateway.addresses.proxy!.url)
  interceptor.addBreakpoint({ query: 'path:/before', on: 'request', enabled: true, once: false, limitMs: 10_000 })
  const answer = new Promise<number>((resolve, reject) => {
    http
      .get(
        {
          host: proxy.hostname,
          port: proxy.port,
          path: `${upstream.url}/before`,
          headers: { Host: new URL(upstream.url).host },
          agent: false,
        },
        (response) => {
          response.resume()
          response.on('end', () => resolve(response.statusCode!))
        },
      )
      .on('error', reject)
  })
  await expect.poll(() => interceptor.held.length).toBe(1)
  const [held] = interceptor.held
  const { headers, start } = held!.message.draft
  const target = (start as { target: string }).target.replace('/before', '/after')
  held!.end({ kind: 'edited', message: { start: { method: 'GET', target }, headers } })
  expect(await answer).toBe(200)
  expect(upstream.seen.map(({ url }) => url)).toEqual(['/after'])
})

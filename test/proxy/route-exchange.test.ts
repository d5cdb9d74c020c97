import { afterAll, expect, test } from 'vitest'
import { HeaderList } from '../../gateway-core/headers.ts'
import { JudgedExchange } from '../../gateway-core/pipeline/judged-exchange.ts'
import { routeExchange } from '../../gateway-core/proxy/route-exchange.ts'
import { Router } from '../../gateway-core/proxy/router.ts'
import { loaded, workspaceFolder } from '../gateway-fixture.ts'

const place = workspaceFolder({
  'gatehouse.yaml': `gatehouse: 1
upstreams: { app: "http://127.0.0.1:9" }
apis:
  - name: app
    upstream: app
    policies:
      - jwt-auth: { issuer: "http://127.0.0.1:9", audience: app, algorithms: [RS256], forward: { X-User-Name: sub } }
`,
})
afterAll(() => place.remove())

test('a client cannot say in a policy’s name what only the policy says, in no spelling of it', async () => {
  const workspace = await loaded(place.folder)
  const fields = ['X-User-Name', 'x_user_name', 'X-User_Name', 'X-Username', 'X_Other'].flatMap((name) => [name, 'eve'])
  const request = {
    method: 'GET',
    scheme: 'http' as const,
    authority: 'a',
    target: '/',
    path: '/',
    query: '',
    headers: new HeaderList(fields),
    hasBody: false,
    httpVersion: '1.1',
  }
  const exchange = new JudgedExchange('id', 0, { address: '127.0.0.1', port: 1 }, request)
  routeExchange(workspace, new Router(workspace.routes), exchange)
  expect(exchange.request.headers.raw).toEqual(['X-Username', 'eve', 'X_Other', 'eve'])
})

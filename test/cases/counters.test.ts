import { request as send } from 'undici'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { openCaptures } from '../../gateway-core/capture/store.ts'
import { exportCase } from '../../gateway-core/cases/export-case.ts'
import { openCase } from '../../gateway-core/cases/open-case.ts'
import { loadWorkspaceKey } from '../../gateway-core/config/workspace-key.ts'
import { openGateway } from '../../gateway-core/workbench/open-gateway.ts'
import { loaded, testUpstream, type TestUpstream, workspaceFolder } from '../gateway-fixture.ts'

let upstream: TestUpstream
let place: ReturnType<typeof workspaceFolder>
beforeAll(async () => {
  upstream = await testUpstream((request, response) => {
    // Answers of /slow come together: what asks meanwhile counts before they end.
    request.resume()
    setTimeout(() => response.end('ok'), request.url === '/slow' ? 150 : 0)
  })
  place = workspaceFolder({
    'gatehouse.yaml': `gatehouse: 1
listen: { http: "127.0.0.1:0" }
upstreams: { up: "${upstream.url}" }
policies:
  - real-ip: { trusted: [127.0.0.0/8] }
apis:
  - name: shop
    upstream: up
    routes:
      - path: /quota
        policies:
          - quota: { limit: 5, period: month, by: ip }
      - path: /limit
        policies:
          - rate-limiting: { limit: 4, window: 1h, by: ip, algorithm: fixed-window }
      - path: /slow
        policies:
          - rate-limiting: { name: slow, limit: 4, window: 1h, by: ip, algorithm: fixed-window }
`,
  })
})
afterAll(async () => {
  place.remove()
  await upstream.close()
})

async function asked(capture: boolean, paths: readonly string[], together = false): Promise<number[]> {
  const workspace = await loaded(place.folder, {})
  const opened = await openGateway({ workspace, env: {}, capture, onTrouble: () => undefined })
  const ask = async (path: string) => {
    const answer = await send(opened.gateway.addresses.http!.url + path, { headers: { 'X-Forwarded-For': '10.1.0.1' } })
    await answer.body.dump()
    return answer.statusCode
  }
  try {
    if (together) return await Promise.all(paths.map(ask))
    const statuses: number[] = []
    for (const path of paths) statuses.push(await ask(path))
    return statuses
  } finally {
    await opened.close(1000)
  }
}

/** Cases of what matches, oldest first: how each was decided, and what had to be taken from the record. */
async function casesOf(query: string) {
  const key = await loadWorkspaceKey(place.folder, {})
  const captures = openCaptures(place.folder, key)
  try {
    const found = []
    for (const { id } of captures.list({ query, order: 'oldest' })) {
      const { text } = await exportCase(id, { folder: place.folder, captures, key, env: {} })
      const { case: read, judged, difference } = await openCase(text)
      found.push({ status: read.record.status, state: read.state.length, taken: judged!.taken, difference })
    }
    return found
  } finally {
    captures.close()
  }
}

const sound = { state: 1, taken: [], difference: null }

it('a quota that was counted long before the capture began is in the case', async () => {
  expect(await asked(false, ['/quota', '/quota', '/quota'])).toEqual([200, 200, 200])
  expect(await asked(true, ['/quota', '/quota', '/quota', '/quota'])).toEqual([200, 200, 429, 429])
  expect(await casesOf('path:/quota')).toEqual([
    { status: 200, ...sound },
    { status: 200, ...sound },
    { status: 429, ...sound },
    { status: 429, ...sound },
  ])
})

it('a limiter that began anew with its gateway is in the case as it was', async () => {
  const five = ['/limit', '/limit', '/limit', '/limit', '/limit']
  const statuses = [200, 200, 200, 200, 429]
  expect(await asked(true, five)).toEqual(statuses)
  expect(await asked(true, five)).toEqual(statuses)
  expect(await casesOf('path:/limit')).toEqual([...statuses, ...statuses].map((status) => ({ status, ...sound })))
})

it('what counted between its steps is in the case, though it ended later', async () => {
  const statuses = await asked(
    true,
    Array.from({ length: 8 }, () => '/slow'),
    true,
  )
  expect(statuses.filter((status) => status === 429)).toHaveLength(4)
  const cases = await casesOf('path:/slow')
  expect(cases.map(({ status }) => status).toSorted((one, other) => one - other)).toEqual([
    200, 200, 200, 200, 429, 429, 429, 429,
  ])
  for (const one of cases) expect(one).toMatchObject(sound)
})

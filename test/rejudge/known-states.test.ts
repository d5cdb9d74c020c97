import { readFileSync } from 'node:fs'
import { openFile } from '../../gateway-core/capture/database.ts'
import { request as send } from 'undici'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { savable } from '../../gateway-core/capture/saved-states.ts'
import { captureFile } from '../../gateway-core/capture/schema.ts'
import { loadWorkspaceKey } from '../../gateway-core/config/workspace-key.ts'
import { Past } from '../../gateway-core/rejudge/past.ts'
import { version } from '../../gateway-core/version.ts'
import { openGateway } from '../../gateway-core/workbench/open-gateway.ts'
import { loaded, testUpstream, workspaceFolder } from '../gateway-fixture.ts'

// Counters that were used before the first exchange that is left.
let upstream: Awaited<ReturnType<typeof testUpstream>>
const folders: { remove(): void }[] = []
beforeAll(async () => {
  upstream = await testUpstream()
})
afterEach(() => {
  for (const folder of folders.splice(0)) folder.remove()
})
afterAll(() => upstream.close())

const yaml = (more = '', limit = 4) => `gatehouse: 1
listen: { http: "127.0.0.1:0" }
upstreams: { up: ${upstream.url} }
${more}
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
          - rate-limiting: { limit: ${limit}, window: 1h, by: ip, algorithm: fixed-window }
`

function folderOf(text: string) {
  const place = workspaceFolder({ 'gatehouse.yaml': text })
  folders.push(place)
  return place
}

interface Opened {
  ask(path: string, times: number): Promise<number[]>
  reload(): Promise<unknown>
  flush(): Promise<void>
}

async function withGateway(folder: string, capture: boolean, use: (opened: Opened) => Promise<void>): Promise<void> {
  const workspace = await loaded(folder, {})
  const troubles: string[] = []
  const opened = await openGateway({ workspace, env: {}, capture, onTrouble: (trouble) => troubles.push(trouble) })
  const { url } = opened.gateway.addresses.http!
  try {
    await use({
      ask: async (path, times) => {
        const statuses: number[] = []
        for (let at = 0; at < times; at++) {
          const answer = await send(url + path, { headers: { 'X-Forwarded-For': '10.1.0.1' } })
          await answer.body.dump()
          statuses.push(answer.statusCode)
        }
        return statuses
      },
      reload: () => opened.reload(workspace),
      flush: () => opened.flush(),
    })
  } finally {
    await opened.close(100)
  }
  expect(troubles).toEqual([])
}

async function judged(folder: string, candidate: Record<string, string> = {}) {
  const key = await loadWorkspaceKey(folder, {})
  const past = new Past({ folder, key, env: {}, engineVersion: version })
  try {
    return await past.judge({ candidate, reuse: false })
  } finally {
    past.close()
  }
}

/** How many are denied by the files as they are: so many are allowed when the routes have no policies. */
async function denials(folder: string): Promise<number> {
  const key = await loadWorkspaceKey(folder, {})
  const past = new Past({ folder, key, env: {}, engineVersion: version })
  try {
    const open = readFileSync(`${folder}/gatehouse.yaml`, 'utf8').replaceAll(/ {8}policies:\n {10}- .*\n/g, '')
    const { newlyAllowed } = await past.judge({ candidate: { 'gatehouse.yaml': open }, reuse: false })
    return newlyAllowed
  } finally {
    past.close()
  }
}

function forgetStates(folder: string): void {
  const db = openFile(captureFile(folder))
  db.exec('DELETE FROM states')
  db.close()
}

const ok = (times: number) => Array.from({ length: times }, () => 200)
const denied = (times: number) => Array.from({ length: times }, () => 429)

test('a quota that was half used when the capture began is judged with what was used', async () => {
  const { folder } = folderOf(yaml())
  await withGateway(folder, false, async ({ ask }) => {
    expect(await ask('/quota', 3)).toEqual(ok(3))
  })
  await withGateway(folder, true, async ({ ask }) => {
    expect(await ask('/quota', 6)).toEqual([...ok(2), ...denied(4)])
  })
  expect(await judged(folder)).toMatchObject({ exchanges: 6, same: 6, warming: 0 })
  expect(await denials(folder)).toBe(4)
  forgetStates(folder)
  // Without them the quota begins empty, and says so.
  expect(await denials(folder)).toBe(1)
  expect((await judged(folder)).warming).toBe(6)
})

test('a limiter that a restart emptied is empty when it is judged again; a quota is not', async () => {
  const { folder } = folderOf(yaml())
  await withGateway(folder, true, async ({ ask }) => {
    expect(await ask('/limit', 6)).toEqual([...ok(4), ...denied(2)])
    expect(await ask('/quota', 3)).toEqual(ok(3))
  })
  await withGateway(folder, true, async ({ ask }) => {
    expect(await ask('/limit', 6)).toEqual([...ok(4), ...denied(2)])
    expect(await ask('/quota', 3)).toEqual([...ok(2), ...denied(1)])
  })
  expect(await judged(folder)).toMatchObject({ exchanges: 18, same: 18, warming: 0 })
  expect(await denials(folder)).toBe(5)
})

test('a limit that an edit changes begins empty', async () => {
  const { folder } = folderOf(yaml())
  await withGateway(folder, true, async ({ ask }) => {
    await ask('/limit', 6)
  })
  const report = await judged(folder, { 'gatehouse.yaml': yaml('', 3) })
  expect(report).toMatchObject({ newlyDenied: 1, same: 5, warming: 6 })
})

test('what retention dropped is in the state that stays', async () => {
  const { folder } = folderOf(yaml('capture: { maxExchanges: 20 }', 25))
  await withGateway(folder, true, async ({ ask, reload, flush }) => {
    expect(await ask('/limit', 23)).toEqual(ok(23))
    await reload()
    await flush()
    expect(await ask('/limit', 12)).toEqual([...ok(2), ...denied(10)])
    await flush()
    expect(await ask('/limit', 1)).toEqual(denied(1))
  })
  const { exchanges, same, warming } = await judged(folder)
  expect(exchanges).toBeLessThan(23)
  expect(same).toBe(exchanges)
  // Those that were recorded before the state that nothing is missing in.
  expect(warming).toBe(Math.max(0, exchanges - 13))
  expect(await denials(folder)).toBe(11)
})

test('a state is sealed, and remembered texts are not kept at all', async () => {
  const { folder } = folderOf(yaml())
  await withGateway(folder, true, async ({ ask, reload }) => {
    await ask('/quota', 1)
    await reload()
  })
  const db = openFile(captureFile(folder))
  const rows = db.prepare('SELECT value FROM states').all() as { value: ArrayBuffer }[]
  db.close()
  expect(rows).toHaveLength(2)
  for (const { value } of rows) expect(Buffer.from(value).toString('latin1')).not.toMatch(/10\.1\.0\.1|covers|quota/)
  const [one, other] = [
    { stateId: 'a', key: 'k', value: [9, 's', 'a session'] },
    { stateId: 'b', key: 'k', value: [9, 'n', 1] },
  ]
  const state = { place: 1, time: 1, start: false, covers: ['a', 'b', 'c'], entries: [one, other] }
  expect(savable(state)).toEqual({ ...state, covers: ['b', 'c'], entries: [other] })
})

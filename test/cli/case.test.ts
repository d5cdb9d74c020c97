import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest'
import { testUpstream, type TestUpstream } from '../gateway-fixture.ts'
import { cli, folderWith, killServing, serving } from './cli.ts'

// Each command is a process of its own.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 })

let upstream: TestUpstream
let place: ReturnType<typeof folderWith>
let id: string

beforeAll(async () => {
  upstream = await testUpstream((_request, response) => response.end('ok'))
  place = folderWith({
    'gatehouse.yaml': `gatehouse: 1
upstreams: { a: "${upstream.url}" }
consumers: [{ name: app, groups: [reader], keys: ["\${env:KEY}"] }]
apis: [{ name: a, upstream: a, policies: [key-auth, { rate-limiting: { limit: 1, window: 1m } }] }]
`,
  })
  const served = await serving([place.folder, '--port', '0'], { env: { KEY: 'key-of-the-app' } })
  for (let time = 0; time < 2; time++)
    await (await fetch(`${served.url}/x`, { headers: { 'X-API-Key': 'key-of-the-app' } })).text()
  await served.stop()
  const { stdout } = await cli(['capture', 'list', '-w', place.folder, 'status:429', '--json'])
  id = (JSON.parse(stdout) as { exchanges: { id: string }[] }).exchanges[0]!.id
}, 30_000)
afterEach(killServing)
afterAll(async () => {
  place.remove()
  await upstream.close()
})

it('writes one exchange to a file and shows the same trace from it, limits included', async () => {
  const written = await cli(['case', 'export', place.folder, id], { cwd: place.folder, env: { KEY: 'key-of-the-app' } })
  expect(written).toMatchObject({ code: 0, stdout: `● ${id}.gatehouse-case.json: send it on; it holds no secret\n` })
  const file = join(place.folder, `${id}.gatehouse-case.json`)
  expect(readFileSync(file, 'utf8')).not.toContain('key-of-the-app')
  const opened = await cli(['case', 'open', file])
  expect(opened.code).toBe(0)
  expect(opened.stdout).toMatch(
    /rate-limiting +request headers +denied LIMIT_REACHED[^]*● judged again: the same trace\n$/,
  )
  const json = JSON.parse((await cli(['case', 'open', file, '--json'])).stdout) as {
    difference: unknown
    judged: unknown[]
    trace: unknown[]
  }
  expect(json.difference).toBeNull()
  expect(json.judged).toHaveLength(json.trace.length)
})

it('says what is wrong with a file that is no case, and with an exchange that is not there', async () => {
  writeFileSync(join(place.folder, 'odd.json'), '{"gatehouseCase":7}')
  expect(await cli(['case', 'open', 'odd.json'], { cwd: place.folder })).toMatchObject({
    code: 2,
    stderr: 'gatehouse: the case has format 7; format 1 is understood — open it with a newer version of this program\n',
  })
  expect(await cli(['case', 'open', 'none.json'], { cwd: place.folder })).toMatchObject({ code: 2 })
  expect((await cli(['case', 'export', place.folder, 'nobody'])).stderr).toMatch(
    /there is no exchange nobody — see: gatehouse capture list/,
  )
  expect((await cli(['case', 'opn', 'x'])).stderr).toMatch(/there is no action "opn"/)
})

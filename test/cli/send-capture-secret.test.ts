import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { type TestUpstream, testUpstream } from '../gateway-fixture.ts'
import { cli, folderWith, killServing, serving } from './cli.ts'

let upstream: TestUpstream
let place: ReturnType<typeof folderWith>
beforeAll(async () => {
  upstream = await testUpstream()
  place = folderWith({
    'gatehouse.yaml': `gatehouse: 1
listen: { http: "127.0.0.1:0" }
upstreams: { app: "${upstream.url}/base" }
consumers: [{ name: app, keys: ["\${secret:app-key}"] }]
apis:
  - name: shop
    upstream: app
    policies:
      - key-auth
    routes:
      - { path: "/books/{id}", rewrite: "/v2/{id}" }
`,
  })
})
afterAll(async () => {
  await upstream.close()
  place.remove()
})
afterEach(() => killServing())

const here = (...args: string[]) => cli([...args], { cwd: place.folder })

describe('secret, send and capture', { timeout: 60_000 }, () => {
  test('secret: set from stdin, list, show, remove; nothing in clear on disk', async () => {
    const set = await cli(['secret', 'set', 'app-key', '-w', place.folder], { stdin: 'a key of 24 characters!!\n' })
    expect([set.code, set.stdout]).toEqual([0, 'set app-key; refer to it as ${secret:app-key}\n'])
    expect(readFileSync(join(place.folder, 'secrets.enc.yaml'), 'utf8')).not.toContain('a key of')
    await cli(['secret', 'set', 'other', '-w', place.folder], { stdin: 'x' })
    expect((await here('secret', 'list')).stdout).toBe('app-key\nother\n')
    expect(JSON.parse((await here('secret', 'list', '--json')).stdout)).toEqual({ secrets: ['app-key', 'other'] })
    expect((await here('secret', 'show', 'app-key')).stdout).toBe('a key of 24 characters!!\n')
    expect((await here('secret', 'remove', 'other')).code).toBe(0)
    expect((await here('secret', 'remove', 'other')).code).toBe(1)
    const empty = await cli(['secret', 'set', 'empty', '-w', place.folder], { stdin: '\n' })
    expect([empty.code, empty.stderr]).toEqual([2, expect.stringContaining('the value is empty')])
    expect((await here('secret', 'set', 'bad name')).code).toBe(2)
  })

  test('send starts a gateway where none runs: response, trace, exit by status', async () => {
    const denied = await here('send', 'GET', '/books/1')
    expect(denied.code).toBe(1)
    expect(denied.stdout).toMatch(/^HTTP\/1\.1 401 Unauthorized\n/)
    expect(denied.stdout).toContain('✕ key-auth  request headers  denied KEY_MISSING')
    expect(denied.stderr).toContain('no gateway runs on this workspace')
    const passed = await here(
      'send',
      'POST',
      '/books/1?a=1',
      '-H',
      'X-API-Key: a key of 24 characters!!',
      '-d',
      '{"x":1}',
      '--json',
    )
    expect(passed.code).toBe(0)
    expect(JSON.parse(passed.stdout)).toMatchObject({
      status: 200,
      body: '{"ok":true}',
      exchange: { verdict: 'pass', decidedBy: null, trace: [{ type: 'key-auth', verdict: 'pass' }] },
    })
    expect(upstream.seen.at(-1)).toMatchObject({ method: 'POST', url: '/base/v2/1?a=1', body: Buffer.from('{"x":1}') })
  })

  test('send finds the gateway that runs, and the trace in its capture', async () => {
    const gateway = await serving([place.folder])
    const sent = await here('send', 'GET', '/books/2', '-H', 'X-API-Key: wrong', '--json')
    expect(JSON.parse(sent.stdout)).toMatchObject({
      status: 401,
      exchange: { verdict: 'deny', code: 'KEY_UNKNOWN', decidedBy: 'api:shop/key-auth' },
    })
    expect(sent.stderr).toBe('')
    const { exchange } = JSON.parse(sent.stdout) as { exchange: { id: string } }
    const shown = await here('capture', 'show', exchange.id)
    expect(shown.stdout).toContain('KEY_UNKNOWN')
    expect(shown.stdout).not.toContain('X-API-Key: wrong')
    const open = await here('capture', 'show', exchange.id, '--secrets')
    expect(open.stdout).toContain('X-API-Key: wrong')
    expect(await gateway.stop()).toBe(0)
  })

  test('send --to upstream goes where the route leads', async () => {
    const sent = await here('send', 'GET', '/books/7', '--to', 'upstream')
    expect(sent.code).toBe(0)
    expect(upstream.seen.at(-1)).toMatchObject({ method: 'GET', url: '/base/v2/7' })
    const lost = await here('send', 'GET', '/elsewhere', '--to', 'upstream')
    expect([lost.code, lost.stderr]).toEqual([2, expect.stringContaining('no route of the workspace leads')])
  })

  test('capture list: newest first, by query; a wrong query points at the character', async () => {
    const all = await here('capture', 'list', '--json')
    const { exchanges } = JSON.parse(all.stdout) as { exchanges: { url: string; status: number; startedAt: number }[] }
    expect(exchanges.map(({ url, status }) => [url, status])).toEqual([
      ['/books/2', 401],
      ['/books/1?a=1', 200],
      ['/books/1', 401],
    ])
    const denied = await here('capture', 'list', 'status:401', '--order', 'oldest', '-n', '1')
    expect(denied.stdout).toMatch(/^\w{20} {2}\d{4}-\d\d-\d\d [\d:.]+ {2}✕ GET \/books\/1 +401 {2}key-auth KEY_MISSING/)
    expect(denied.stderr).toBe('1 exchange, 2 match: --limit shows more\n')
    const none = await here('capture', 'list', 'status:500')
    expect([none.code, none.stdout, none.stderr]).toEqual([1, '', 'nothing matches\n'])
    const wrong = await here('capture', 'list', 'method:GET', 'status:40x')
    expect([wrong.code, wrong.stdout]).toEqual([2, ''])
    expect(wrong.stderr).toContain('\n  method:GET status:40x\n                    ^')
  })

  test('capture export and import: HAR there and back, and decide judges it as it was', async () => {
    const file = join(place.folder, 'all.har')
    const exported = await here('capture', 'export', '--har', 'all.har', '--json')
    expect(JSON.parse(exported.stdout)).toEqual({ exported: 3, file: 'all.har' })
    const text = readFileSync(file, 'utf8')
    expect(text).not.toContain('a key of 24')
    const har = JSON.parse(text) as { log: { version: string; entries: unknown[] } }
    expect([har.log.version, har.log.entries.length]).toEqual(['1.2', 3])
    const piped = await here('capture', 'export', 'status:200', '--har', '-')
    expect((JSON.parse(piped.stdout) as typeof har).log.entries).toHaveLength(1)
    const other = folderWith({})
    const imported = await cli(['capture', 'import', file, '-w', other.folder, '--json'])
    expect(JSON.parse(imported.stdout)).toEqual({ imported: 3, skipped: 0 })
    const stats = await cli(['capture', 'stats', '--json', '-w', other.folder])
    expect(JSON.parse(stats.stdout)).toMatchObject({ exchanges: 3 })
    other.remove()
    const judged = await here('decide', '-r', 'all.har', '--json')
    const verdicts = JSON.parse(judged.stdout) as { status: number; code: string | null }[]
    expect(verdicts.map(({ status, code }) => [status, code])).toEqual([
      [401, 'KEY_MISSING'],
      [200, null],
      [401, 'KEY_UNKNOWN'],
    ])
  })

  test('what cannot be read says so', async () => {
    place.write('broken.har', '{"log":{"entries":[{')
    const broken = await here('capture', 'import', 'broken.har')
    expect([broken.code, broken.stdout]).toEqual([2, ''])
    expect(broken.stderr).toContain('broken.har cannot be imported')
    expect((await here('capture', 'import', 'nowhere.har')).stderr).toContain('there is no such file')
    expect((await here('capture', 'show', 'nosuchid')).code).toBe(1)
    expect((await here('send', 'GET', '/ü')).stderr).toContain('percent-encode it')
    expect((await here('send', 'G T', '/')).stderr).toContain('is no HTTP method')
  })
})

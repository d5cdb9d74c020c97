import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { testUpstream, type TestUpstream } from '../gateway-fixture.ts'
import { until } from '../protocol/transport-contract.ts'
import { type Desk, makeDesk } from './desk.ts'

const page = Buffer.from(`{"text":"${'é'.repeat(5000)}"}`)
let upstream: TestUpstream
let desk: Desk

const yaml = (url: string) => `gatehouse: 1
name: tests
listen: { http: "127.0.0.1:0" }
upstreams: { shop: "${url}" }
consumers: [{ name: app, groups: [reader], keys: ["\${env:KEY}"] }]
policies:
  - key-auth: { header: X-API-Key }
apis:
  - name: books
    upstream: shop
    routes:
      - path: /books/*
        policies:
          - acl:
              allow: { groups: [editor] }
              deny: { consumers: [nobody] }
      - path: /open/*
`

const withKey = (more: RequestInit = {}): RequestInit => ({ ...more, headers: { 'X-API-Key': 'a-key-of-the-test' } })

async function all(query = '', order: 'newest' | 'oldest' = 'newest') {
  const { search } = await desk.call('traffic.search', { query, order })
  await until(() => desk.heard('traffic.changed').some((one) => one.search === search && one.done))
  return desk.call('traffic.rows', { search, from: 0, count: 1000 })
}

beforeAll(async () => {
  upstream = await testUpstream((request, response) => {
    request.resume()
    request.on('end', () => {
      response.setHeader('Content-Type', 'application/json')
      if (request.url === '/open/gzip') {
        response.setHeader('Content-Encoding', 'gzip')
        response.end(gzipSync(page))
      } else response.end('{"ok":true}')
    })
  })
  const env = { KEY: 'a-key-of-the-test' }
  desk = makeDesk(
    {
      'gatehouse.yaml': yaml(upstream.url),
      'environments/local.yaml': '{}\n',
      'environments/loose.yaml': 'policies: { acl: { allow: { groups: [reader] } } }\n',
      'environments/broken.yaml': 'limits: { bodyy: 1 }\n',
    },
    { env },
  )
  await desk.call('workbench.open', { folder: desk.folder })
  await desk.send('/books/1', withKey({ method: 'PATCH', body: '{"a":1}' }))
  await desk.send('/open/1', withKey())
  await desk.send('/open/gzip', withKey())
  await desk.send('/books/2')
  await desk.workbench.workspace.flush()
})
afterAll(async () => {
  await desk.close()
  await upstream.close()
})

describe('a search', () => {
  it('gives rows in either order, and grows while requests come in', async () => {
    expect((await all()).map(({ url, verdict }) => `${url} ${verdict}`)).toEqual([
      '/books/2 deny',
      '/open/gzip pass',
      '/open/1 pass',
      '/books/1 deny',
    ])
    expect((await all('verdict:deny', 'oldest')).map(({ url }) => url)).toEqual(['/books/1', '/books/2'])
    const { search, total } = await desk.call('traffic.search', { query: 'path:/open', order: 'newest' })
    await desk.send('/open/2', withKey())
    await desk.send('/books/3', withKey())
    await until(
      () => desk.heard('traffic.changed').at(-1)?.search === search && desk.heard('traffic.changed').at(-1)!.total > 2,
    )
    expect(total).toBeLessThanOrEqual(2)
    const rows = await desk.call('traffic.rows', { search, from: 0, count: 10 })
    expect(rows.map(({ url }) => url)).toEqual(['/open/2', '/open/gzip', '/open/1'])
    expect(await desk.call('traffic.rows', { search, from: 1, count: 1 })).toHaveLength(1)
    expect(await desk.call('traffic.rows', { search, from: 100, count: 10 })).toEqual([])
  })

  it('points at the character where a query goes wrong', async () => {
    expect(await desk.call('traffic.search', { query: 'verdikt:deny', order: 'newest' })).toEqual({
      search: expect.any(Number),
      total: 0,
      done: true,
      problem: {
        message: expect.stringContaining('verdikt'),
        offset: 0,
        suggestion: expect.stringContaining('verdict'),
      },
    })
  })
})

describe('an exchange', () => {
  it('shows who decided by which line, with secrets as markers', async () => {
    const [row] = await all('code:ROLE_NOT_ALLOWED or denied:acl', 'oldest')
    const detail = await desk.call('traffic.exchange', { id: row!.id })
    const policy = 'api:books/route:/books/*/acl'
    expect(detail.exchange.decidedBy).toBe(policy)
    expect(detail.exchange.request.body).toEqual({
      length: 7,
      kept: 7,
      truncated: false,
      contentType: 'text/plain;charset=UTF-8',
      encoding: null,
    })
    expect(JSON.stringify(detail)).not.toContain('a-key-of-the-test')
    expect(JSON.stringify(detail)).toContain('⟦sealed:')
    const block = 'acl:\n    allow: { groups: [editor] }\n    deny: { consumers: [nobody] }'
    expect(detail.lines[policy]!.then.replace(/^- /, '')).toBe(block.replaceAll('    ', '    '))
    expect(detail.lines[policy]).toMatchObject({ changed: false, now: { file: 'gatehouse.yaml', line: 14 } })
    expect(detail.upstreamCalled).toBe(false)
  })

  it('hands out bodies part by part, decoded and as they were', async () => {
    const [row] = await all('path:/open/gzip')
    const part = await desk.call('traffic.body', { id: row!.id, side: 'response', from: 9, length: 4, decoded: true })
    expect(part).toEqual({
      bytes: Buffer.from('éé').toString('base64'),
      from: 9,
      available: page.length,
      decoded: true,
    })
    const raw = await desk.call('traffic.body', { id: row!.id, side: 'response', from: 0, length: 2, decoded: false })
    expect([raw.bytes, raw.decoded]).toEqual([Buffer.from([0x1f, 0x8b]).toString('base64'), false])
    const none = await desk.call('traffic.body', { id: row!.id, side: 'forwarded', from: 0, length: 2, decoded: true })
    expect(none).toMatchObject({ bytes: '', available: 0 })
  })

  it('is sent again as it was: path, fields, secret and body', async () => {
    const [row] = await all('path:/open/1')
    const { id } = await desk.call('traffic.resend', { id: row!.id })
    expect(id).not.toBe(row!.id)
    const again = await desk.call('traffic.exchange', { id })
    expect(again.exchange).toMatchObject({ verdict: 'pass', status: 200, consumer: { name: 'app' } })
    const first = await desk.call('traffic.exchange', { id: row!.id })
    expect(again.exchange.request.headers).toEqual(first.exchange.request.headers)
    const [denied] = await all('path:/books/1', 'oldest')
    const patched = await desk.call('traffic.exchange', {
      id: (await desk.call('traffic.resend', { id: denied!.id })).id,
    })
    expect(patched.exchange).toMatchObject({ verdict: 'deny', request: { method: 'PATCH', body: { length: 7 } } })
  })

  it('is judged under another environment, with the first difference', async () => {
    const [denied] = await all('path:/books/1', 'oldest')
    const judged = await desk.call('traffic.judgeUnder', { id: denied!.id, environment: 'loose' })
    expect(judged).toMatchObject({
      environment: 'loose',
      verdict: 'pass',
      status: 200,
      firstDifference: { policy: 'api:books/route:/books/*/acl', field: 'verdict', recorded: 'deny', judged: 'pass' },
    })
    expect(judged.note).toBeUndefined()
    expect(JSON.stringify(judged)).not.toContain('a-key-of-the-test')
    expect(await desk.call('traffic.judgeUnder', { id: denied!.id, environment: 'local' })).toMatchObject({
      verdict: 'deny',
      firstDifference: null,
    })
    await expect(desk.call('traffic.judgeUnder', { id: denied!.id, environment: 'broken' })).rejects.toMatchObject({
      message: expect.stringContaining('bodyy'),
      where: 'environments/broken.yaml:1:11',
    })
  })

  it('is copied with its secrets only when somebody asks for them', async () => {
    const [row] = await all('path:/open/1', 'oldest')
    const sealed = await desk.call('traffic.copyAs', { id: row!.id, as: 'curl' })
    expect(sealed.text).not.toContain('a-key-of-the-test')
    const open = await desk.call('traffic.copyAs', { id: row!.id, as: 'curl', secrets: true })
    expect(open.text).toContain("-H 'X-API-Key: a-key-of-the-test'")
  })

  it('that is gone is said to be gone', async () => {
    await expect(desk.call('traffic.exchange', { id: 'nothing' })).rejects.toMatchObject({ code: 'NOT_FOUND' })
  })
})

describe('completion', () => {
  it.each([
    ['ver', 3, 'verdict:'],
    ['status:403 pol', 14, 'policy:'],
    ['policy:ac', 9, 'acl'],
    ['consumer:', 9, 'app'],
    ['verdict:deny,re', 15, 'refused'],
    ['(route:boo', 10, 'books/books/*'],
    ['!code:ROLE', 10, 'ROLE_NOT_ALLOWED'],
  ])('of %j offers %s', async (text, at, expected) => {
    const found = await desk.call('traffic.complete', { text, at })
    const one = found.find((each) => each.text === expected)
    expect(one, JSON.stringify(found.slice(0, 5))).toBeDefined()
    const whole = text.slice(0, one!.from) + one!.text + text.slice(one!.to)
    if (one!.kind === 'value') {
      const read = await desk.call('traffic.search', { query: whole.replace('(', ''), order: 'newest' })
      expect(read.problem).toBeUndefined()
    }
  })

  it('stays silent inside quotes', async () => {
    expect(await desk.call('traffic.complete', { text: 'path:"ver', at: 9 })).toEqual([])
  })
})

describe('saved queries, HAR and clearing', () => {
  it('keeps queries by name', async () => {
    await desk.call('traffic.saveQuery', { name: 'denied', query: 'verdict:deny' })
    await desk.call('traffic.saveQuery', { name: ' denied ', query: 'verdict:deny status:403' })
    expect(await desk.call('traffic.savedQueries', {})).toEqual([{ name: 'denied', query: 'verdict:deny status:403' }])
    await expect(desk.call('traffic.saveQuery', { name: 'x', query: 'a(' })).rejects.toMatchObject({
      where: expect.stringContaining('character'),
    })
    expect(await desk.call('traffic.deleteQuery', { name: 'denied' })).toEqual([])
  })

  it('goes out as HAR without a secret, and comes in again', async () => {
    const before = (await all()).length
    const { entries, text } = await desk.call('traffic.exportHar', { query: 'path:/open' })
    expect(text).not.toContain('a-key-of-the-test')
    const har = JSON.parse(text!) as { log: { entries: unknown[] } }
    expect(har.log.entries).toHaveLength(entries)
    await desk.call('traffic.exportHar', { query: '', file: join(desk.home, 'out.har') })
    expect(JSON.parse(readFileSync(join(desk.home, 'out.har'), 'utf8'))).toHaveProperty('log')
    expect(await desk.call('traffic.importHar', { text: text! })).toEqual({ entries, problems: [] })
    expect((await all()).length).toBe(before)
    await expect(desk.call('traffic.importHar', { text: 'nonsense' })).rejects.toMatchObject({ code: 'REFUSED' })
    await expect(desk.call('traffic.importHar', { file: '/no/such.har' })).rejects.toThrow('there is no file')
  })

  it('tells how the line changed since', async () => {
    const [denied] = await all('path:/books/1', 'oldest')
    desk.write('gatehouse.yaml', yaml(upstream.url).replace('[editor]', '[editor, reader]'))
    await desk.workbench.workspace.reload()
    const { lines } = await desk.call('traffic.exchange', { id: denied!.id })
    const line = lines['api:books/route:/books/*/acl']!
    expect(line.changed).toBe(true)
    expect([line.then.includes('[editor]'), line.now!.text.includes('[editor, reader]')]).toEqual([true, true])
    expect((await desk.send('/books/1', withKey({ method: 'PATCH', body: '{}' }))).status).toBe(200)
  })

  it('deletes what matches, and the open search notices', async () => {
    const { search } = await desk.call('traffic.search', { query: '', order: 'newest' })
    await desk.workbench.workspace.flush()
    const { deleted } = await desk.call('traffic.clear', { query: '' })
    expect(deleted).toBeGreaterThan(4)
    await until(
      () =>
        desk.heard('traffic.changed').at(-1)?.search === search && desk.heard('traffic.changed').at(-1)!.total === 0,
    )
  })
})

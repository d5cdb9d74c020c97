import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { EventData } from '../../gateway-core/protocol/protocol.ts'
import { testUpstream, type TestUpstream } from '../gateway-fixture.ts'
import { until } from '../protocol/transport-contract.ts'
import { type Desk, makeDesk } from './desk.ts'

let upstream: TestUpstream
let desk: Desk
let run = 0

const yaml = (url: string) => `gatehouse: 1
name: tests
listen: { http: "127.0.0.1:0" }
upstreams: { shop: "${url}" }
consumers: [{ name: app, keys: [in-clear-0123456789] }]
policies:
  - request-size-limiting: { url: 60b }
apis:
  - name: books
    upstream: shop
    policies:
      - rate-limiting: { limit: 4, window: 1h, by: ip }
    routes:
      - path: /books/*
`
const file = 'gatehouse.yaml'
const edited = (from: string, to: string) => [{ path: file, text: yaml(upstream.url).replace(from, to) }]
const judge = (texts: { path: string; text: string }[], query = '') =>
  desk.call('whatIf.judge', { run: ++run, texts, query })

beforeAll(async () => {
  upstream = await testUpstream()
  desk = makeDesk({ [file]: yaml(upstream.url) })
  await desk.call('workbench.open', { folder: desk.folder })
  await desk.send(`/books/${'long'.repeat(20)}`)
  for (let at = 0; at < 6; at++) await desk.send(`/books/${at}`)
  await until(() => desk.workbench.workspace.captures.count() === 7)
}, 30_000)
afterAll(async () => {
  await desk.close()
  await upstream.close()
})

describe('an edit', () => {
  it('is judged by the capture, and tells how far it is', async () => {
    await desk.call('whatIf.prepare', {})
    const counts = await judge(edited('limit: 4', 'limit: 2'))
    expect(counts).toMatchObject({ exchanges: 7, judged: 7, same: 5, newlyDenied: 2, newlyAllowed: 0, done: true })
    expect(counts.lines).toEqual([{ file, line: 12, of: 'edited', kind: 'newlyDenied', exchanges: 2 }])
    const told: EventData<'whatIf.progress'>[] = desk.heard('whatIf.progress')
    expect(told.at(-1)).toMatchObject({ run, counts: { newlyDenied: 2 } })
  })

  it('takes from the record what it cannot touch, also where the files of then held a secret in clear', async () => {
    desk.write(file, `${yaml(upstream.url)}# later\n`)
    const counts = await judge([{ path: file, text: `${yaml(upstream.url)}# typed\n` }])
    desk.write(file, yaml(upstream.url))
    expect(counts).toMatchObject({ same: 7, reused: 7, warming: 0 })
  })

  it('lists what it changes by reason, each with its exchange', async () => {
    await judge(edited('limit: 4', 'limit: 2'))
    expect(await desk.call('whatIf.groups', { run, kind: 'newlyDenied' })).toEqual([
      { policy: 'api:books/rate-limiting', code: 'LIMIT_REACHED', exchanges: 2, warming: 2 },
    ])
    const rows = await desk.call('whatIf.rows', { run, kind: 'newlyDenied', from: 0, count: 10 })
    expect(rows.map(({ exchange }) => exchange?.url)).toEqual(['/books/3', '/books/2'])
    const { exchanges } = await desk.call('whatIf.when', { run, kind: 'newlyDenied', parts: 5 })
    expect(exchanges.reduce((sum, one) => sum + one, 0)).toBe(2)
  })

  it('lists what it leaves as it was, the newest first', async () => {
    const { same } = await judge(edited('limit: 4', 'limit: 2'))
    expect(await desk.call('whatIf.groups', { run, kind: 'same' })).toMatchObject([{ exchanges: same }])
    const rows = await desk.call('whatIf.rows', { run, kind: 'same', from: 0, count: 10 })
    expect(rows.map(({ exchange }) => exchange?.url.slice(0, 10))).toEqual([
      '/books/5',
      '/books/4',
      '/books/1',
      '/books/0',
      '/books/lon',
    ])
    expect(rows[0]).toMatchObject({ before: { verdict: 'deny', status: 429 }, after: { code: 'LIMIT_REACHED' } })
    const page = await desk.call('whatIf.rows', { run, kind: 'same', from: 3, count: 1 })
    expect(page).toEqual([rows[3]])
    const { exchanges } = await desk.call('whatIf.when', { run, kind: 'same', parts: 5 })
    expect(exchanges.reduce((sum, one) => sum + one, 0)).toBe(same)
    expect(await desk.call('whatIf.explain', { run, id: rows[2]!.id })).toMatchObject({ kind: 'same', blame: [] })
    // What the query leaves out is in no list.
    await judge(edited('limit: 4', 'limit: 2'), 'url:/books/1')
    expect(await desk.call('whatIf.rows', { run, kind: 'same', from: 0, count: 10 })).toMatchObject([
      { id: rows[2]!.id },
    ])
  })

  it('is explained for one of them: both versions, and the line to blame', async () => {
    await judge(edited('limit: 4', 'limit: 2'))
    const [row] = await desk.call('whatIf.rows', { run, kind: 'newlyDenied', from: 0, count: 1 })
    const explained = await desk.call('whatIf.explain', { run, id: row!.id })
    expect(explained).toMatchObject({
      kind: 'newlyDenied',
      exchange: { url: '/books/3' },
      before: { verdict: 'pass', status: 200 },
      after: { verdict: 'deny', status: 429 },
      firstDifference: { step: 'api:books/rate-limiting', field: 'verdict', before: 'pass', after: 'deny' },
      blame: [{ file, line: 12, endLine: 12 }],
    })
    const { curl, target } = await desk.call('whatIf.shrink', { run, id: row!.id })
    expect(curl).toContain(target)
    expect(curl).toContain(desk.workbench.workspace.gatewayUrl!)
    expect((await desk.call('whatIf.test', { run, id: row!.id })).text).toContain('request: GET /books/3')
  })

  it('is tried on a part of the traffic', async () => {
    const counts = await judge(edited('url: 60b', 'url: 9kb'), 'code:URL_OVER_LIMIT')
    expect(counts).toMatchObject({ exchanges: 1, newlyAllowed: 1 })
    const [line] = counts.lines
    expect(line).toMatchObject({ line: 7, of: 'saved', kind: 'newlyAllowed' })
  })

  it('that does not load says where, and leaves the answer before it', async () => {
    await judge(edited('limit: 4', 'limit: 2'))
    const before = run
    await expect(judge(edited('rate-limiting', 'rate-limitin'))).rejects.toMatchObject({
      code: 'REFUSED',
      where: 'gatehouse.yaml:12:9',
    })
    expect(await desk.call('whatIf.groups', { run: before, kind: 'newlyDenied' })).toHaveLength(1)
    await expect(desk.call('whatIf.groups', { run, kind: 'newlyDenied' })).rejects.toMatchObject({ code: 'REFUSED' })
  })

  it('ends when the next one comes', async () => {
    const first = judge(edited('limit: 4', 'limit: 2'))
    const second = judge(edited('limit: 4', 'limit: 3'))
    await expect(first).rejects.toMatchObject({ code: 'CANCELLED' })
    expect(await second).toMatchObject({ newlyDenied: 1 })
  })
})

describe('coverage', () => {
  it('counts what policies came to, each with the query that finds as many', async () => {
    const { policies, exchanges } = await desk.call('whatIf.coverage', { query: '' })
    expect(exchanges).toBe(7)
    const limiter = policies.find(({ type }) => type === 'rate-limiting')!
    expect(limiter).toMatchObject({ reached: 7, line: 12 })
    // It adds its header fields to a refusal by others too, so it ran in each.
    const denied = limiter.branches.find(({ outcome }) => outcome === 'deny:LIMIT_REACHED')!
    expect(denied.exchanges).toBe(2)
    expect(desk.workbench.workspace.captures.count(denied.query)).toBe(2)
    await expect(desk.call('whatIf.coverage', { query: 'polcy:x' })).rejects.toMatchObject({ code: 'REFUSED' })
  })
})

describe('the recorded time', () => {
  it('tells when how much came', async () => {
    const { from, to, exchanges, denied } = await desk.call('past.density', { query: '', parts: 4 })
    expect(to).toBeGreaterThanOrEqual(from)
    expect([exchanges, denied].map((list) => list.reduce((sum, one) => sum + one, 0))).toEqual([7, 3])
  })

  it('tells what a limiter held at a moment', async () => {
    const { to } = await desk.call('past.density', { query: '', parts: 1 })
    const { entries } = await desk.call('past.stateAt', { time: to })
    expect(entries).toMatchObject([
      { policy: 'api:books/rate-limiting', key: 'ip:127.0.0.1', used: 4, limit: 4, file, line: 12 },
    ])
  })

  it('goes through one exchange step by step, and on from a value that was changed', async () => {
    const [last] = desk.workbench.workspace.captures.list({ query: 'code:URL_OVER_LIMIT' })
    const id = last!.id
    const plain = await desk.call('past.steps', { id, changes: [], texts: [] })
    expect(plain.outcome).toMatchObject({ verdict: 'deny', code: 'URL_OVER_LIMIT' })
    expect(plain.before).toHaveLength(plain.trace.length + 1)
    const bad = { step: 0, of: 'request', kind: 'status', value: 'x' } as const
    await expect(desk.call('past.steps', { id, changes: [bad], texts: [] })).rejects.toMatchObject({ code: 'REFUSED' })
    const texts = edited('url: 60b', 'url: 9kb')
    const other = await desk.call('past.steps', { id, changes: [], texts })
    expect(other.outcome.verdict).not.toBe(plain.outcome.verdict)
  })
})

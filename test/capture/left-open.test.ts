import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { makeDesk } from '../workbench/desk.ts'
import { closeLeftOpen } from '../../gateway-core/capture/left-open.ts'
import { openDatabase } from '../../gateway-core/capture/schema.ts'
import { captures, record, temporaryFolder, write } from './records.ts'

const start = 1_770_000_000_000

function close(folder: string, before: number): number {
  const db = openDatabase(folder, { create: false })
  try {
    return closeLeftOpen(db, before)
  } finally {
    db.close()
  }
}

test('what a killed gateway left open is closed, and only that', () => {
  const folder = temporaryFolder()
  const old = { state: 'open' as const, startedAt: start - 5000 }
  const left = [
    record(old),
    record({ ...old, route: { id: 'r', api: 'a', template: '/', parameters: {}, upstreamPath: '/' } }),
  ]
  const done = record({ startedAt: start - 5000 })
  // Of another route, so that its context is its own.
  const running = record({ state: 'open', startedAt: start + 1, consumer: { name: 'alice', groups: [] } })
  write(folder, [...left, done, running])
  const read = captures(folder)
  expect(read.list({ query: 'state:open' })).toHaveLength(3)

  expect(close(folder, start)).toBe(2)
  for (const { id } of left) {
    expect(read.get(id)).toMatchObject({ state: 'done', verdict: 'aborted', status: 200, error: 'the gateway ended' })
  }
  expect(read.get(done.id)).toMatchObject({ verdict: 'pass', state: 'done' })
  expect(read.list({ query: 'state:open' }).map((row) => row.id)).toEqual([running.id])
  expect(
    read
      .list({ query: 'verdict:aborted' })
      .map((row) => row.id)
      .toSorted(),
  ).toEqual(left.map(({ id }) => id))
  expect(close(folder, start)).toBe(0)
})

test('an exchange of this gateway keeps what it shares with one that was left', () => {
  const folder = temporaryFolder()
  write(folder, [record({ state: 'open', startedAt: start - 1 }), record({ state: 'open', startedAt: start + 1 })])
  expect(close(folder, start)).toBe(0)
  expect(captures(folder).list({ query: 'state:open' })).toHaveLength(2)
})

test('the next gateway on the workspace closes them; beside another running one it does not', async () => {
  const upstream = createServer((_request, response) => response.end('ok')).listen(0, '127.0.0.1')
  await once(upstream, 'listening')
  onTestFinished(() => void upstream.close())
  const { port } = upstream.address() as AddressInfo
  const desk = makeDesk({
    'gatehouse.yaml': `gatehouse: 1
listen: { http: "127.0.0.1:0" }
upstreams: { books: "http://127.0.0.1:${port}" }
apis:
  - { name: books, upstream: books, routes: [{ path: /books }] }
`,
  })
  onTestFinished(() => desk.close())
  const left = record({ state: 'open', startedAt: Date.now() - 3_600_000 })
  write(desk.folder, [left])
  // A process that runs: the one that started this one.
  desk.write('.gatehouse/gateway.json', JSON.stringify({ pid: process.ppid }))
  await desk.call('workbench.open', { folder: desk.folder })
  await desk.send('/books')
  await desk.workbench.workspace.flush()
  const read = captures(desk.folder)
  expect(read.get(left.id)).toMatchObject({ state: 'open' })
  await desk.call('gateway.stop', {})
  await desk.call('gateway.start', {})
  await desk.workbench.workspace.flush()
  expect(read.get(left.id)).toMatchObject({ state: 'done', verdict: 'aborted', error: 'the gateway ended' })
  expect(read.list({ query: 'verdict:pass' })).toHaveLength(1)
})

import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { openFile } from '../../gateway-core/capture/database.ts'
import { expect, onTestFinished, test } from 'vitest'
import {
  type CaptureEvent,
  type CaptureRecorder,
  openRecorder,
  type RecorderOptions,
} from '../../gateway-core/capture/recorder.ts'
import type { ExchangeSummary } from '../../gateway-core/capture/summary.ts'
import { openCaptures } from '../../gateway-core/capture/store.ts'
import { body, captures, record, request, response, settings, temporaryFolder, testKey } from './records.ts'

function open(changes: Partial<RecorderOptions> = {}): CaptureRecorder & { folder: string; events: CaptureEvent[] } {
  const events: CaptureEvent[] = []
  const folder = changes.folder ?? temporaryFolder()
  const recorder = openRecorder({ folder, key: testKey, settings, onEvent: (event) => events.push(event), ...changes })
  onTestFinished(() => recorder.close())
  return Object.assign(recorder, { folder, events })
}

test('what goes in comes out', async () => {
  const recorder = open()
  const exchange = record({
    durationMicros: 12_345,
    environment: 'local',
    peer: { address: '10.0.0.1', port: 1234, certificates: [Buffer.from([1, 2, 255])] },
    request: request({ method: 'POST', query: 'a=1', body: body('{"a":1}'), trailers: ['X-T', '1'] }),
    forwarded: request({ method: 'POST', query: 'a=1', path: '/v1/books/1', headers: ['X-Added', 'é "quoted"'] }),
    response: response({ status: 403, reason: 'Forbidden', from: 'gateway', body: body('no') }),
    upstreamResponse: response({
      body: body(Buffer.from([0, 255, 1]), { length: 9000, truncated: true, sha256: 'ff' }),
    }),
    route: { id: 'books/x', api: 'books', template: '/books/{id}', parameters: { id: '1' }, upstreamPath: '/v1/1' },
    upstream: { name: 'books', url: 'http://127.0.0.1:9001' },
    consumer: { name: 'mobile-app', groups: ['readers'] },
    claims: { sub: 'alice', scope: ['a'] },
    verdict: 'deny',
    status: 403,
    decidedBy: 'api:books/rbac',
    code: 'IP_DENIED',
    trace: [
      {
        policy: 'api:books/rbac',
        type: 'rbac',
        phase: 'requestHeaders',
        verdict: 'deny',
        mode: 'enforce',
        code: 'IP_DENIED',
        evidence: [{ at: { in: 'client' }, observed: '10.0.0.1', expected: 'other' }],
        learned: { clientAddress: '10.0.0.9' },
        reason: 'because',
        branch: 'any-of[0]',
        at: 12,
        micros: 3,
        now: 1_763_780_000_123,
        sequence: 77,
        position: { file: 'gatehouse.yaml', line: 3, column: 5 },
      },
    ],
    facts: [{ key: 'random|split', answer: { value: 0.25 } }],
    timings: { policyMicros: 20, upstreamMicros: 900, firstByteMicros: 950 },
    sealed: [{ in: 'header', name: 'x-none' }],
  })
  recorder.record(exchange)
  await recorder.flush()
  const { order, secrets, ...stored } = captures(recorder.folder).get(exchange.id)!
  expect({ order, secrets }).toEqual({ order: 1, secrets: 'none' })
  expect(JSON.parse(JSON.stringify(stored))).toEqual(JSON.parse(JSON.stringify(exchange)))
})

test('an open exchange is finished under the same id', async () => {
  const recorder = open()
  const opened = record({ state: 'open', durationMicros: 1 })
  recorder.record(opened)
  await recorder.flush()
  recorder.record(record())
  recorder.record({ ...opened, state: 'done', durationMicros: 99 })
  await recorder.flush()
  const read = captures(recorder.folder)
  expect(read.count()).toBe(2)
  expect(read.get(opened.id)).toMatchObject({ state: 'done', durationMicros: 99, order: 1 })
})

test('rows are told after they are durable, without secrets', async () => {
  const folder = temporaryFolder()
  const told: ExchangeSummary[] = []
  const recorder = open({
    folder,
    onWritten: (rows) => {
      const read = openCaptures(folder)
      for (const row of rows) expect(read.get(row.id)).toBeDefined()
      read.close()
      told.push(...rows)
    },
  })
  for (let at = 0; at < 600; at++) recorder.record(record({ request: request({ query: 'token=verysecretvalue' }) }))
  await recorder.flush()
  expect(told.map((row) => row.sequence)).toEqual(Array.from({ length: 600 }, (_, at) => at + 1))
  expect(told[0]).toMatchObject({ method: 'GET', status: 200, host: 'localhost:8080' })
  expect(told[0]!.url).toMatch(/^\/books\/1\?token=⟦sealed:[\w-]+:15⟧$/)
})

test('a store that cannot keep up drops bodies first, then records, and says so; memory stays bounded', async () => {
  const recorder = open({ queueBytes: 2 * 1024 * 1024 })
  await recorder.flush()
  const bytes = Buffer.alloc(60_000, 'x')
  // No turn of the event loop in between: the queue only grows as far as it may.
  for (let at = 0; at < 20_000; at++) recorder.record(record({ response: response({ body: body(bytes) }) }))
  await recorder.flush()
  const { recorded, droppedRecords, droppedBodies } = recorder.counts
  expect(droppedBodies).toBeGreaterThan(0)
  expect(droppedRecords).toBeGreaterThan(0)
  expect(recorded + droppedRecords).toBe(20_000)
  expect(recorder.events.some((event) => event.kind === 'dropped')).toBe(true)
  expect(captures(recorder.folder).count()).toBe(recorded)
})

test('short bodies stay while a long one is on its way', async () => {
  const recorder = open({ queueBytes: 2 * 1024 * 1024 })
  await recorder.flush()
  recorder.record(record({ response: response({ body: body(Buffer.alloc(1_500_000, 'x')) }) }))
  recorder.record(record({ response: response({ body: body(Buffer.from('short')) }) }))
  await recorder.flush()
  expect(recorder.counts).toEqual({ recorded: 2, droppedRecords: 0, droppedBodies: 0 })
})

test('a newer database is left alone and the gateway goes on', async () => {
  const folder = temporaryFolder()
  mkdirSync(join(folder, '.gatehouse'))
  const file = join(folder, '.gatehouse', 'captures.db')
  const db = openFile(file)
  db.exec('PRAGMA user_version = 999')
  db.close()
  const recorder = open({ folder })
  recorder.record(record())
  await recorder.flush()
  expect(recorder.events[0]).toEqual({ kind: 'failed', message: expect.stringMatching(/newer Gatehouse \(format 999/) })
  expect(() => openCaptures(folder)).toThrow(/newer Gatehouse/)
})

test('a file that is no database, or a folder that is a file: an event, not a crash', async () => {
  const folder = temporaryFolder()
  mkdirSync(join(folder, '.gatehouse'))
  writeFileSync(join(folder, '.gatehouse', 'captures.db'), 'this is not a database, it is only text'.repeat(200))
  const other = temporaryFolder()
  writeFileSync(join(other, '.gatehouse'), '')
  for (const place of [folder, other]) {
    const recorder = open({ folder: place })
    for (let at = 0; at < 1000; at++) recorder.record(record())
    await recorder.flush()
    expect(recorder.events[0]).toMatchObject({ kind: 'failed', message: expect.stringContaining('captures.db') })
    expect(recorder.events.filter((event) => event.kind === 'dropped')).toEqual([
      { kind: 'dropped', records: 1000, bodies: 0 },
    ])
  }
})

test('a write that fails loses its batch, says so once, and recording goes on when writing works again', async () => {
  const recorder = open()
  recorder.record(record())
  await recorder.flush()
  // Another writer that holds the lock stands in for every failure of a write.
  const blocker = openFile(join(recorder.folder, '.gatehouse', 'captures.db'))
  blocker.exec('BEGIN IMMEDIATE')
  recorder.record(record())
  await recorder.flush()
  expect(recorder.events[0]).toMatchObject({ kind: 'failed' })
  blocker.exec('ROLLBACK')
  blocker.close()
  const last = record()
  recorder.record(last)
  await recorder.flush()
  expect(recorder.events.at(-1)).toEqual({ kind: 'recovered' })
  const read = captures(recorder.folder)
  expect(read.get(last.id)?.order).toBe(2)
})

test('recording after close is ignored, closing twice is fine', async () => {
  const recorder = open()
  recorder.record(record())
  await Promise.all([recorder.close(), recorder.close()])
  recorder.record(record())
  await recorder.flush()
  expect(captures(recorder.folder).count()).toBe(1)
})

test('the files of a revision can be read again', async () => {
  const recorder = open()
  recorder.saveRevision('r1', [{ path: 'gatehouse.yaml', sha256: 'a1', text: 'one' }])
  recorder.saveRevision('r2', [
    { path: 'gatehouse.yaml', sha256: 'a2', text: 'two' },
    { path: 'key.pem', sha256: 'a3' },
  ])
  await recorder.flush()
  const read = captures(recorder.folder)
  expect(read.revisionFile('r1', 'gatehouse.yaml')).toBe('one')
  expect(read.revisionFile('r2', 'gatehouse.yaml')).toBe('two')
  expect(read.revisionFile('r2', 'key.pem')).toBeUndefined()
  expect(read.revisionFile('r3', 'gatehouse.yaml')).toBeUndefined()
})

test('hostile content is only content', async () => {
  const recorder = open()
  const hostile = record({
    request: request({
      path: "/'; DROP TABLE exchanges;--",
      query: '\ud800&x=%',
      headers: ['__proto__', '⟦sealed:x:1⟧', 'Cookie', ';;=;=', 'Authorization', '', 'X-Api-Key', ' '],
      body: body('{"__proto__":{"password":'.repeat(2000)),
    }),
    error: '\0\u2028',
  })
  recorder.record(hostile)
  await recorder.flush()
  expect(recorder.events).toEqual([])
  const read = captures(recorder.folder)
  expect(read.get(hostile.id)?.request.path).toBe(hostile.request.path)
})

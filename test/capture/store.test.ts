import { openFile } from '../../gateway-core/capture/database.ts'
import { expect, test } from 'vitest'
import { captureFile, schemaVersion } from '../../gateway-core/capture/schema.ts'
import { BatchEncoder } from '../../gateway-core/capture/batch-encoder.ts'
import { CaptureWriter } from '../../gateway-core/capture/writer.ts'
import { body, captures, record, request, response, settings, temporaryFolder, testKey, write } from './records.ts'

const numbers = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, at) => from + at)
const get = (number: number) => record({ request: request({ path: `/books/${number}` }) })

test('lists go both ways, from any place', () => {
  const folder = temporaryFolder()
  // More than one epoch.
  write(folder, numbers(1, 25_000).map(get))
  const read = captures(folder)
  const list = (options: object) => read.list(options).map((row) => row.sequence)
  expect(list({ limit: 3 })).toEqual([25_000, 24_999, 24_998])
  expect(list({ limit: 3, order: 'oldest' })).toEqual([1, 2, 3])
  expect(list({ limit: 3, before: 10_002 })).toEqual([10_001, 10_000, 9999])
  expect(list({ limit: 3, after: 9999, order: 'oldest' })).toEqual([10_000, 10_001, 10_002])
  expect(list({ after: 100, before: 104 })).toEqual([103, 102, 101])
  expect(list({ query: 'path~77$', limit: 2 })).toEqual([24_977, 24_877])
  expect(read.count('path~77$')).toBe(250)
  expect([...read.sequences({ query: 'path~00$', order: 'oldest' })].flat()).toEqual(
    numbers(1, 250).map((n) => n * 100),
  )
  expect(read.rows([7, 99_999, 3]).map((row) => row.url)).toEqual(['/books/7', '/books/3'])
  const some = [...read.iterate({ query: 'path~9$', limit: 3 })].map((exchange) => exchange.request.path)
  expect(some).toEqual(['/books/9', '/books/19', '/books/29'])
  expect(read.stats()).toMatchObject({ exchanges: 25_000, sealedValues: 0 })
})

test('the capture keeps to its count; texts of exchanges that are gone go too', () => {
  const folder = temporaryFolder()
  const writer = new CaptureWriter(folder, testKey, { ...settings, maxExchanges: 3000 })
  const encoder = new BatchEncoder()
  for (let at = 1; at <= 45_000; at++) {
    encoder.add(record({ response: response({ body: body(`only here ${at}`) }) }), true)
    if (at % 500 === 0) {
      writer.write(encoder.take())
      writer.tidy(at)
    }
  }
  writer.close()
  const read = captures(folder)
  const { exchanges } = read.stats()
  expect(exchanges).toBeGreaterThanOrEqual(3000)
  expect(exchanges).toBeLessThanOrEqual(3500)
  expect(read.get(read.list({ limit: 1 })[0]!.id)!.response!.body!.length).toBeGreaterThan(0)
  const db = openFile(captureFile(folder))
  const { n } = db.prepare('SELECT count(*) AS n FROM parts').get() as { n: number }
  db.close()
  // At most the epoch of the oldest exchange is kept whole.
  expect(n).toBeLessThan(4500)
})

test('the capture keeps to its size, and the file shrinks', () => {
  const folder = temporaryFolder()
  const maxBytes = 3 * 1024 * 1024
  const writer = new CaptureWriter(folder, testKey, { ...settings, maxBytes })
  const encoder = new BatchEncoder()
  for (let at = 1; at <= 1500; at++) {
    const bytes = Buffer.alloc(20_000, `${at} `)
    encoder.add(record({ response: response({ body: body(bytes) }) }), true)
    if (at % 20 === 0) {
      writer.write(encoder.take())
      // Time passes for the store.
      for (let pass = 0; pass < 3; pass++) writer.tidy(at * 10_000 + pass * 3000)
    }
  }
  for (let pass = 0; pass < 80; pass++) writer.tidy(1e9 + pass * 3000)
  writer.close()
  const { bytes, exchanges } = captures(folder).stats()
  expect(bytes).toBeLessThan(maxBytes * 1.2)
  expect(exchanges).toBeGreaterThan(50)
})

test('deleting works while a gateway writes, and deleting everything leaves no text behind', () => {
  const folder = temporaryFolder()
  const writer = new CaptureWriter(folder, testKey, settings)
  const encoder = new BatchEncoder()
  const secret = () =>
    record({ request: request({ headers: ['X-Api-Key', 'verysecretvalue', 'X-Text', 'find me'] }), status: 201 })
  const add = () => {
    for (let at = 0; at < 10; at++) encoder.add(at % 2 === 0 ? secret() : get(at), true)
    writer.write(encoder.take())
  }
  add()
  const read = captures(folder)
  expect(read.delete('status:201')).toBe(5)
  expect(read.count()).toBe(5)
  expect(read.delete('')).toBe(5)
  const db = openFile(captureFile(folder))
  for (const table of ['parts', 'sealed', 'exchanges']) {
    expect(db.prepare(`SELECT count(*) AS n FROM ${table}`).get()).toMatchObject({ n: 0 })
  }
  db.close()
  add()
  expect(read.count('find')).toBe(5)
  const rows = read.list({ query: 'status:201' })
  expect(rows.map((row) => row.sequence)).toEqual([19, 17, 15, 13, 11])
  expect(read.get(rows[0]!.id)!.request.headers).toEqual(['X-Api-Key', 'verysecretvalue', 'X-Text', 'find me'])
  writer.close()
  read.delete('')
  write(folder, [get(1)])
  expect(read.list()[0]!.sequence).toBe(21)
})

test('exchanges that differ in a header value or two share the list, and a value goes with its exchange', () => {
  const folder = temporaryFolder()
  const writer = new CaptureWriter(folder, testKey, settings)
  const encoder = new BatchEncoder({ goesOn: true })
  const all = numbers(1, 40).map((at) =>
    record({
      request: request({ headers: ['Accept', '*/*', 'X-Trace', `trace ${at}`] }),
      response: response({ headers: ['Content-Type', 'text/plain', 'RateLimit', `r=${at}`, 'X-Text', 'the same'] }),
    }),
  )
  for (const [at, exchange] of all.entries()) {
    encoder.add(exchange, true)
    if (at % 10 === 9) writer.write(encoder.take())
  }
  writer.close()
  const read = captures(folder)
  for (const { id, request, response } of all) {
    expect(read.get(id)!.request.headers).toEqual(request.headers)
    expect(read.get(id)!.response!.headers).toEqual(response!.headers)
  }
  for (const query of ['resp.header.ratelimit="r=7"', 'req.header.x-trace:"trace 7"', 'resp.headers:"r=7" "trace 7"']) {
    expect(read.list({ query }).map((row) => row.id)).toEqual([all[6]!.id])
  }
  expect(read.count('resp.header.x-text:same req.header.accept:*')).toBe(40)
  expect(read.delete('not req.header.x-trace="trace 9"')).toBe(39)
  const db = openFile(captureFile(folder))
  const left = JSON.stringify([
    db.prepare('SELECT text FROM parts WHERE kind = 2').all(),
    db.prepare('SELECT header_values FROM exchanges').all(),
  ])
  db.close()
  expect(left).toContain('trace 9')
  expect(left).not.toMatch(/trace [2-8]|r=[2-8]/)
})

test('two writers at once (a gateway and an import) do not overwrite each other', () => {
  const folder = temporaryFolder()
  const writers = [new CaptureWriter(folder, testKey, settings), new CaptureWriter(folder, testKey, settings)]
  const all = numbers(1, 60).map(get)
  const encoder = new BatchEncoder()
  for (const [at, exchange] of all.entries()) {
    encoder.add(exchange, true)
    if (at % 5 === 4) writers[Math.floor(at / 5) % 2]!.write(encoder.take())
  }
  for (const writer of writers) writer.close()
  const read = captures(folder)
  expect(read.list({ order: 'oldest' }).map((row) => row.url)).toEqual(all.map((exchange) => exchange.request.path))
  for (const { id, request } of all) expect(read.get(id)!.request).toEqual(request)
})

test('a capture is found again after a restart, and goes on counting', () => {
  const folder = temporaryFolder()
  write(folder, [get(1), get(2)])
  write(folder, [get(3)])
  const read = captures(folder)
  expect(read.list().map((row) => [row.sequence, row.url])).toEqual([
    [3, '/books/3'],
    [2, '/books/2'],
    [1, '/books/1'],
  ])
  const db = openFile(captureFile(folder))
  expect(db.prepare('PRAGMA user_version').get()).toMatchObject({ user_version: schemaVersion })
  expect(db.prepare('SELECT method, status, path FROM readable WHERE seq = 3').get()).toMatchObject({
    method: 'GET',
    status: 200,
    path: '/books/3',
  })
  db.close()
})

test('queries find every exchange that fits, of very many', () => {
  const folder = temporaryFolder()
  const writer = new CaptureWriter(folder, testKey, settings)
  const encoder = new BatchEncoder()
  for (let at = 0; at < 20_000; at++) {
    const denied = at % 50 === 0
    encoder.add(
      record({
        status: denied ? 403 : 200,
        request: request({ path: `/${at % 3 === 0 ? 'books' : 'orders'}/${at}` }),
        response: response({ status: denied ? 403 : 200, body: body(`{"id":${at % 1000}}`) }),
      }),
      true,
    )
    if (encoder.records === 1000) writer.write(encoder.take())
  }
  writer.close()
  const read = captures(folder)
  const counts: [string, number][] = [
    ['status:403', 400],
    ['path~^/books', 6667],
    ['path~^/books/\\d+7$', 666],
    ['status:403 path~^/books not method:POST', 134],
    ['policy:jwt-auth', 0],
  ]
  for (const [query, count] of counts) expect(read.count(query), query).toBe(count)
})

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { BatchEncoder } from '../../gateway-core/capture/batch-encoder.ts'
import type { ExchangeRecord } from '../../gateway-core/capture/record.ts'
import { CaptureWriter } from '../../gateway-core/capture/writer.ts'
import type { Claims } from '../../gateway-core/exchange.ts'
import type { TraceEntry } from '../../gateway-core/pipeline/outcome.ts'
import { body, captures, record, request, response, settings, temporaryFolder, testKey } from './records.ts'

// What came before decides how a record is laid out, never what is read back: these draw from few values, so that
// nearly everything came before in some other combination.

const token = 'Bearer eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhZGEifQ.c2lnbmF0dXJl'
const claims: Claims[] = [
  { sub: 'ada', exp: 1 },
  { sub: 'bob', exp: 2 },
]

const requestHeaders = fc
  .tuple(fc.constantFrom('a', 'b'), fc.constantFrom(token, `${token}2`, 'Basic YTpzZWNyZXRzZWNyZXQ='), fc.nat(5))
  .map(([host, authorization, trace]) => ['Host', host, 'Authorization', authorization, 'X-Trace', `trace-${trace}`])

const responseHeaders = fc
  .tuple(fc.constantFrom('text/plain', 'application/json'), fc.nat(9), fc.boolean(), fc.constantFrom('', token))
  .map(([type, left, cookie, echo]) => [
    'Content-Type',
    type,
    'RateLimit',
    `r=${left}`,
    'X-Echo',
    `"${echo}"`,
    ...(cookie ? ['Set-Cookie', `session=verysecret-${left}`] : []),
  ])

const step = fc
  .record({
    left: fc.nat(5),
    learned: fc.constantFrom('nothing', 'claims', 'carried', 'other'),
    header: fc.constantFrom('r=1', 'r=2', 'else', undefined),
    evidence: fc.constantFrom('none', 'state', 'claim'),
  })
  .map(({ left, learned, header, evidence }): TraceEntry => {
    const position = { file: 'gatehouse.yaml', line: 3, column: 5 }
    const entry: TraceEntry = {
      policy: 'workspace/limit',
      type: 'rate-limiting',
      phase: 'requestHeaders',
      verdict: 'pass',
      mode: 'enforce',
      at: left,
      micros: left / 10,
      now: 1_763_780_000_000,
      sequence: left,
      position,
    }
    if (evidence === 'state')
      entry.evidence = [{ at: { in: 'state' }, observed: left, expected: 'at most 5', detail: { by: 'ip', left } }]
    if (evidence === 'claim') entry.evidence = [{ at: { in: 'claim', name: 'iss' }, observed: left, detail: { left } }]
    if (header !== undefined) entry.changes = [{ kind: 'set-header', name: 'RateLimit', value: header }]
    if (learned === 'claims') entry.learned = { claims: claims[0]! }
    if (learned === 'other') entry.learned = { claims: claims[1]!, consumer: { name: 'bob', groups: ['x'] } }
    if (learned === 'carried') entry.learned = { carried: { left, by: 'ip', more: left % 2 === 0 } }
    return entry
  })

const records = fc
  .record({
    requestHeaders,
    responseHeaders,
    upstreamHeaders: fc.option(responseHeaders),
    trace: fc.array(step, { minLength: 1, maxLength: 2 }),
    claims: fc.option(fc.constantFrom(...claims)),
    query: fc.constantFrom('', 'page=1', `access_token=${token}`),
    target: fc.constantFrom(undefined, '', '/books/1', '/books/1?page=1', 'http://a/books/1'),
    upstream: fc.constantFrom('/books/1', '/books/1', '/books/1?page=1', '/other', undefined),
    status: fc.constantFrom(200, 200, 200, 429),
    consumer: fc.constantFrom(undefined, undefined, { name: 'ada', groups: [] }, { name: 'ada', groups: ['x'] }),
    content: fc.constantFrom(undefined, '', 'hello', '{"password":"verysecretvalue"}', 'x'.repeat(3000)),
    sealed: fc.constantFrom(
      [],
      [{ in: 'header', name: 'x-trace' } as const],
      [{ in: 'body', of: 'response', pointer: '' } as const],
    ),
  })
  .map((drawn): ExchangeRecord => {
    const bodyOf = drawn.content === undefined ? {} : { body: body(drawn.content) }
    const { query, target, upstream, status } = drawn
    const first = request({ query, headers: drawn.requestHeaders })
    return record({
      request: { ...first, target: target ?? first.target, ...bodyOf },
      response: response({ status, headers: drawn.responseHeaders, ...bodyOf }),
      ...(drawn.upstreamHeaders && { upstreamResponse: response({ headers: drawn.upstreamHeaders, ...bodyOf }) }),
      ...(upstream !== undefined && {
        route: { id: 'books', api: 'shop', template: '/books/{id}', parameters: { id: '1' }, upstreamPath: '/books/1' },
        upstream: { name: 'origin', url: `http://127.0.0.1:9001/v1${upstream}` },
      }),
      ...(drawn.consumer && { consumer: drawn.consumer }),
      ...(drawn.claims && { claims: drawn.claims }),
      trace: drawn.trace,
      status,
      sealed: drawn.sealed,
    })
  })

test('what came before changes nothing of what is read back', () => {
  fc.assert(
    fc.property(fc.array(records, { minLength: 2, maxLength: 60, size: 'max' }), fc.nat(12), (all, cut) => {
      const together = temporaryFolder()
      const apart = temporaryFolder()
      const goingOn = new BatchEncoder({ goesOn: true })
      const writers = [together, apart].map((folder) => new CaptureWriter(folder, testKey, settings))
      for (const [at, each] of all.entries()) {
        goingOn.add(each, true)
        if (at % (cut + 1) === cut) writers[0]!.write(goingOn.take())
        const alone = new BatchEncoder()
        alone.add(each, true)
        writers[1]!.write(alone.take())
      }
      writers[0]!.write(goingOn.take())
      for (const writer of writers) writer.close()
      const [one, other] = [captures(together), captures(apart)]
      for (const { id, request: sent, response: got, upstream, upstreamResponse, trace } of all) {
        for (const secrets of ['open', 'sealed'] as const) {
          expect(one.get(id, { secrets })).toEqual(other.get(id, { secrets }))
        }
        const read = one.get(id)!
        expect(read.request.headers).toEqual(sent.headers)
        expect(read.request.target).toBe(sent.target)
        expect(read.response!.headers).toEqual(got!.headers)
        expect(read.upstreamResponse?.headers).toEqual(upstreamResponse?.headers)
        expect(read.upstream).toEqual(upstream)
        expect(read.trace).toEqual(trace)
      }
    }),
    { numRuns: 3 },
  )
})

test('a header list is told in full once, then as what is otherwise, then by its number', () => {
  const encoder = new BatchEncoder({ goesOn: true })
  const batchOf = (left: number) => {
    encoder.add(record({ response: response({ headers: ['Date', 'today', 'RateLimit', `r=${left}`] }) }), true)
    const { texts, changes } = encoder.take()
    return { lists: texts.filter((text) => text.includes('RateLimit')), changes }
  }
  expect(batchOf(9)).toEqual({ lists: ['["Date","today","RateLimit","r=9"]'], changes: [] })
  expect(batchOf(8)).toEqual({ lists: [], changes: [3, 'r=8'] })
  expect(batchOf(7)).toEqual({ lists: [], changes: [3, 'r=7'] })
  expect(batchOf(8)).toEqual({ lists: ['["Date","today","RateLimit","r=8"]'], changes: [] })
  expect(batchOf(8)).toEqual({ lists: [], changes: [] })
})

test('an equal body crosses to the store twice at most', () => {
  const encoder = new BatchEncoder({ goesOn: true })
  const bytes = Array.from({ length: 5 }, () => {
    encoder.add(record({ response: response({ body: body('the same again') }) }), true)
    return encoder.take().bytes.byteLength
  })
  expect(bytes).toEqual([14, 14, 0, 0, 0])
})

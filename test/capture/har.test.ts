import { gzipSync } from 'node:zlib'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import type { ExchangeRecord } from '../../gateway-core/capture/record.ts'
import { exportHar, type HarProblem, importHar, readHar } from '../../gateway-core/capture/har.ts'
import { HarError } from '../../gateway-core/capture/har-split.ts'
import { body, captures, record, request, response, settings, temporaryFolder, testKey, write } from './records.ts'

const exchanges = (): ExchangeRecord[] => [
  record({
    request: request({
      method: 'POST',
      path: '/login',
      query: 'next=%2Fa&api_key=verysecretkey',
      headers: ['Host', 'a', 'Cookie', 'sid=verysecretcookie', 'Authorization', 'Bearer verysecretbearer'],
      body: body('{"password":"verysecretpassword","otp":73938272}'),
    }),
    response: response({
      headers: ['Content-Type', 'application/json', 'Content-Encoding', 'gzip'],
      body: body(gzipSync('{"hello":"wörld"}')),
    }),
    trace: [
      {
        policy: 'workspace/cors',
        type: 'cors',
        phase: 'requestHeaders',
        verdict: 'pass',
        mode: 'enforce',
        evidence: [{ at: { in: 'client' }, observed: '127.0.0.1' }],
        at: 1,
        micros: 2,
        now: 1_763_780_000_000,
        sequence: 9,
        position: { file: 'gatehouse.yaml', line: 1, column: 2 },
      },
    ],
    facts: [{ key: 'random|split', answer: { value: 0.5 } }],
    peer: { address: '10.0.0.1', port: 9, certificates: [Buffer.from([1, 2, 3])] },
    forwarded: request({ headers: ['X-Added', '1'], body: body('changed') }),
    upstreamResponse: response({ body: body(Buffer.from([0, 255])) }),
    claims: { sub: 'alice' },
    sealed: [{ in: 'header', name: 'authorization' }],
  }),
  record({ response: response({ body: body(Buffer.from([0, 1, 255, 254])) }), verdict: 'deny', code: 'IP_DENIED' }),
  record({
    response: undefined,
    status: 0,
    verdict: 'aborted',
    request: request({ target: 'http://a/x', path: '/x' }),
  }),
  record({
    verdict: 'refused',
    code: 'AMBIGUOUS_PATH',
    request: request({ method: '', authority: '', target: '', path: '', query: '' }),
  }),
  record({ response: response({ body: body('x'.repeat(10), { length: 99, truncated: true, sha256: 'ab' }) }) }),
]

async function read(har: string | Uint8Array, chunk = 7, problems: HarProblem[] = []): Promise<ExchangeRecord[]> {
  const bytes = typeof har === 'string' ? Buffer.from(har) : har
  const chunks = Array.from({ length: Math.ceil(bytes.length / chunk) }, (_, at) =>
    bytes.subarray(at * chunk, (at + 1) * chunk),
  )
  const records: ExchangeRecord[] = []
  const options = { bodyBytes: 1000, now: 5, onProblem: (problem: HarProblem) => problems.push(problem) }
  for await (const each of readHar(chunks, options)) records.push(each)
  return records
}

const bare = (value: unknown) => {
  const { order: _order, secrets: _secrets, ...rest } = JSON.parse(JSON.stringify(value)) as Record<string, unknown>
  return rest
}

test('what is exported and imported again is the same exchange, with markers for its secrets', async () => {
  const folder = temporaryFolder()
  const all = exchanges()
  write(folder, all)
  const source = captures(folder)
  const har = [...exportHar(source)].join('')
  expect(har).not.toMatch(/verysecret|73938272/)
  const document = JSON.parse(har) as { log: { version: string; entries: { request: { url: string } }[] } }
  expect(document.log.version).toBe('1.2')
  expect(document.log.entries).toHaveLength(all.length)

  const other = temporaryFolder()
  const result = await importHar({ folder: other, key: testKey, settings, source: [Buffer.from(har)] })
  expect(result).toEqual({ imported: all.length, skipped: 0 })
  const target = captures(other)
  for (const { id } of all) {
    expect(bare(target.get(id, { secrets: 'sealed' }))).toEqual(bare(source.get(id, { secrets: 'sealed' })))
  }
  expect([...exportHar(target)].join('')).toBe(har)
})

test('the query decides what is exported', () => {
  const folder = temporaryFolder()
  write(folder, exchanges())
  const har = JSON.parse([...exportHar(captures(folder), { query: 'verdict:deny' })].join('')) as {
    log: { entries: unknown[] }
  }
  expect(har.log.entries).toHaveLength(1)
})

const foreign = (entry: object, more = '') => `\ufeff{"log": {"version": "1.2", "pages": [{"id": "{[\\""}], "creator":
  {"name": "x", "entries": [1, {"a": "]"}]}, "entries" : [ ${JSON.stringify(entry)}${more} ] , "comment": "\\\\"} }`
const chrome = {
  startedDateTime: '2025-11-22T12:00:00.000Z',
  time: 12.5,
  request: {
    method: 'GET',
    url: 'https://example.com:8443/a%20b?x=1&token=verysecretvalue#fragment',
    httpVersion: 'h2',
    headers: [
      { name: ':authority', value: 'example.com' },
      { name: ':method', value: 'GET' },
      { name: 'accept', value: '*/*' },
    ],
  },
  response: {
    status: 200,
    statusText: '',
    httpVersion: 'h2',
    headers: [{ name: 'content-encoding', value: 'br' }],
    content: { size: 5, mimeType: 'text/html', text: 'aGVsbG8=', encoding: 'base64' },
    _transferSize: 100,
  },
}

test('a browser’s entry: pseudo headers go, decoded content stays readable, nothing is invented', async () => {
  const [entry] = await read(foreign(chrome))
  expect(entry).toMatchObject({
    startedAt: Date.parse('2025-11-22T12:00:00Z'),
    durationMicros: 12_500,
    listener: 'none',
    verdict: 'pass',
    status: 200,
    trace: [],
    facts: [],
    request: {
      scheme: 'https',
      authority: 'example.com:8443',
      path: '/a%20b',
      query: 'x=1&token=verysecretvalue',
      httpVersion: '2',
      headers: ['accept', '*/*'],
    },
    response: { headers: ['content-encoding', 'br'], body: { length: 5, truncated: false, decoded: true } },
  })
  expect(Buffer.from(entry!.response!.body!.bytes).toString()).toBe('hello')
  const folder = temporaryFolder()
  write(folder, [entry!])
  const found = captures(folder)
  expect(found.list({ query: 'resp.body:hello' })).toHaveLength(1)
  expect(found.get(entry!.id)!.response!.body).toMatchObject({ decoded: true, length: 5 })
  expect(found.get(entry!.id, { secrets: 'sealed' })!.request.query).toMatch(/^x=1&token=⟦sealed/)
})

const quirks: [string, object, object][] = [
  [
    'status 0',
    { response: { status: 0, _error: 'net::ERR_FAILED' } },
    { status: 0, verdict: 'failed', error: 'net::ERR_FAILED' },
  ],
  ['no response', { response: undefined }, { status: 0, verdict: 'failed' }],
  ['no time', { startedDateTime: 'yesterday', time: null }, { startedAt: 5, durationMicros: 0 }],
  ['time -1', { time: -1 }, { durationMicros: 0 }],
  ['headers null', { request: { ...chrome.request, headers: null } }, { request: { headers: [] } }],
  [
    'a header without a value',
    { request: { ...chrome.request, headers: [{ name: 'a' }, 7, null] } },
    { request: { headers: ['a', ''] } },
  ],
  [
    'form parameters without text',
    {
      request: {
        ...chrome.request,
        postData: { mimeType: 'application/x-www-form-urlencoded', params: [{ name: 'a', value: '1' }, { name: 'b' }] },
      },
    },
    { request: { body: { length: 6 } } },
  ],
  [
    'a huge body',
    { response: { ...chrome.response, content: { text: 'é'.repeat(5000) } } },
    { response: { body: { length: 10_000, truncated: true } } },
  ],
  [
    'base64 that is none',
    { response: { ...chrome.response, content: { text: '%%%', encoding: 'base64' } } },
    { response: { body: { length: 0 } } },
  ],
  ['an extension of somebody else', { _gatehouse: { format: 1, exchange: { id: 7 } } }, { trace: [], revision: 'har' }],
]

test.each(quirks)('tolerated: %s', async (_name, changes, expected) => {
  expect(await read(foreign({ ...chrome, ...changes }))).toMatchObject([expected])
})

test('entries that are no HTTP exchange are left out and told', async () => {
  const bad = [{}, { request: { method: 'GET', url: 'ws://x' } }, { request: { method: 'G T', url: 'http://x' } }]
  const problems: HarProblem[] = []
  const records = await read(foreign(chrome, `, ${bad.map((each) => JSON.stringify(each)).join(',')}`), 3, problems)
  expect(records).toHaveLength(1)
  expect(problems).toEqual([
    { entry: 1, message: 'request.method is missing or malformed' },
    { entry: 2, message: 'request.url is no HTTP address: "ws://x"' },
    { entry: 3, message: 'request.method is missing or malformed' },
  ])
})

const malformed: [string, RegExp, number][] = [
  ['', /no list log.entries/, 0],
  ['[]', /one JSON object/, 0],
  ['hello', /one JSON object/, 0],
  ['{"log":{}}', /no list log.entries/, 10],
  ['{"log":{"entries":[', /ends in the middle/, 19],
  ['{"log":{"entries":[{"a":1}', /ends in the middle/, 26],
  ['{"log":{"entries":[1]}}', /entry has to be an object/, 19],
  ['{"log":{"entries":[[]]}}', /entry has to be an object/, 19],
  ['{"log":{"entries":[{"é":x}]}}', /entry 0 is not JSON/, 25],
  ['{"log":{"entries":[]}} more', /one JSON object/, 23],
]

test.each(malformed)('malformed: %s', async (har, message, offset) => {
  const error = await read(har, 4).then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  expect(error).toBeInstanceOf(HarError)
  expect((error as HarError).message).toMatch(message)
  expect((error as HarError).offset).toBe(offset)
})

test('any JSON entry at all gives a record or a problem, wherever the chunks are cut', async () => {
  await fc.assert(
    fc.asyncProperty(fc.jsonValue({ maxDepth: 4 }), fc.integer({ min: 1, max: 40 }), async (value, chunk) => {
      const entry = { ...chrome, ...(value as object), x: value }
      const odd = {
        request: { ...chrome.request, headers: value, postData: value },
        response: value,
        _gatehouse: value,
      }
      const problems: HarProblem[] = []
      const records = await read(foreign(entry, `,${JSON.stringify(odd)}`), chunk, problems)
      expect(records.length + problems.length).toBe(2)
    }),
    { numRuns: 200 },
  )
})

test.each<[string, object, object]>([
  [
    'the dots of a target stay, they may be what it is about',
    { request: { method: 'GET', url: 'http://a.example/x/../%2e%2e/admin?q=1#f', headers: [] } },
    { request: { target: '/x/../%2e%2e/admin?q=1', query: 'q=1' } },
  ],
  [
    'a target that could not travel is encoded',
    { request: { method: 'GET', url: 'http://a.example/a b/é', headers: [] } },
    { request: { target: '/a%20b/%C3%A9' } },
  ],
  [
    'numbers as texts',
    { time: '12', response: { status: '201', headers: [] } },
    { status: 201, verdict: 'pass', durationMicros: 12_000 },
  ],
  [
    'several fields in one text',
    { response: { status: 200, headers: [{ name: 'set-cookie', value: 'a=1\nb=2' }] } },
    { response: { headers: ['set-cookie', 'a=1', 'set-cookie', 'b=2'] } },
  ],
  [
    'form fields as they read, and as they travelled',
    {
      request: {
        method: 'POST',
        url: 'http://a.example/',
        headers: [],
        postData: {
          mimeType: 'application/x-www-form-urlencoded',
          params: [
            { name: 'a&b', value: 'c d' },
            { name: 'e', value: '%20+f' },
          ],
        },
      },
    },
    { request: { body: { length: 'a%26b=c+d&e=%20+f'.length, bytes: Buffer.from('a%26b=c+d&e=%20+f') } } },
  ],
])('of other tools: %s', async (_, entry, record) => {
  const [read1] = await read(foreign({ ...chrome, ...entry }))
  expect(read1).toMatchObject(record)
})

test('a file that ends too early says what was taken in', async () => {
  const whole = foreign(chrome, `,${JSON.stringify(chrome)}`)
  const source = [Buffer.from(whole.slice(0, whole.lastIndexOf('content-encoding')))]
  const folder = temporaryFolder()
  await expect(importHar({ folder, key: testKey, settings, source })).rejects.toThrow(
    /; what came before it was imported: 1$/,
  )
  expect(captures(folder).stats().exchanges).toBe(1)
})
